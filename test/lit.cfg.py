# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""FileCheck tests: every .mlir and .test file below test/ with a RUN line.

`.mlir` files drive attn-opt, `.test` files the attn-jit tool. The site file in
the build tree says where the binaries are.
"""

import lit.formats
from lit.llvm import llvm_config

config.name = "attn-jit"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["Inputs", "unit", "install"]
config.test_source_root = config.attnjit_test_dir
config.test_exec_root = config.attnjit_binary_dir + "/test"

llvm_config.use_default_substitutions()
llvm_config.add_tool_substitutions(
    ["attn-opt", "attn-jit"], [config.attnjit_tools_dir]
)
llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)

# No test meets a cache that another run left.
llvm_config.with_environment(
    "ATTNJIT_CACHE_DIR", config.attnjit_binary_dir + "/test/lit-cache"
)
