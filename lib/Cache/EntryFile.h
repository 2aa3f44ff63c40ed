//===- EntryFile.h - Files of a cache directory ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a directory's descriptor and a name, gives the file's bytes where the
// file can be trusted; and what files a directory holds.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_CACHE_ENTRYFILE_H
#define ATTNJIT_LIB_CACHE_ENTRYFILE_H

#include "attnjit/Support/Error.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace attnjit::cache {

/// The whole file, or nothing where there is none. An Error where it is no
/// regular file of the effective user, is writable by others, is larger than
/// any entry, or cannot be read; its message follows the file's name and a
/// colon. Never blocks, whatever kind of file it is.
Expected<std::optional<std::vector<std::byte>>>
readEntryFile(int directoryFd, const std::string &name);

/// What a listing tells about a file.
struct FileInfo {
  std::string name;
  int64_t sizeBytes = 0;
  int64_t lastUsedUnixSeconds = 0;
  int64_t lastUsedNanoseconds = 0; ///< within that second
};

/// The entries of a directory, and the temporary files of stores that were
/// begun over ten minutes ago and never finished; each in order of name.
struct Listing {
  std::vector<FileInfo> entries;
  std::vector<FileInfo> staleTemporaries;
};
Listing listDirectory(int directoryFd);

} // namespace attnjit::cache

#endif // ATTNJIT_LIB_CACHE_ENTRYFILE_H
