//===- DiskCache.h - Bytes by key on disk
//---------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A directory of entries, each the bytes stored under a key. The whole key is
// stored and compared; entries carry a checksum and are published atomically.
// What is loaded may be executed, so the directory must be 0700, owned by the
// effective user, with no symbolic link that another user could change on the
// way; else there is no disk cache. A bad, foreign, truncated or newer entry
// is a miss and one warning, never a failure.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_CACHE_DISKCACHE_H
#define ATTNJIT_CACHE_DISKCACHE_H

#include "attnjit/Support/Error.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attnjit {

/// Receives one-line warnings; called from any thread.
using WarningHandler = std::function<void(std::string_view)>;

/// Safe to use from any number of threads and processes at once.
class DiskCache {
public:
  struct Options {
    /// Created (0700) where missing. Empty: defaultDirectory().
    std::filesystem::path directory;
    /// Null: warnings are dropped.
    WarningHandler warn;
    /// Bytes of entries kept; the least recently used go first. Checked
    /// after about one store in 16, so the directory may pass it for a while.
    int64_t maxBytes = int64_t(1) << 30;
  };

  /// $ATTNJIT_CACHE_DIR, else $XDG_CACHE_HOME/attn-jit, else
  /// $HOME/.cache/attn-jit; empty where none is set.
  static std::filesystem::path defaultDirectory();

  /// Opens or creates. An Error of kind Environment where the directory is
  /// not safe to execute code from, or cannot be created; the caller goes on
  /// without a disk cache.
  static Expected<DiskCache> open(Options options);

  /// The bytes stored under `key`, or nothing. An entry that cannot be trusted
  /// is a miss, and a warning the first time that this object meets one of
  /// its kind; the next store under `key` replaces it.
  std::optional<std::vector<std::byte>> load(std::string_view key) const;

  /// Stores; atomically visible. A failure (full or read-only disk) is one
  /// warning, after which stores stop for this object.
  void store(std::string_view key, std::span<const std::byte> bytes) const;

  struct EntryInfo {
    std::filesystem::path file;
    int64_t sizeBytes = 0;
    int64_t lastUsedUnixSeconds = 0;
    std::string key; ///< empty where the entry is not valid
    bool valid = false;
    std::string problem; ///< why it is not valid, else empty
  };
  /// Every entry, read and checked (checksum included) in order of file name.
  std::vector<EntryInfo> list() const;

  struct Stats {
    int64_t entries = 0;
    int64_t bytes = 0; ///< of their files, headers included
  };
  /// Counts without reading entries, those of other format versions too.
  Stats stats() const;

  /// Removes entries that do not verify, temporary files that a killed process
  /// left over ten minutes ago, and, past `maxBytes`, the least recently used
  /// entries. Gives the entries removed.
  Stats prune(int64_t maxBytes) const;
  /// Removes every entry, of other format versions too, and left-over
  /// temporary files. Gives the entries removed.
  Stats clear() const;

  /// Absolute.
  const std::filesystem::path &directory() const;

  DiskCache(DiskCache &&) noexcept;
  DiskCache &operator=(DiskCache &&) noexcept;
  ~DiskCache();

private:
  struct Impl;
  explicit DiskCache(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace attnjit

#endif // ATTNJIT_CACHE_DISKCACHE_H
