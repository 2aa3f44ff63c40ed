//===- DiskCacheTest.cpp - Loading and storing ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CacheTesting.h"
#include "Entry.h"
#include "attnjit/Support/AtomicFile.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

namespace attnjit {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using DiskCacheTest = CacheTesting;

TEST_F(DiskCacheTest, GivesWhatWasStored) {
  DiskCache cache = openCache();
  EXPECT_EQ(cache.load("key"), std::nullopt);
  cache.store("key", toBytes("payload"));
  cache.store("empty", {});
  cache.store("", toBytes("under the empty key"));
  EXPECT_EQ(cache.load("key"), toBytes("payload"));
  EXPECT_EQ(cache.load("empty"), toBytes(""));
  EXPECT_EQ(cache.load(""), toBytes("under the empty key"));
  EXPECT_EQ(cache.load("other"), std::nullopt);
  cache.store("key", toBytes("replaced"));
  EXPECT_EQ(cache.load("key"), toBytes("replaced"));
  EXPECT_EQ(openCache().load("key"), toBytes("replaced"));
  EXPECT_THAT(warnings, IsEmpty());
}

TEST_F(DiskCacheTest, KeepsEntriesPrivateWhateverTheUmask) {
  mode_t before = ::umask(0);
  std::filesystem::path file = storeOne("key", "payload");
  ::umask(before);
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms(0600));
  EXPECT_EQ(std::filesystem::status(scratch / "cache").permissions(),
            std::filesystem::perms(0700));
}

TEST_F(DiskCacheTest, MissesWhereAnEntryIsTruncatedAtAnyLength) {
  std::filesystem::path file = storeOne("the key", "some payload");
  std::string whole = readFile(file);
  for (size_t length = 0; length < whole.size(); ++length) {
    writeFile(file, whole.substr(0, length));
    warnings.clear();
    DiskCache cache = openCache();
    EXPECT_EQ(cache.load("the key"), std::nullopt) << length;
    EXPECT_EQ(cache.load("the key"), std::nullopt) << length;
    EXPECT_THAT(warnings, ElementsAre(HasSubstr(file.filename().native())))
        << length;
  }
  writeFile(file, whole + '\0');
  EXPECT_EQ(openCache().load("the key"), std::nullopt);
}

TEST_F(DiskCacheTest, MissesWhereAnyBitOfAnEntryIsFlipped) {
  std::filesystem::path file = storeOne("the key", "some payload");
  std::string whole = readFile(file);
  for (size_t byte = 0; byte < whole.size(); ++byte)
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = whole;
      damaged[byte] ^= static_cast<char>(1 << bit);
      writeFile(file, damaged);
      warnings.clear();
      EXPECT_EQ(openCache().load("the key"), std::nullopt)
          << "byte " << byte << ", bit " << bit;
      EXPECT_EQ(warnings.size(), 1u) << "byte " << byte << ", bit " << bit;
    }
  writeFile(file, whole);
  EXPECT_EQ(openCache().load("the key"), toBytes("some payload"));
}

TEST_F(DiskCacheTest, ReplacesADamagedEntry) {
  writeFile(storeOne("key", "payload"), "damaged");
  DiskCache cache = openCache();
  EXPECT_EQ(cache.load("key"), std::nullopt);
  cache.store("key", toBytes("payload"));
  EXPECT_EQ(cache.load("key"), toBytes("payload"));
}

// What a collision of the hash would look like: a sound entry of another key
// under this key's name.
TEST_F(DiskCacheTest, ComparesTheWholeKey) {
  DiskCache cache = openCache();
  cache.store("one", toBytes("payload of one"));
  std::filesystem::copy(scratch / "cache" / cache::entryName("one"),
                        scratch / "cache" / cache::entryName("two"));
  EXPECT_EQ(cache.load("two"), std::nullopt);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("another key")));
  EXPECT_EQ(cache.load("one"), toBytes("payload of one"));
}

TEST_F(DiskCacheTest, MissesWhereTheFormatIsNewer) {
  std::filesystem::path file = storeOne("key", "payload");
  std::string newer = readFile(file);
  newer[8] = 2;
  writeFile(file, newer);
  EXPECT_EQ(openCache().load("key"), std::nullopt);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("format version 2")));
}

TEST_F(DiskCacheTest, FollowsNoSymbolicLink) {
  std::filesystem::path file = storeOne("key", "payload");
  std::filesystem::rename(file, scratch / "elsewhere");
  std::filesystem::create_symlink(scratch / "elsewhere", file);
  DiskCache cache = openCache();
  EXPECT_EQ(cache.load("key"), std::nullopt);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("symbolic link")));
  // The store replaces the link, not what it points to.
  cache.store("key", toBytes("new"));
  EXPECT_EQ(cache.load("key"), toBytes("new"));
  EXPECT_FALSE(std::filesystem::is_symlink(file));
  EXPECT_THAT(readFile(scratch / "elsewhere"), HasSubstr("payload"));
}

TEST_F(DiskCacheTest, ReadsRegularFilesOnly) {
  std::filesystem::path file = storeOne("key", "payload");
  std::filesystem::remove(file);
  ASSERT_EQ(::mkfifo(file.c_str(), 0600), 0);
  DiskCache cache = openCache();
  EXPECT_EQ(cache.load("key"), std::nullopt); // and does not wait for a writer
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("no regular file")));
  std::filesystem::remove(file);
  std::filesystem::create_directory(file);
  EXPECT_EQ(cache.load("key"), std::nullopt);
  cache.store("key", toBytes("payload"));
  EXPECT_EQ(cache.load("key"), std::nullopt);
}

