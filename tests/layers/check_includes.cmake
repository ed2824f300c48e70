# cmake -DCOMPILER= -DINCLUDES= -DSEES= -DREFUSES= -P check_includes.cmake
# Compiles, with the include directories of one layer, a file that includes one
# header: those of SEES must compile, those of REFUSES must not be found.
list(TRANSFORM INCLUDES PREPEND -I)

function(compile HEADER RESULT ERRORS)
  execute_process(
    COMMAND ${COMPILER} -std=c++20 -fsyntax-only ${INCLUDES} -include ${HEADER}
            -x c++ /dev/null
    RESULT_VARIABLE result
    ERROR_VARIABLE errors)
  set(${RESULT} ${result} PARENT_SCOPE)
  set(${ERRORS} "${errors}" PARENT_SCOPE)
endfunction()

foreach(header ${SEES})
  compile(${header} result errors)
  if(NOT result EQUAL 0)
    message(SEND_ERROR "${header} should compile here:\n${errors}")
  endif()
endforeach()
foreach(header ${REFUSES})
  compile(${header} result errors)
  if(NOT errors MATCHES "${header}: No such file|'${header}' file not found")
    message(SEND_ERROR "${header} belongs to a layer above, but is reached")
  endif()
endforeach()
