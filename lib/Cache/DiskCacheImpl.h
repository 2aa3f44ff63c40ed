//===- DiskCacheImpl.h - State of a DiskCache -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What loading, storing and maintenance share.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_CACHE_DISKCACHEIMPL_H
#define ATTNJIT_LIB_CACHE_DISKCACHEIMPL_H

#include "attnjit/Cache/DiskCache.h"
#include "attnjit/Support/FileDescriptor.h"

#include <atomic>

namespace attnjit {

struct DiskCache::Impl {
  /// Kinds of trouble; each is warned of once.
  enum class Trouble : unsigned { UnsafeFile, BadEntry, ForeignKey, Store };

  Impl(Options options, FileDescriptor directory)
      : options(std::move(options)), directory(std::move(directory)) {}

  /// Warns "disk cache: `FILE`: WHAT" unless it did for this trouble.
  void warnOnce(Trouble trouble, const std::string &name,
                std::string_view what);

  /// Removes the least recently used entries past `maxBytes`, and stale
  /// temporary files.
  Stats evict(int64_t maxBytes);

  Options options; ///< directory made absolute
  FileDescriptor directory;
  std::atomic<unsigned> warned = 0; ///< bit set over Trouble
  std::atomic<bool> stores = true;  ///< false after a failed store
};

} // namespace attnjit

#endif // ATTNJIT_LIB_CACHE_DISKCACHEIMPL_H
