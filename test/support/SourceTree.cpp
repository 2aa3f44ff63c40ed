//===- SourceTree.cpp - Files of the repository ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SourceTree.h"

#include <cstdlib>

using namespace attnjit;

std::filesystem::path test::sourcePath(const std::filesystem::path &path) {
  const char *elsewhere = std::getenv("ATTNJIT_SOURCE_DIR");
  return std::filesystem::path(elsewhere ? elsewhere : ATTNJIT_BUILT_FROM) /
         path;
}
