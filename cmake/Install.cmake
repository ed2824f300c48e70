# cmake --install: the program with its weights and manual, and the library for
# find_package(tiepoint). scripts/package makes two Debian packages of them,
# tiepoint and libtiepoint-dev.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(TIEPOINT_LIBRARIES
    base report image network features matching geometry correspondence io
    pipeline opencv)
set(config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/tiepoint)
foreach(layer ${TIEPOINT_LIBRARIES})
  set_target_properties(tiepoint_${layer} PROPERTIES EXPORT_NAME ${layer})
  install(TARGETS tiepoint_${layer} EXPORT tiepointTargets
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
endforeach()
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME program)
install(TARGETS tiepoint RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
# The manual and the completion of shells, which the program writes itself.
set(manual ${PROJECT_BINARY_DIR}/manual)
add_custom_command(
  OUTPUT ${manual}/made
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${manual}
  COMMAND ${CMAKE_COMMAND} -E env --unset=XDG_CACHE_HOME $<TARGET_FILE:tiepoint>
          manual -o ${manual}/man1
  COMMAND gzip -9n ${manual}/man1/*.1
  COMMAND tiepoint completion bash > ${manual}/tiepoint
  COMMAND tiepoint completion zsh > ${manual}/_tiepoint
  COMMAND tiepoint completion fish > ${manual}/tiepoint.fish
  COMMAND ${CMAKE_COMMAND} -E touch ${manual}/made
  DEPENDS tiepoint
  COMMENT "Manual pages and completion of shells")
add_custom_target(tiepoint_manual ALL DEPENDS ${manual}/made)
install(DIRECTORY ${manual}/man1 DESTINATION ${CMAKE_INSTALL_MANDIR})
install(FILES ${manual}/tiepoint
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${manual}/tiepoint.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
# Debian's zsh looks here for what packages bring, and in site-functions below
# /usr/local.
install(CODE "set(folder site-functions)
if(CMAKE_INSTALL_PREFIX STREQUAL \"/usr\")
  set(folder vendor-completions)
endif()
file(INSTALL \"${manual}/_tiepoint\" DESTINATION
     \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/zsh/\${folder}\")")

install(DIRECTORY src/tiepoint DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        COMPONENT development FILES_MATCHING PATTERN "*.h"
        PATTERN "onnx" EXCLUDE)
install(DIRECTORY models DESTINATION ${CMAKE_INSTALL_DATADIR}/tiepoint)
# What help and manual name.
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING
        PATTERN "*.md" PATTERN "*.jpg" PATTERN "*.webp"
        PATTERN "experiments.md" EXCLUDE PATTERN "results*.md" EXCLUDE
        PATTERN "docs/site" EXCLUDE)
# As Debian wants it.
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)

set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME development)
install(FILES LICENSE
        DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libtiepoint-dev
        RENAME copyright)
install(EXPORT tiepointTargets NAMESPACE tiepoint:: DESTINATION ${config_dir})
configure_package_config_file(
  cmake/tiepointConfig.cmake.in ${PROJECT_BINARY_DIR}/tiepointConfig.cmake
  INSTALL_DESTINATION ${config_dir}
  PATH_VARS CMAKE_INSTALL_DATADIR)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/tiepointConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
# The libraries under ours are found as they are here.
install(FILES cmake/Dependencies.cmake DESTINATION ${config_dir}
        RENAME tiepointDependencies.cmake)
install(FILES ${PROJECT_BINARY_DIR}/tiepointConfig.cmake
              ${PROJECT_BINARY_DIR}/tiepointConfigVersion.cmake
        DESTINATION ${config_dir})

# For pkg-config: the libraries from the uppermost down. Its prefix is that of
# cmake --install, so it is made then.
set(layers ${TIEPOINT_LIBRARIES})
list(REVERSE layers)
list(TRANSFORM layers PREPEND -ltiepoint_)
list(JOIN layers " " TIEPOINT_PC_LIBRARIES)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY
    "Learned local features, matches and relative pose of photographs")
foreach(name PROJECT_VERSION TIEPOINT_PC_LIBRARIES CMAKE_INSTALL_LIBDIR
             CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_DATADIR
             CPACK_PACKAGE_DESCRIPTION_SUMMARY)
  install(CODE "set(${name} \"${${name}}\")")
endforeach()
install(CODE "configure_file(\"${PROJECT_SOURCE_DIR}/cmake/tiepoint.pc.in\"
  \"${PROJECT_BINARY_DIR}/tiepoint.pc\" @ONLY)")
install(FILES ${PROJECT_BINARY_DIR}/tiepoint.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# What Debian's packages of our dependencies are called is in one place.
function(packages_of group result)
  file(STRINGS ${PROJECT_SOURCE_DIR}/scripts/dependencies lines
       REGEX "^${group} +[^ ]+-dev")
  list(TRANSFORM lines REPLACE "^${group} +([^ ]+).*$" "\\1")
  # Of the program, not of the library.
  list(FILTER lines EXCLUDE REGEX "onnx|protobuf|cli11|httplib")
  list(JOIN lines ", " names)
  set(${result} "${names}" PARENT_SCOPE)
endfunction()
packages_of(inference development_packages)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VENDOR Tiepoint)
set(CPACK_PACKAGE_CONTACT "Tiepoint developers <tiepoint@localhost>")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL program development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENT_PROGRAM_DESCRIPTION
    "Finds the same points in photographs and how the camera moved between
them: detector, orientation, descriptor and the choice among matches are
networks, whose weights are in the package. The program tiepoint.")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
    "The library of the program tiepoint for C++: headers, static libraries,
find_package(tiepoint) and pkg-config.")
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME tiepoint)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SUGGESTS colmap)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libtiepoint-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "tiepoint (= ${PROJECT_VERSION}), ${development_packages}")
include(CPack)