TEST_F(DiskCacheTest, ReadsNoFileThatOthersCouldWrite) {
  std::filesystem::path file = storeOne("key", "payload");
  for (mode_t mode : {0620, 0602, 0666}) {
    ASSERT_EQ(::chmod(file.c_str(), mode), 0);
    warnings.clear();
    EXPECT_EQ(openCache().load("key"), std::nullopt);
    EXPECT_THAT(warnings, ElementsAre(HasSubstr("has mode")));
  }
}

TEST_F(DiskCacheTest, ReadsNoFileOfAnotherUser) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "[SKIP] only root can give files away";
  std::filesystem::path file = storeOne("key", "payload");
  ASSERT_EQ(::chown(file.c_str(), 12345, 12345), 0);
  EXPECT_EQ(openCache().load("key"), std::nullopt);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("is owned by user 12345")));
}

TEST_F(DiskCacheTest, RefusesAnEntryLargerThanAny) {
  std::filesystem::path file = storeOne("key", "payload");
  std::filesystem::resize_file(file, cache::kMaxEntryBytes + 1); // sparse
  EXPECT_EQ(openCache().load("key"), std::nullopt);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("too many")));
}

// A full disk: RLIMIT_FSIZE fails writes as ENOSPC would, after some bytes.
TEST_F(DiskCacheTest, StopsStoringWhereTheDiskIsFull) {
  DiskCache cache = openCache();
  cache.store("small", toBytes("fits"));
  auto oldHandler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit oldLimit;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &oldLimit), 0);
  rlimit limit = oldLimit;
  limit.rlim_cur = 4096;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  cache.store("large", std::vector<std::byte>(100'000));
  cache.store("after", toBytes("would fit, but stores have stopped"));
  ::setrlimit(RLIMIT_FSIZE, &oldLimit);
  ::signal(SIGXFSZ, oldHandler);
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("cannot write")));
  EXPECT_EQ(cache.load("small"), toBytes("fits"));
  EXPECT_EQ(cache.load("large"), std::nullopt);
  EXPECT_EQ(cache.load("after"), std::nullopt);
  EXPECT_EQ(filesOf(scratch / "cache").size(), 1u) << "a temporary file left";
  // Another object begins anew.
  DiskCache other = openCache();
  other.store("after", toBytes("the disk has room again"));
  EXPECT_EQ(other.load("after"), toBytes("the disk has room again"));
}

TEST_F(DiskCacheTest, StopsStoringWhereTheDirectoryIsGone) {
  DiskCache cache = openCache();
  std::filesystem::remove_all(scratch / "cache");
  cache.store("key", toBytes("payload"));
  cache.store("key", toBytes("payload"));
  EXPECT_EQ(cache.load("key"), std::nullopt);
  EXPECT_EQ(warnings.size(), 1u);
}

TEST_F(DiskCacheTest, StopsStoringWhereTheDirectoryIsReadOnly) {
  if (::geteuid() == 0)
    GTEST_SKIP() << "[SKIP] root may write everywhere";
  DiskCache cache = openCache();
  cache.store("one", toBytes("payload"));
  ASSERT_EQ(::chmod((scratch / "cache").c_str(), 0500), 0);
  cache.store("two", toBytes("payload"));
  EXPECT_EQ(cache.load("one"), toBytes("payload"));
  EXPECT_THAT(warnings, ElementsAre(HasSubstr("cannot write")));
  ::chmod((scratch / "cache").c_str(), 0700);
}

// Whoever can rename the directory or one above it after `open` does not
// redirect the cache.
TEST_F(DiskCacheTest, StaysInTheDirectoryThatWasChecked) {
  DiskCache cache = openCache();
  cache.store("key", toBytes("payload"));
  std::filesystem::rename(scratch / "cache", scratch / "moved");
  std::filesystem::create_directory(scratch / "cache");
  EXPECT_EQ(cache.load("key"), toBytes("payload"));
  cache.store("second", toBytes("payload"));
  EXPECT_EQ(filesOf(scratch / "cache").size(), 0u);
  EXPECT_EQ(filesOf(scratch / "moved").size(), 2u);
}

TEST_F(DiskCacheTest, FindsItsDirectoryInTheEnvironment) {
  auto with = [](const char *own, const char *xdg, const char *home) {
    auto set = [](const char *name, const char *value) {
      value ? ::setenv(name, value, 1) : ::unsetenv(name);
    };
    set("ATTNJIT_CACHE_DIR", own);
    set("XDG_CACHE_HOME", xdg);
    set("HOME", home);
    return DiskCache::defaultDirectory();
  };
  std::string home = std::getenv("HOME") ? std::getenv("HOME") : "";
  EXPECT_EQ(with("/own", "/xdg", "/home"), "/own");
  EXPECT_EQ(with("", "/xdg", "/home"), "/xdg/attn-jit");
  EXPECT_EQ(with(nullptr, "relative", "/home"), "/home/.cache/attn-jit");
  EXPECT_EQ(with(nullptr, nullptr, "/home"), "/home/.cache/attn-jit");
  EXPECT_EQ(with(nullptr, nullptr, nullptr), "");
  EXPECT_FALSE(DiskCache::open({}));
  ::setenv("HOME", home.c_str(), 1);
}

} // namespace
} // namespace attnjit
