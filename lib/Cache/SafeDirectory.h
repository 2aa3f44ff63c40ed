//===- SafeDirectory.h - A directory to execute code from -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a path, gives a descriptor of the directory there, created where
// missing, after every step of the way was found to be under the control of
// the effective user or root alone.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_CACHE_SAFEDIRECTORY_H
#define ATTNJIT_LIB_CACHE_SAFEDIRECTORY_H

#include "attnjit/Support/Error.h"
#include "attnjit/Support/FileDescriptor.h"

#include <filesystem>

namespace attnjit::cache {

/// Opens the directory at the absolute `path`, creating what is missing with
/// mode 0700. An Error of kind Environment where
///  1. a directory on the way is owned by someone else than root or the
///     effective user, or is writable by others without the sticky bit;
///  2. a symbolic link on the way is owned by someone else than those;
///  3. the directory itself is not owned by the effective user, or its mode
///     is not 0700;
///  4. something on the way is no directory, or cannot be opened or created.
/// The message names the path, what it is and what it should be. The result
/// stays the directory that was checked, whatever is renamed later.
Expected<FileDescriptor> openSafeDirectory(const std::filesystem::path &path);

} // namespace attnjit::cache

#endif // ATTNJIT_LIB_CACHE_SAFEDIRECTORY_H
