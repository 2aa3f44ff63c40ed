//===- ReadFile.h - Whole files into memory -------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads text files and standard input, up to a limit.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_READFILE_H
#define ATTNJIT_TOOLS_SUPPORT_READFILE_H

#include "attnjit/Support/Error.h"
#include "attnjit/Support/FileDescriptor.h"

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>

namespace attnjit::tool {

/// The Error of a file that cannot be opened or read.
tl::unexpected<Error> failRead(const std::filesystem::path &file, int code);

/// Reads until `bytes` is full or the file ends; gives the count, or an Error
/// that names `file`.
Expected<size_t> readFully(int fd, std::span<std::byte> bytes,
                           const std::filesystem::path &file);

/// The contents of `file`, or of standard input where it is "-"; no more than
/// `limitBytes` of them.
Expected<std::string> readText(const std::filesystem::path &file,
                               size_t limitBytes);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_READFILE_H
