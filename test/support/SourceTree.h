//===- SourceTree.h - Files of the repository -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where tests find the pages and mods that they read, also on a machine that
// they were not built on.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_SUPPORT_SOURCETREE_H
#define ATTNJIT_TEST_SUPPORT_SOURCETREE_H

#include <filesystem>

namespace attnjit::test {

/// A file or folder by its path in the repository: below ATTNJIT_SOURCE_DIR of
/// the environment, else below where the tests were built.
std::filesystem::path sourcePath(const std::filesystem::path &path);

} // namespace attnjit::test

#endif // ATTNJIT_TEST_SUPPORT_SOURCETREE_H
