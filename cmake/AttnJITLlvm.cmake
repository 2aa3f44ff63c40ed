# attnjit_llvm: what links LLVM and MLIR, as an interface library. The package's
# shared objects, or with ATTNJIT_STATIC its archives; of these a binary takes
# what it refers to: of LLVM's twenty targets those that it initialises.

add_library(attnjit_llvm INTERFACE)

# attnjit_archives(VARIABLE TARGET...): files of the static libraries among
# imported targets. By file: the targets themselves would bring libLLVM.so. Not
# all that a package's list names is in it.
function(attnjit_archives variable)
  set(archives)
  foreach(library IN LISTS ARGN)
    if(TARGET ${library})
      get_target_property(file ${library} LOCATION)
      if(file MATCHES "\\.a$" AND EXISTS ${file})
        list(APPEND archives ${file})
      endif()
    endif()
  endforeach()
  set(${variable} ${archives} PARENT_SCOPE)
endfunction()

if(ATTNJIT_STATIC)
  get_property(mlir_libraries GLOBAL PROPERTY MLIR_ALL_LIBS)
  # A second interface to MLIR, and tests of the package.
  list(FILTER mlir_libraries EXCLUDE REGEX "CAPI|Test")
  attnjit_archives(mlir_archives ${mlir_libraries})
  attnjit_archives(llvm_archives ${LLVM_AVAILABLE_LIBS})
  find_package(ZLIB REQUIRED)
  find_package(Threads REQUIRED)
  find_library(ATTNJIT_ZSTD zstd REQUIRED)
  target_link_libraries(attnjit_llvm INTERFACE
    ${mlir_archives} ${llvm_archives}
    ZLIB::ZLIB ${ATTNJIT_ZSTD} Threads::Threads ${CMAKE_DL_LIBS})
  # What nothing refers to is dropped; what comes from archives is no symbol of
  # the shared library.
  target_link_options(attnjit_llvm INTERFACE
    LINKER:--gc-sections LINKER:--exclude-libs=ALL)
else()
  target_link_libraries(attnjit_llvm INTERFACE MLIR LLVM)
endif()
