# Functions that every CMakeLists.txt of the project uses.

# Warnings, include paths and sanitizers, as an interface library.
add_library(attnjit_flags INTERFACE)
target_include_directories(attnjit_flags INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
  $<BUILD_INTERFACE:${PROJECT_BINARY_DIR}/include>)
# libstdc++ 12's stable_sort uses what libstdc++ 12 deprecates.
target_compile_options(attnjit_flags INTERFACE
  -Wall -Wextra -Wno-unused-parameter -Wno-deprecated-declarations
  $<$<BOOL:${ATTNJIT_WERROR}>:-Werror>)
# The build id of the compiler's binary is part of cache keys: what another
# build stored is never executed by this one.
target_link_options(attnjit_flags INTERFACE LINKER:--build-id=sha1)
if(ATTNJIT_SANITIZE)
  target_compile_options(attnjit_flags INTERFACE
    -fsanitize=${ATTNJIT_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(attnjit_flags INTERFACE -fsanitize=${ATTNJIT_SANITIZE})
  # Without RTTI in LLVM there is nothing to check a vptr by, and compiled
  # kernels carry no function types.
  if(ATTNJIT_SANITIZE MATCHES "undefined")
    target_compile_options(attnjit_flags INTERFACE -fno-sanitize=vptr,function)
  endif()
endif()

# attnjit_add_library(NAME SOURCES... [DEPENDS LIBS...])
# One component: a static library of one folder of lib/. DEPENDS holds the
# floors table: a component links only what stands below it.
function(attnjit_add_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PUBLIC attnjit_flags ${ARG_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY ATTNJIT_COMPONENTS ${name})
endfunction()

# As above, for components that include MLIR or LLVM headers: system includes,
# LLVM's flags, and the shared precompiled header.
function(attnjit_add_mlir_library name)
  attnjit_add_library(${name} ${ARGN})
  attnjit_use_mlir(${name})
endfunction()

# What every target that includes MLIR or LLVM headers compiles with. LLVM is
# built without RTTI, so code that derives from its classes is too. -fPIC also
# for executables: a precompiled header serves one set of flags.
function(attnjit_mlir_compile_options name)
  target_include_directories(${name} SYSTEM PUBLIC
    ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  separate_arguments(definitions NATIVE_COMMAND ${LLVM_DEFINITIONS})
  target_compile_definitions(${name} PRIVATE ${definitions})
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fno-rtti -fPIC)
endfunction()

# MLIR's headers parsed once for the whole project (a dialect file compiles in
# a fraction of a second instead of five), in a library that nothing links.
function(attnjit_add_mlir_precompiled_header)
  set(source ${PROJECT_BINARY_DIR}/MlirPrecompiled.cpp)
  file(CONFIGURE OUTPUT ${source} CONTENT "// Carries the precompiled header.")
  add_library(AttnJITMlirPrecompiled OBJECT ${source})
  target_link_libraries(AttnJITMlirPrecompiled PRIVATE attnjit_flags)
  attnjit_mlir_compile_options(AttnJITMlirPrecompiled)
  target_precompile_headers(AttnJITMlirPrecompiled PRIVATE
    ${PROJECT_SOURCE_DIR}/cmake/MlirPrecompiled.h)
  # Without it ccache sees a new header at every build.
  target_compile_options(AttnJITMlirPrecompiled PRIVATE
    $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
endfunction()

# attnjit_use_mlir(NAME)
# For a library or an executable that includes MLIR or LLVM headers.
function(attnjit_use_mlir name)
  if(NOT TARGET AttnJITMlirPrecompiled)
    attnjit_add_mlir_precompiled_header()
  endif()
  attnjit_mlir_compile_options(${name})
  target_precompile_headers(${name} REUSE_FROM AttnJITMlirPrecompiled)
  target_link_libraries(${name} PUBLIC attnjit_llvm)
endfunction()

# attnjit_bundle(NAME)
# A program that `tools/dev bundle` packs.
function(attnjit_bundle name)
  set_property(GLOBAL APPEND PROPERTY ATTNJIT_BUNDLED ${name})
endfunction()

# attnjit_add_unit_test(NAME SOURCES... DEPENDS LIBS... [LABELS ...]
#                       [NOT_BUNDLED])
# A GoogleTest binary, each of its tests known to ctest.
function(attnjit_add_unit_test name)
  cmake_parse_arguments(ARG "NOT_BUNDLED" "TIMEOUT" "DEPENDS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE attnjit_flags ${ARG_DEPENDS}
                        GTest::gtest GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "unit;${ARG_LABELS}"
                       TIMEOUT ${ARG_TIMEOUT})
  if(NOT ARG_NOT_BUNDLED)
    attnjit_bundle(${name})
  endif()
endfunction()
