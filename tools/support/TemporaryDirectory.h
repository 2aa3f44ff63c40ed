//===- TemporaryDirectory.h - A directory that is gone at the end ---------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A fresh directory for files that are of no use to anyone later.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_TEMPORARYDIRECTORY_H
#define ATTNJIT_TOOLS_SUPPORT_TEMPORARYDIRECTORY_H

#include "attnjit/Support/Error.h"

#include <filesystem>
#include <utility>

namespace attnjit::tool {

/// Owns a directory that only this user may enter, and removes it with all
/// that is in it. Movable.
class TemporaryDirectory {
public:
  /// Below the system's directory for such; an Error of kind Environment
  /// where it cannot be made.
  static Expected<TemporaryDirectory> create();

  TemporaryDirectory(TemporaryDirectory &&other) noexcept
      : directory(std::exchange(other.directory, {})) {}
  TemporaryDirectory &operator=(TemporaryDirectory &&) = delete;
  ~TemporaryDirectory();

  const std::filesystem::path &path() const { return directory; }

private:
  explicit TemporaryDirectory(std::filesystem::path path)
      : directory(std::move(path)) {}
  std::filesystem::path directory;
};

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_TEMPORARYDIRECTORY_H
