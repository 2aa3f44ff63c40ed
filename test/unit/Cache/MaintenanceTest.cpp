//===- MaintenanceTest.cpp - Listing, pruning, clearing -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CacheTesting.h"
#include "Entry.h"
#include "attnjit/Support/AtomicFile.h"

#include <fcntl.h>

#include <ctime>

namespace attnjit {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class MaintenanceTest : public CacheTesting {
protected:
  std::filesystem::path fileOf(std::string_view key) {
    return scratch / "cache" / cache::entryName(key);
  }

  /// Makes `file` look last used so many seconds ago.
  static void age(const std::filesystem::path &file, int64_t seconds) {
    timespec then = {::time(nullptr) - seconds, 0};
    timespec times[2] = {then, then};
    ASSERT_EQ(::utimensat(AT_FDCWD, file.c_str(), times, 0), 0);
  }

  static int64_t sizeOf(const std::filesystem::path &file) {
    return static_cast<int64_t>(std::filesystem::file_size(file));
  }
};

TEST_F(MaintenanceTest, ListsEntriesWithTheirState) {
  DiskCache cache = openCache();
  for (const char *key : {"good", "damaged", "renamed"})
    cache.store(key, toBytes(key));
  writeFile(fileOf("damaged"), readFile(fileOf("damaged")) + "x");
  std::filesystem::rename(fileOf("renamed"), fileOf("another"));
  writeFile(scratch / "cache" / "unrelated.txt", "not ours");
  std::vector<DiskCache::EntryInfo> list = cache.list();
  ASSERT_EQ(list.size(), 3u);
  int64_t bytes = 0;
  for (const DiskCache::EntryInfo &entry : list) {
    bytes += entry.sizeBytes;
    EXPECT_EQ(entry.sizeBytes, sizeOf(entry.file));
    EXPECT_EQ(entry.valid, entry.file == fileOf("good"));
    EXPECT_EQ(entry.key, entry.valid ? "good" : "");
    EXPECT_EQ(entry.problem.empty(), entry.valid);
    if (entry.file == fileOf("damaged"))
      EXPECT_THAT(entry.problem, HasSubstr("lengths"));
    if (entry.file == fileOf("another"))
      EXPECT_THAT(entry.problem, HasSubstr("another key"));
  }
  EXPECT_EQ(cache.stats().entries, 3);
  EXPECT_EQ(cache.stats().bytes, bytes);
}

TEST_F(MaintenanceTest, PrunesWhatDoesNotVerify) {
  DiskCache cache = openCache();
  cache.store("good", toBytes("good"));
  cache.store("damaged", toBytes("damaged"));
  writeFile(fileOf("damaged"), "x");
  writeFile(scratch / "cache" / "unrelated.txt", "not ours");
  DiskCache::Stats removed = cache.prune(1 << 20);
  EXPECT_EQ(removed.entries, 1);
  EXPECT_EQ(removed.bytes, 1);
  EXPECT_EQ(cache.load("good"), toBytes("good"));
  EXPECT_TRUE(std::filesystem::exists(scratch / "cache" / "unrelated.txt"));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(MaintenanceTest, PrunesTheLeastRecentlyUsedFirst) {
  DiskCache cache = openCache();
  std::vector<std::string> keys = {"k0", "k1", "k2", "k3"};
  for (size_t i = 0; i < keys.size(); ++i) {
    cache.store(keys[i], std::vector<std::byte>(1000));
    age(fileOf(keys[i]), 1000 - static_cast<int64_t>(i));
  }
  ASSERT_TRUE(cache.load("k0")); // now the youngest
  int64_t one = sizeOf(fileOf("k1"));
  DiskCache::Stats removed = cache.prune(2 * one);
  EXPECT_EQ(removed.entries, 2);
  EXPECT_EQ(removed.bytes, 2 * one);
  EXPECT_EQ(cache.stats().bytes, 2 * one);
  EXPECT_TRUE(cache.load("k0"));
  EXPECT_TRUE(cache.load("k3"));
  EXPECT_EQ(cache.prune(2 * one - 1).entries, 1);
  EXPECT_EQ(cache.prune(0).entries, 1);
}

TEST_F(MaintenanceTest, SweepsTemporaryFilesOnceTheyAreOld) {
  DiskCache cache = openCache();
  std::string prefix(kTemporaryPrefix);
  std::filesystem::path fresh = scratch / "cache" / (prefix + "fresh");
  std::filesystem::path stale = scratch / "cache" / (prefix + "stale");
  writeFile(fresh, "a store in progress");
  writeFile(stale, "of a process that was killed");
  age(stale, 3600);
  EXPECT_EQ(cache.stats().entries, 0);
  EXPECT_EQ(cache.prune(1 << 20).entries, 0);
  EXPECT_TRUE(std::filesystem::exists(fresh));
  EXPECT_FALSE(std::filesystem::exists(stale));
}

TEST_F(MaintenanceTest, ClearsEntriesOfEveryFormatVersion) {
  DiskCache cache = openCache();
  cache.store("key", toBytes("payload"));
  std::string name = cache::entryName("key");
  writeFile(scratch / "cache" / (name.substr(0, 32) + ".v99"), "");
  EXPECT_EQ(cache.clear().entries, 2);
  EXPECT_EQ(cache.stats().entries, 0);
  EXPECT_EQ(cache.load("key"), std::nullopt);
  cache.store("key", toBytes("again"));
  EXPECT_EQ(cache.load("key"), toBytes("again"));
}

TEST_F(MaintenanceTest, StaysNearItsBoundByItself) {
  DiskCache::Options options = optionsFor(scratch / "cache");
  options.maxBytes = 20'000;
  Expected<DiskCache> cache = DiskCache::open(options);
  ASSERT_TRUE(cache) << cache.error().message();
  // 400 entries of 1 kB; without eviction 400 kB would stay. With a look round
  // at one key in 16, 200 stores without one have a chance of 2e-6.
  for (int i = 0; i < 400; ++i)
    cache->store("key " + std::to_string(i), std::vector<std::byte>(960));
  EXPECT_LT(cache->stats().bytes, 20'000 + 200'000);
  EXPECT_TRUE(cache->load("key 399"));
}

} // namespace
} // namespace attnjit
