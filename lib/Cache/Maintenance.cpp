//===- Maintenance.cpp - Listing and pruning a cache directory ------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What `attn-jit cache` shows and does. Other processes may load and store
// meanwhile: whatever is removed under them is a miss there, nothing worse.
//
//===----------------------------------------------------------------------===//

#include "DiskCacheImpl.h"
#include "Entry.h"
#include "EntryFile.h"

#include <unistd.h>

#include <algorithm>
#include <tuple>

namespace attnjit {

using namespace cache;

/// The key of the entry in that file, or why there is none.
static Expected<std::string> verify(int directoryFd, const std::string &name) {
  auto file = readEntryFile(directoryFd, name);
  if (!file)
    return fail(std::move(file.error()));
  if (!*file)
    return fail(ErrorKind::Environment, "was removed meanwhile");
  Expected<Entry> entry = decodeEntry(**file);
  if (!entry)
    return fail(std::move(entry.error()));
  if (entryName(entry->key) != name)
    return fail(ErrorKind::Environment, "this is the entry of another key");
  return std::string(entry->key);
}

std::vector<DiskCache::EntryInfo> DiskCache::list() const {
  std::vector<EntryInfo> result;
  int fd = impl->directory.get();
  for (const FileInfo &file : listDirectory(fd).entries) {
    EntryInfo info = {directory() / file.name,
                      file.sizeBytes,
                      file.lastUsedUnixSeconds,
                      {},
                      false,
                      {}};
    if (Expected<std::string> key = verify(fd, file.name)) {
      info.valid = true;
      info.key = std::move(*key);
    } else {
      info.problem = key.error().message();
    }
    result.push_back(std::move(info));
  }
  return result;
}

DiskCache::Stats DiskCache::stats() const {
  Stats stats;
  for (const FileInfo &file : listDirectory(impl->directory.get()).entries) {
    ++stats.entries;
    stats.bytes += file.sizeBytes;
  }
  return stats;
}

/// Removes the file and counts it; what cannot be removed is left.
static void remove(int directoryFd, const FileInfo &file,
                   DiskCache::Stats &removed) {
  if (::unlinkat(directoryFd, file.name.c_str(), 0) != 0)
    return;
  ++removed.entries;
  removed.bytes += file.sizeBytes;
}

DiskCache::Stats DiskCache::Impl::evict(int64_t maxBytes) {
  int fd = directory.get();
  Listing listing = listDirectory(fd);
  for (const FileInfo &file : listing.staleTemporaries)
    ::unlinkat(fd, file.name.c_str(), 0);
  int64_t kept = 0;
  for (const FileInfo &file : listing.entries)
    kept += file.sizeBytes;
  std::ranges::sort(listing.entries, {}, [](const FileInfo &file) {
    return std::tuple(file.lastUsedUnixSeconds, file.lastUsedNanoseconds,
                      std::string_view(file.name));
  });
  Stats removed;
  for (const FileInfo &file : listing.entries) {
    if (kept <= maxBytes)
      break;
    remove(fd, file, removed);
    kept -= file.sizeBytes;
  }
  return removed;
}

DiskCache::Stats DiskCache::prune(int64_t maxBytes) const {
  int fd = impl->directory.get();
  Stats removed;
  for (const FileInfo &file : listDirectory(fd).entries)
    if (!verify(fd, file.name))
      remove(fd, file, removed);
  Stats evicted = impl->evict(maxBytes);
  return {removed.entries + evicted.entries, removed.bytes + evicted.bytes};
}

DiskCache::Stats DiskCache::clear() const {
  // Even empty files go: no size is at most -1.
  return impl->evict(-1);
}

} // namespace attnjit
