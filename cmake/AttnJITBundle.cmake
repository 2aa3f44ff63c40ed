# What `tools/dev bundle` packs: with ATTNJIT_STATIC,
#   cmake --build BUILD --target bundled
#   cmake --install BUILD --component bundle --strip --prefix DIR
# copies the tool, the test programs and the benchmarks with all shared
# libraries that they need but libc's own, and the files that they read.

get_property(programs GLOBAL PROPERTY ATTNJIT_BUNDLED)
add_custom_target(bundled DEPENDS ${programs})
install(TARGETS ${programs} RUNTIME_DEPENDENCY_SET attnjit_dependencies
  RUNTIME DESTINATION bin COMPONENT bundle EXCLUDE_FROM_ALL)
install(TARGETS attnjit RUNTIME_DEPENDENCY_SET attnjit_dependencies
  LIBRARY DESTINATION lib COMPONENT bundle EXCLUDE_FROM_ALL NAMELINK_SKIP)
# libc, libm and the loader belong to the machine.
install(RUNTIME_DEPENDENCY_SET attnjit_dependencies
  PRE_EXCLUDE_REGEXES "^lib(c|m|dl|pthread|rt|resolv)\\.so" "^ld-linux"
                      "^libattnjit"
  LIBRARY DESTINATION lib COMPONENT bundle EXCLUDE_FROM_ALL)

install(PROGRAMS tools/bundle/cpu-check tools/bundle/gpu-check
  DESTINATION . COMPONENT bundle EXCLUDE_FROM_ALL)
install(FILES tools/bundle/README.md LICENSE
  DESTINATION . COMPONENT bundle EXCLUDE_FROM_ALL)
install(FILES tools/bench/gpu_peers.py
  ${PROJECT_BINARY_DIR}/share/golden-instructions.json
  DESTINATION share COMPONENT bundle EXCLUDE_FROM_ALL)
# What tests read, see test/support/SourceTree.h.
foreach(folder docs include/attnjit/Mods lib/Mods/texts test/Text
        test/unit/Mods)
  install(DIRECTORY ${folder}/ DESTINATION source/${folder}
    COMPONENT bundle EXCLUDE_FROM_ALL)
endforeach()
