cmake_minimum_required(VERSION 3.25)
# cmake -DSOURCE=dir -DOUTPUT=commit.h -P WriteCommit.cmake: the commit that is
# built, "-dirty" when files differ from it; rewritten only when it changes, so
# that nothing is compiled in vain.
execute_process(
  COMMAND git -C ${SOURCE} describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE commit
  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${OUTPUT}
     CONTENT "#pragma once\n#define TIEPOINT_COMMIT \"@commit@\"\n" @ONLY)
