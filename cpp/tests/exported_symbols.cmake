# Fails when LIBRARY exports anything that does not match the regular expression SYMBOLS, or nothing at all.
execute_process(COMMAND ${NM} -D --defined-only --format=posix ${LIBRARY} OUTPUT_VARIABLE table
  COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[^\n]+" lines "${table}")
set(count 0)
foreach(line IN LISTS lines)
  if(NOT line MATCHES "${SYMBOLS}")
    message(SEND_ERROR "${LIBRARY} exports a symbol that is not of its C ABI: ${line}")
  endif()
  math(EXPR count "${count} + 1")
endforeach()
if(count EQUAL 0)
  message(FATAL_ERROR "${LIBRARY} exports no symbol: are its symbols visible?")
endif()
