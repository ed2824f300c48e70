# Language, warnings, sanitizers, optimisation: one place for every target.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set_property(GLOBAL PROPERTY GLOBAL_DEPENDS_NO_CYCLES ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # What ccache asks for where headers are precompiled (src/training), and that
  # a second clone finds what the first compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

find_package(Threads REQUIRED)

add_library(tiepoint_compiler INTERFACE)
target_compile_options(
  tiepoint_compiler INTERFACE -Wall -Wextra -Wpedantic -Wshadow
                              -Wnon-virtual-dtor -Woverloaded-virtual)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees overlapping copies in std::string where there are none
  # (GCC bug 105651).
  target_compile_options(tiepoint_compiler INTERFACE -Wno-restrict)
endif()
if(TIEPOINT_WARNINGS_AS_ERRORS)
  target_compile_options(tiepoint_compiler INTERFACE -Werror)
endif()
# Lines in backtraces, no more: with all of -g the preset dev takes 4.3 GB.
target_compile_options(tiepoint_compiler
                       INTERFACE $<$<CONFIG:RelWithDebInfo>:-g1>)
if(TIEPOINT_NATIVE)
  target_compile_options(tiepoint_compiler INTERFACE -march=native)
endif()
if(TIEPOINT_SANITIZE)
  target_compile_options(
    tiepoint_compiler INTERFACE -fsanitize=${TIEPOINT_SANITIZE}
                                -fno-sanitize-recover=all
                                -fno-omit-frame-pointer)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC warns of libstdc++'s own <regex> between its checks.
    target_compile_options(tiepoint_compiler
                           INTERFACE -Wno-maybe-uninitialized)
  endif()
  target_link_options(tiepoint_compiler INTERFACE
                      -fsanitize=${TIEPOINT_SANITIZE})
endif()
