//===- TemporaryDirectory.cpp - A directory that is gone at the end -------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/TemporaryDirectory.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

using namespace attnjit;
using namespace attnjit::tool;

namespace fs = std::filesystem;

Expected<TemporaryDirectory> TemporaryDirectory::create() {
  std::error_code error;
  const fs::path parent = fs::temp_directory_path(error);
  std::string path = (parent / "attn-jit-XXXXXX").native();
  if (error || !::mkdtemp(path.data()))
    return fail(ErrorKind::Environment,
                fmt::format("cannot create `{}`: {}", path,
                            error ? error.message()
                                  : std::generic_category().message(errno)));
  return TemporaryDirectory(path);
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  if (!directory.empty())
    fs::remove_all(directory, ignored);
}
