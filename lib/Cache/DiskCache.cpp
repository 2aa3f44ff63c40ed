//===- DiskCache.cpp - Bytes by key on disk -------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a key, gives the bytes stored under it; takes both, publishes them.
// After `open` the directory is known by its descriptor alone: no later rename
// of it or of a directory above leads anywhere else.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Cache/DiskCache.h"

#include "DiskCacheImpl.h"
#include "Entry.h"
#include "EntryFile.h"
#include "SafeDirectory.h"
#include "attnjit/Support/AtomicFile.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdlib>
#include <system_error>

namespace attnjit {

using namespace cache;

DiskCache::DiskCache(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
DiskCache::DiskCache(DiskCache &&) noexcept = default;
DiskCache &DiskCache::operator=(DiskCache &&) noexcept = default;
DiskCache::~DiskCache() = default;

std::filesystem::path DiskCache::defaultDirectory() {
  // secure_getenv: a set-user-id program does not let its caller choose the
  // code that it executes.
  auto get = [](const char *name) -> std::filesystem::path {
    const char *value = ::secure_getenv(name);
    return value ? value : "";
  };
  if (auto directory = get("ATTNJIT_CACHE_DIR"); !directory.empty())
    return directory;
  // The XDG specification has relative paths ignored.
  if (auto base = get("XDG_CACHE_HOME"); base.is_absolute())
    return base / "attn-jit";
  if (auto home = get("HOME"); home.is_absolute())
    return home / ".cache" / "attn-jit";
  return {};
}

Expected<DiskCache> DiskCache::open(Options options) {
  if (options.directory.empty())
    options.directory = defaultDirectory();
  if (options.directory.empty())
    return fail(ErrorKind::Environment,
                "no cache directory: none of `ATTNJIT_CACHE_DIR`, "
                "`XDG_CACHE_HOME` and `HOME` is set");
  std::error_code error;
  options.directory = std::filesystem::absolute(options.directory, error);
  if (error)
    return fail(ErrorKind::Environment,
                fmt::format("no cache directory: {}", error.message()));
  Expected<FileDescriptor> directory = openSafeDirectory(options.directory);
  if (!directory)
    return fail(std::move(directory.error()).in("no disk cache"));
  return DiskCache(
      std::make_unique<Impl>(std::move(options), std::move(*directory)));
}

const std::filesystem::path &DiskCache::directory() const {
  return impl->options.directory;
}

void DiskCache::Impl::warnOnce(Trouble trouble, const std::string &name,
                               std::string_view what) {
  unsigned bit = 1u << static_cast<unsigned>(trouble);
  if ((warned.fetch_or(bit) & bit) || !options.warn)
    return;
  options.warn(fmt::format("disk cache: `{}`: {}",
                           (options.directory / name).native(), what));
}

std::optional<std::vector<std::byte>>
DiskCache::load(std::string_view key) const {
  std::string name = entryName(key);
  auto file = readEntryFile(impl->directory.get(), name);
  if (!file) {
    impl->warnOnce(Impl::Trouble::UnsafeFile, name, file.error().message());
    return std::nullopt;
  }
  if (!*file)
    return std::nullopt;
  std::vector<std::byte> bytes = std::move(**file);
  Expected<Entry> entry = decodeEntry(bytes);
  if (!entry) {
    impl->warnOnce(Impl::Trouble::BadEntry, name, entry.error().message());
    return std::nullopt;
  }
  if (entry->key != key) {
    impl->warnOnce(Impl::Trouble::ForeignKey, name,
                   "this is the entry of another key");
    return std::nullopt;
  }
  // The time of last use, for eviction. A failure (a read-only disk) costs
  // nothing but its order.
  ::utimensat(impl->directory.get(), name.c_str(), nullptr,
              AT_SYMLINK_NOFOLLOW);
  return std::vector<std::byte>(entry->payload.begin(), entry->payload.end());
}

void DiskCache::store(std::string_view key,
                      std::span<const std::byte> bytes) const {
  if (!impl->stores)
    return;
  std::string name = entryName(key);
  if (key.size() > kMaxKeyBytes || bytes.size() > kMaxPayloadBytes) {
    impl->warnOnce(Impl::Trouble::Store, name,
                   fmt::format("not stored: key of {} bytes, payload of {}; "
                               "at most {} and {} are",
                               key.size(), bytes.size(), kMaxKeyBytes,
                               kMaxPayloadBytes));
    return;
  }
  constexpr mode_t kOwnerOnly = 0600;
  Expected<void> written = writeFileAtomicallyAt(
      impl->directory.get(), name, encodeEntry(key, bytes), kOwnerOnly);
  if (!written) {
    impl->stores = false;
    impl->warnOnce(Impl::Trouble::Store, name,
                   written.error().message() + "; nothing more will be stored");
    return;
  }
  // The digits of a hash are evenly spread: about one key in 16 pays for a
  // look at the whole directory.
  if (name.front() == '0')
    impl->evict(impl->options.maxBytes);
}

} // namespace attnjit
