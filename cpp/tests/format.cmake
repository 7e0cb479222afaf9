# Checks (or with -DIN_PLACE=ON repairs) the formatting of every C and C++ file: cmake -DCLANG_FORMAT=.. -DROOT=.. -P
file(GLOB_RECURSE files ${ROOT}/cuda/*.cu ${ROOT}/cuda/*.cuh ${ROOT}/cpp/*.cc ${ROOT}/cpp/*.c ${ROOT}/cpp/*.h ${ROOT}/cpp/*.hpp
  ${ROOT}/bench/native/*.cc ${ROOT}/bench/native/*.h)
if(IN_PLACE)
  set(mode -i)
else()
  set(mode --dry-run -Werror)
endif()
execute_process(COMMAND ${CLANG_FORMAT} ${mode} --style=file ${files} RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "Formatting differs from .clang-format: build the target 'format' to repair it")
endif()
