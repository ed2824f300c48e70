# cmake -DBUILD= -DSOURCE= -DFOLDER= -P check_install.cmake
# Installs into an empty folder, builds the example against it, runs both.
file(REMOVE_RECURSE ${FOLDER})
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output
                  ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}\n${output}")
  endif()
endfunction()
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${FOLDER}/prefix)
run(${FOLDER}/prefix/bin/tiepoint models list)
foreach(file man/man1/tiepoint.1.gz man/man1/tiepoint-match.1.gz
             bash-completion/completions/tiepoint
             zsh/site-functions/_tiepoint
             fish/vendor_completions.d/tiepoint.fish)
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
