# Takes BUILD_DIR, EXAMPLE_DIR, WORK_DIR and CXX_COMPILER; fails unless the
# example builds against the installed tree and prints what its output.txt
# holds.

function(run)
  execute_process(COMMAND ${ARGV} RESULT_VARIABLE status
    OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT status EQUAL 0)
    list(JOIN ARGV " " command)
    message(FATAL_ERROR "`${command}` failed (${status}):\n${output}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK_DIR})
set(prefix ${WORK_DIR}/prefix)
run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix})

# An absolute path into the build tree would break the installed package.
file(GLOB_RECURSE packageFiles ${prefix}/lib*/cmake/*)
foreach(file IN LISTS packageFiles)
  file(READ ${file} text)
  string(FIND "${text}" "${BUILD_DIR}" position)
  if(NOT position EQUAL -1)
    message(FATAL_ERROR "${file} names the build tree ${BUILD_DIR}")
  endif()
endforeach()
foreach(folder Dialect Frontend Target)
  if(EXISTS ${prefix}/include/attnjit/${folder})
    message(FATAL_ERROR "the internal headers of ${folder} are installed")
  endif()
endforeach()

run(${CMAKE_COMMAND} -S ${EXAMPLE_DIR} -B ${WORK_DIR}/example
  -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_CXX_COMPILER=${CXX_COMPILER})
run(${CMAKE_COMMAND} --build ${WORK_DIR}/example)

execute_process(
  COMMAND ${CMAKE_COMMAND} -E env ATTNJIT_CACHE_DIR=${WORK_DIR}/cache
          ${WORK_DIR}/example/example
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
file(READ ${EXAMPLE_DIR}/output.txt expected)
if(NOT status EQUAL 0 OR NOT output STREQUAL expected)
  message(FATAL_ERROR "the example ended with ${status} and printed\n"
    "${output}${errors}instead of\n${expected}")
endif()
