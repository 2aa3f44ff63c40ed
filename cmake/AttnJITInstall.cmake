# What `cmake --install` copies: the library, the tool, the public headers and
# a package for find_package(AttnJIT).

include(CMakePackageConfigHelpers)

set(ATTNJIT_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/AttnJIT)

install(TARGETS attnjit EXPORT AttnJITTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS attn-jit RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(EXPORT AttnJITTargets NAMESPACE AttnJIT::
  DESTINATION ${ATTNJIT_PACKAGE_DIR})

# The compiler's inside is no interface.
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/attnjit
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING
  PATTERN "*.h"
  PATTERN "*.def"
  PATTERN "Dialect" EXCLUDE
  PATTERN "Frontend" EXCLUDE
  PATTERN "Target" EXCLUDE)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE
  DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/AttnJITConfig.cmake.in
  ${PROJECT_BINARY_DIR}/AttnJITConfig.cmake
  INSTALL_DESTINATION ${ATTNJIT_PACKAGE_DIR})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/AttnJITConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/AttnJITConfig.cmake
  ${PROJECT_BINARY_DIR}/AttnJITConfigVersion.cmake
  DESTINATION ${ATTNJIT_PACKAGE_DIR})
