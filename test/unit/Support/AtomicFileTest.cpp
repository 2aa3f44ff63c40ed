//===- AtomicFileTest.cpp - Whole files, written at once ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Support/AtomicFile.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

namespace attnjit {
namespace {

using testing::HasSubstr;

class AtomicFileTest : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "attnjit-file-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    scratch = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(scratch); }

  static std::string readFile(const std::filesystem::path &file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  static mode_t modeOf(const std::filesystem::path &file) {
    struct stat status = {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0);
    return status.st_mode & 0777;
  }

  int64_t filesInScratch() const {
    return std::distance(std::filesystem::directory_iterator(scratch), {});
  }

  std::filesystem::path scratch;
};

TEST_F(AtomicFileTest, CreatesAndReplaces) {
  std::filesystem::path file = scratch / "file";
  mode_t before = ::umask(022);
  for (std::string text : {std::string("one"), std::string(100'000, 'x'),
                           std::string(), std::string("\0\n", 2)}) {
    Expected<void> written = writeFileAtomically(file, text);
    ASSERT_TRUE(written) << written.error().message();
    EXPECT_EQ(readFile(file), text);
  }
  ::umask(before);
  EXPECT_EQ(modeOf(file), 0644u);
  EXPECT_EQ(filesInScratch(), 1);
}

TEST_F(AtomicFileTest, KeepsTheModeOfWhatItReplaces) {
  std::filesystem::path file = scratch / "file";
  ASSERT_TRUE(writeFileAtomically(file, "old"));
  ASSERT_EQ(::chmod(file.c_str(), 0751), 0);
  ASSERT_TRUE(writeFileAtomically(file, "new"));
  EXPECT_EQ(modeOf(file), 0751u);
}

TEST_F(AtomicFileTest, ReplacesWhatALinkPointsTo) {
  ASSERT_TRUE(writeFileAtomically(scratch / "target", "old"));
  std::filesystem::create_symlink("target", scratch / "link");
  ASSERT_TRUE(writeFileAtomically(scratch / "link", "new"));
  EXPECT_TRUE(std::filesystem::is_symlink(scratch / "link"));
  EXPECT_EQ(readFile(scratch / "target"), "new");
}

// As `-o /dev/stdout` does: the device must not be replaced by a file.
TEST_F(AtomicFileTest, WritesThroughWhatIsNoRegularFile) {
  std::filesystem::path pipe = scratch / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  ASSERT_TRUE(writeFileAtomically(pipe, "through"));
  char got[16] = {};
  EXPECT_EQ(::read(reader, got, sizeof(got)), 7);
  EXPECT_STREQ(got, "through");
  ::close(reader);
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));
}

TEST_F(AtomicFileTest, NamesWhatItCannotWrite) {
  for (const std::filesystem::path &file :
       {scratch / "missing" / "file", scratch, scratch / "new" / ""}) {
    Expected<void> written = writeFileAtomically(file, "text");
    ASSERT_FALSE(written) << file;
    EXPECT_EQ(written.error().kind(), ErrorKind::Environment);
    EXPECT_THAT(written.error().message(),
                HasSubstr("cannot write `" + file.native() + "`"));
  }
  EXPECT_FALSE(writeFileAtomically(std::filesystem::path(), "text"));
}

// RLIMIT_FSIZE fails writes as a full disk would, after some bytes.
TEST_F(AtomicFileTest, LeavesTheOldFileWhereTheDiskIsFull) {
  std::filesystem::path file = scratch / "file";
  ASSERT_TRUE(writeFileAtomically(file, "old"));
  auto oldHandler = ::signal(SIGXFSZ, SIG_IGN);
  rlimit oldLimit;
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &oldLimit), 0);
  rlimit limit = oldLimit;
  limit.rlim_cur = 4096;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  Expected<void> written = writeFileAtomically(file, std::string(100'000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &oldLimit);
  ::signal(SIGXFSZ, oldHandler);
  EXPECT_FALSE(written);
  EXPECT_EQ(readFile(file), "old");
  EXPECT_EQ(filesInScratch(), 1) << "a temporary file left";
}

} // namespace
} // namespace attnjit
