//===- SafeDirectoryTest.cpp - Which directories are trusted --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CacheTesting.h"

#include <unistd.h>

namespace attnjit {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class SafeDirectoryTest : public CacheTesting {
protected:
  /// The message with which `directory` is refused; "accepted" where it is.
  std::string refusal(const std::filesystem::path &directory) {
    Expected<DiskCache> cache = DiskCache::open(optionsFor(directory));
    if (cache)
      return "accepted";
    EXPECT_EQ(cache.error().kind(), ErrorKind::Environment);
    return cache.error().message();
  }

  void makeDirectory(const std::filesystem::path &path, mode_t mode) {
    std::filesystem::create_directory(path);
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
  }
};

TEST_F(SafeDirectoryTest, CreatesWhatIsMissingForTheOwnerAlone) {
  mode_t before = ::umask(0);
  EXPECT_EQ(refusal(scratch / "a" / "b" / "c"), "accepted");
  ::umask(before);
  for (const char *path : {"a", "a/b", "a/b/c"})
    EXPECT_EQ(std::filesystem::status(scratch / path).permissions(),
              std::filesystem::perms(0700))
        << path;
  EXPECT_EQ(refusal(scratch / "a" / "." / "b" / ".." / "b" / "c" / ""),
            "accepted");
}

TEST_F(SafeDirectoryTest, TakesARelativePathFromTheWorkingDirectory) {
  std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(scratch);
  Expected<DiskCache> cache = DiskCache::open(optionsFor("relative"));
  std::filesystem::current_path(before);
  ASSERT_TRUE(cache) << cache.error().message();
  EXPECT_EQ(cache->directory(), scratch / "relative");
}

TEST_F(SafeDirectoryTest, RefusesAnyOtherModeThan0700) {
  for (mode_t mode : {0755, 0750, 0701, 0777, 0500, 01777}) {
    makeDirectory(scratch / "cache", mode);
    EXPECT_THAT(refusal(scratch / "cache"),
                AllOf(HasSubstr((scratch / "cache").native()),
                      HasSubstr("has mode"), HasSubstr("0700")));
  }
}

TEST_F(SafeDirectoryTest, RefusesADirectoryOfAnotherUser) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "[SKIP] only root can give directories away";
  makeDirectory(scratch / "cache", 0700);
  ASSERT_EQ(::chown((scratch / "cache").c_str(), 12345, 12345), 0);
  EXPECT_THAT(refusal(scratch / "cache"), HasSubstr("is owned by user 12345"));
  EXPECT_THAT(refusal(scratch / "cache" / "below"),
              HasSubstr("is owned by user 12345"));
}

TEST_F(SafeDirectoryTest, RefusesAWayThatOthersCanChange) {
  for (mode_t mode : {0777, 0775, 0757}) {
    makeDirectory(scratch / "open", mode);
    EXPECT_THAT(refusal(scratch / "open" / "cache"),
                AllOf(HasSubstr("`" + (scratch / "open").native() + "`"),
                      HasSubstr("writable")));
    EXPECT_FALSE(std::filesystem::exists(scratch / "open" / "cache"));
  }
  // As /tmp: others can add files there, but neither rename nor remove ours.
  makeDirectory(scratch / "open", 01777);
  EXPECT_EQ(refusal(scratch / "open" / "cache"), "accepted");
}

TEST_F(SafeDirectoryTest, FollowsSymbolicLinksOfItsUser) {
  makeDirectory(scratch / "real", 0755);
  std::filesystem::create_directory_symlink(scratch / "real",
                                            scratch / "absolute");
  std::filesystem::create_directory_symlink("./absolute/../real",
                                            scratch / "relative");
  EXPECT_EQ(refusal(scratch / "relative" / "cache"), "accepted");
  EXPECT_TRUE(std::filesystem::is_directory(scratch / "real" / "cache"));
  // The last component may be a link, and what it points to may be missing.
  std::filesystem::create_directory_symlink("real/new", scratch / "last");
  EXPECT_EQ(refusal(scratch / "last"), "accepted");
  EXPECT_TRUE(std::filesystem::is_directory(scratch / "real" / "new"));
}

TEST_F(SafeDirectoryTest, ChecksTheWayThatALinkLeads) {
  makeDirectory(scratch / "open", 0777);
  makeDirectory(scratch / "open" / "cache", 0700);
  std::filesystem::create_directory_symlink("open/cache", scratch / "link");
  EXPECT_THAT(refusal(scratch / "link"), HasSubstr("writable"));
}

TEST_F(SafeDirectoryTest, RefusesALinkOfAnotherUser) {
  if (::geteuid() != 0)
    GTEST_SKIP() << "[SKIP] only root can give links away";
  makeDirectory(scratch / "cache", 0700);
  std::filesystem::create_directory_symlink("cache", scratch / "link");
  ASSERT_EQ(::lchown((scratch / "link").c_str(), 12345, 12345), 0);
  EXPECT_THAT(refusal(scratch / "link"),
              HasSubstr("is a symbolic link of user 12345"));
}

TEST_F(SafeDirectoryTest, EndsOnALoopOfLinks) {
  std::filesystem::create_symlink("loop", scratch / "loop");
  EXPECT_THAT(refusal(scratch / "loop" / "cache"), HasSubstr("loop"));
}

TEST_F(SafeDirectoryTest, RefusesAFileOnTheWay) {
  writeFile(scratch / "file", "no directory");
  EXPECT_THAT(refusal(scratch / "file"), HasSubstr("is no directory"));
  EXPECT_THAT(refusal(scratch / "file" / "cache"),
              HasSubstr("is no directory"));
}

TEST_F(SafeDirectoryTest, SaysWhatCannotBeCreated) {
  // Nobody can create directories there, not even root.
  EXPECT_THAT(refusal("/proc/self/fdinfo/attn-jit"),
              AllOf(HasSubstr("fdinfo/attn-jit`"), HasSubstr("cannot be")));
  EXPECT_THAT(refusal(scratch / std::string(300, 'x')), HasSubstr("cannot be"));
}

} // namespace
} // namespace attnjit
