# cmake -DBUILD= -DSOURCE= -DFOLDER= -P check_install.cmake
# Installs into an empty folder, builds the example against it, runs both. The
# folder is not below that of the build: only there does the program look for
# the weights of its sources.
file(REMOVE_RECURSE ${FOLDER})
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output
                  ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${FOLDER}/prefix)
# The weights are those that were installed, and no others.
unset(ENV{TIEPOINT_MODELS})
set(models ${FOLDER}/prefix/share/tiepoint/models)
file(GLOB installed ${models}/*.safetensors)
if(NOT installed)
  message(FATAL_ERROR "${models} holds no weights")
endif()
run(${FOLDER}/prefix/bin/tiepoint models list)
string(REGEX MATCHALL "[^ \n]*\\.safetensors" paths "${output}")
set(elsewhere ${paths})
list(FILTER elsewhere EXCLUDE REGEX "^${models}/")
if(output MATCHES "not found" OR NOT paths OR elsewhere)
  message(FATAL_ERROR "models list\n${output}")
endif()
file(RENAME ${models} ${models}.away)
run(${FOLDER}/prefix/bin/tiepoint models list)
file(RENAME ${models}.away ${models})
if(output MATCHES "\\.safetensors")
  message(FATAL_ERROR "models list, without weights\n${output}")
endif()
foreach(file man/man1/tiepoint.1.gz man/man1/tiepoint-match.1.gz
             bash-completion/completions/tiepoint
             zsh/site-functions/_tiepoint
             fish/vendor_completions.d/tiepoint.fish
             doc/tiepoint/docs/formats.md)
  if(NOT EXISTS ${FOLDER}/prefix/share/${file})
    message(FATAL_ERROR "share/${file} is not installed")
  endif()
endforeach()
run(${CMAKE_COMMAND} -S ${SOURCE}/examples/match -B ${FOLDER}/build -G Ninja
    -DCMAKE_PREFIX_PATH=${FOLDER}/prefix -DCMAKE_BUILD_TYPE=Release)
run(${CMAKE_COMMAND} --build ${FOLDER}/build)
run(${FOLDER}/build/match_example)
# The same by pkg-config, without CMake.
file(GLOB_RECURSE pc ${FOLDER}/prefix/tiepoint.pc)
get_filename_component(pc_folder ${pc} DIRECTORY)
set(ENV{PKG_CONFIG_PATH} ${pc_folder})
run(sh -c "c++ -std=c++20 -DMODELS=\"\\\"$(pkg-config --variable=models tiepoint)\\\"\" \
  ${SOURCE}/examples/match/main.cc -o ${FOLDER}/by_pkg_config \
  $(pkg-config --cflags --libs tiepoint)")
run(${FOLDER}/by_pkg_config)
file(REMOVE_RECURSE ${FOLDER})
