//===- AtomicFile.h - Whole files, written at once ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writes a file under a temporary name beside its destination and renames it
// into place: readers see the old contents or the new, never a part, and a
// failure leaves the old file as it was.
//
// Nothing is flushed to the medium (no fsync): after a loss of power the file
// may be empty or short. Who reads such a file checks it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_SUPPORT_ATOMICFILE_H
#define ATTNJIT_SUPPORT_ATOMICFILE_H

#include "attnjit/Support/Error.h"

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace attnjit {

/// Every temporary file's name starts with this, so that a sweep finds those
/// that a killed process left.
inline constexpr std::string_view kTemporaryPrefix = ".attnjit-tmp-";

/// Replaces the file `name` in the directory that `directoryFd` is open on.
/// `mode` is what a new file is created with (less the umask). An Error of
/// kind Environment names `name` and what the system said.
Expected<void> writeFileAtomicallyAt(int directoryFd, const std::string &name,
                                     std::span<const std::byte> bytes,
                                     mode_t mode);

/// Replaces `file`, or creates it (0666 less the umask). An existing file's
/// permission bits are kept; where `file` is a symbolic link, what it points
/// to is replaced; where it is no regular file (a terminal, a pipe), the bytes
/// are simply written to it. An Error of kind Environment names `file`.
Expected<void> writeFileAtomically(const std::filesystem::path &file,
                                   std::span<const std::byte> bytes);
/// The same for text.
Expected<void> writeFileAtomically(const std::filesystem::path &file,
                                   std::string_view text);

} // namespace attnjit

#endif // ATTNJIT_SUPPORT_ATOMICFILE_H
