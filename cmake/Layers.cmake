# tiepoint_layer(NAME FOLDER f SOURCES ... NEEDS ... LINKS ... TESTS ...)
#
# One static library a layer. Its headers are reached as
# "tiepoint/FOLDER/x.h", through a private include root that holds only this
# layer, so that a layer sees its own headers and those of the layers in NEEDS:
# an upward include does not compile ("no such file").
#   NEEDS   lower layers, part of the interface
#   LINKS   libraries outside Tiepoint that only the sources need
#   EXPOSES libraries outside Tiepoint that the headers include
#   TESTS   GoogleTest sources, one program a layer
function(tiepoint_layer NAME)
  cmake_parse_arguments(ARG "" "FOLDER;PREFIX"
                        "SOURCES;NEEDS;LINKS;EXPOSES;TESTS" ${ARGN})
  if(NOT ARG_PREFIX)
    set(ARG_PREFIX tiepoint/${ARG_FOLDER})
  endif()
  set(root ${PROJECT_BINARY_DIR}/include/${NAME})
  get_filename_component(parent ${root}/${ARG_PREFIX} DIRECTORY)
  file(MAKE_DIRECTORY ${parent})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${ARG_PREFIX} SYMBOLIC)

  add_library(${NAME} STATIC ${ARG_SOURCES})
  target_include_directories(${NAME} PUBLIC $<BUILD_INTERFACE:${root}>
                                            $<INSTALL_INTERFACE:include>)
  target_link_libraries(
    ${NAME}
    PUBLIC ${ARG_NEEDS} ${ARG_EXPOSES}
    PRIVATE ${ARG_LINKS} $<BUILD_INTERFACE:tiepoint_compiler> Threads::Threads)
  if(TIEPOINT_PYTHON AND ARG_PREFIX MATCHES "^tiepoint/")
    # The Python module is a shared library, and exports its entry alone.
    set_target_properties(
      ${NAME} PROPERTIES POSITION_INDEPENDENT_CODE ON
                         CXX_VISIBILITY_PRESET hidden
                         VISIBILITY_INLINES_HIDDEN ON)
  endif()

  if(TIEPOINT_TESTS AND ARG_TESTS)
    add_executable(${NAME}_test ${ARG_TESTS})
    target_link_libraries(
      ${NAME}_test PRIVATE ${NAME} ${ARG_LINKS} tiepoint_compiler GTest::gmock
                           GTest::gtest_main)
    add_test(NAME ${NAME} COMMAND ${NAME}_test)
  endif()
endfunction()
