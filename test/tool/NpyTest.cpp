//===- NpyTest.cpp - NumPy's .npy files -----------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Npy.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

using namespace attnjit;
using namespace attnjit::tool;
using testing::HasSubstr;

namespace fs = std::filesystem;

namespace {

class NpyTest : public testing::Test {
protected:
  NpyTest() {
    directory =
        fs::temp_directory_path() / fmt::format("attnjit-npy-{}", ::getpid());
    fs::create_directories(directory);
    file = directory / "x.npy";
  }
  ~NpyTest() override { fs::remove_all(directory); }

  /// Reads a file of these bytes.
  Expected<Array> read(const std::string &bytes, NpyOptions options = {}) {
    std::ofstream(file, std::ios::binary) << bytes;
    return readNpy(file, options);
  }

  /// The message of reading a file of these bytes.
  std::string errorOf(const std::string &bytes, NpyOptions options = {}) {
    Expected<Array> array = read(bytes, options);
    return array ? "no error" : array.error().message();
  }

  fs::path directory, file;
};

/// A file with that dictionary, written without the code under test.
std::string makeFile(const std::string &dictionary, size_t dataBytes,
                     int major = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(major);
  bytes += '\0';
  for (int i = 0; i < (major == 1 ? 2 : 4); ++i)
    bytes += static_cast<char>(dictionary.size() >> 8 * i & 0xff);
  bytes += dictionary;
  for (size_t i = 0; i < dataBytes; ++i)
    bytes += static_cast<char>(i);
  return bytes;
}

std::string dictionary(const std::string &descr, const std::string &shape,
                       const std::string &fortran = "False") {
  return fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}\n",
                     descr, fortran, shape);
}

} // namespace

TEST_F(NpyTest, RoundTripsEveryTypeAndRank) {
  const std::vector<std::vector<int64_t>> shapes = {
      {}, {5}, {2, 3}, {1, 2, 3}, {2, 1, 3, 4}, {2, 0, 3}};
  for (DType dtype : {DType::F32, DType::F16, DType::BF16, DType::I32,
                      DType::I64, DType::U8, DType::Bool})
    for (const std::vector<int64_t> &shape : shapes) {
      Expected<Array> written = Array::allocate(dtype, shape);
      ASSERT_TRUE(written);
      int next = 0;
      for (std::byte &byte : written->bytes())
        byte = static_cast<std::byte>(next++ * 37);
      ASSERT_TRUE(writeNpy(file, *written));
      Expected<Array> read = readNpy(file);
      ASSERT_TRUE(read) << read.error().message();
      EXPECT_EQ(read->view().describe(), written->view().describe());
      EXPECT_EQ(0, std::memcmp(read->bytes().data(), written->bytes().data(),
                               written->bytes().size()));
      // NumPy maps elements where the header ends at a multiple of 64.
      EXPECT_EQ(0u, (fs::file_size(file) - written->bytes().size()) % 64);
    }
}

TEST_F(NpyTest, ReadsAllVersionsAndSpellings) {
  for (int major : {1, 2, 3}) {
    Expected<Array> array =
        read(makeFile(dictionary("<f4", "(2, 3)"), 24, major));
    ASSERT_TRUE(array) << array.error().message();
    EXPECT_EQ(array->view().describe(), "f32[2, 3]");
    EXPECT_EQ(static_cast<int>(array->bytes()[23]), 23);
  }
  for (const char *text :
       {"{\"shape\":(2,3),\"fortran_order\":False,\"descr\":\"<f4\"}",
        "  {'descr' : '<f4' , 'shape' : ( 2 , 3 , ) , 'fortran_order':False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L)}"}) {
    Expected<Array> array = read(makeFile(text, 24));
    EXPECT_TRUE(array) << text << ": " << array.error().message();
  }
}

TEST_F(NpyTest, ReadsBfloat16) {
  for (const char *descr : {"<V2", "|V2", "V2", "bfloat16", "<bfloat16"}) {
    Expected<Array> array = read(makeFile(dictionary(descr, "(3,)"), 6));
    ASSERT_TRUE(array) << descr << ": " << array.error().message();
    EXPECT_EQ(array->view().dtype, DType::BF16);
  }
  const std::string uint16 = makeFile(dictionary("<u2", "(3,)"), 6);
  EXPECT_THAT(errorOf(uint16), HasSubstr("--dtype bf16"));
  Expected<Array> array = read(uint16, {.uint16AsBf16 = true});
  ASSERT_TRUE(array) << array.error().message();
  EXPECT_EQ(array->view().dtype, DType::BF16);
}

TEST_F(NpyTest, RefusesWithTheReason) {
  const auto file = [](const std::string &text, size_t bytes = 0) {
    return makeFile(text, bytes);
  };
  const std::pair<std::string, const char *> cases[] = {
      {"", "too short"},
      {"PK\3\4 some zip archive", "does not start with"},
      {makeFile(dictionary("<f4", "(2,)"), 8, 4), "version 4.0"},
      {makeFile(dictionary("<f4", "(2,)"), 8, 0), "version 0.0"},
      {std::string("\x93NUMPY\2\0\xff\xff\xff\xff{", 13), "at most"},
      {std::string("\x93NUMPY\1\0\x40\0{", 11), "cut off"},
      {file(dictionary("<f4", "(2,)"), 7), "takes 8 bytes"},
      {file(dictionary("<f4", "(2,)"), 9), "the file has 9"},
      {file(dictionary("<f8", "(2,)"), 16), "float32"},
      {file(dictionary(">f4", "(2,)"), 8), "big-endian"},
      {file(dictionary("<c8", "(2,)"), 16), "`<c8`"},
      {file(dictionary("<f4", "(2, 3)", "True"), 24), "Fortran order"},
      {file(dictionary("<f4", "(-1,)"), 8), "negative"},
      {file(dictionary("<f4", "(1, 1, 1, 1, 1)"), 4), "more than 4 axes"},
      {file(dictionary("<f4", "(9223372036854775808,)")), "2^63"},
      {file(dictionary("<f4", "(4611686018427387904, 4)")), "larger than any"},
      {file(dictionary("<f4", "(4611686018427387904, 4611686018427387904, 0)")),
       "larger than any"},
      {file(dictionary("<f4", "(1073741824, 1073741824)")), "takes"},
      {file(dictionary("<f4", "(2)"), 8), "should be a tuple"},
      {file(dictionary("<f4", "2"), 8), "`(`"},
      {file(dictionary("<f4", "(2,)", "Maybe"), 8), "True or False"},
      {file("{'descr': [('x', '<f4')], 'shape': (2,)}", 8), "structures"},
      {file("{'descr': '<f4', 'shape': (2,)}", 8),
       "`fortran_order` is missing"},
      {file("{'descr': '<f4', 'descr': '<f4'}", 8), "twice"},
      {file("{'descr': '<f4', 'depth': 1}", 8), "none of"},
      {file("{'descr': '<f4", 8), "no end"},
      {file("{'descr': '<f4'} x", 8), "behind"},
      {file("", 8), "its end"},
      {file(std::string("\0\0\0", 3), 8), "byte 0x00"},
  };
  for (const auto &[bytes, part] : cases) {
    const std::string message = errorOf(bytes);
    EXPECT_THAT(message, HasSubstr(part)) << testing::PrintToString(bytes);
    EXPECT_THAT(message, HasSubstr("x.npy"));
  }
}

TEST_F(NpyTest, RefusesWhatIsNoFile) {
  Expected<Array> array = readNpy(directory / "missing.npy");
  ASSERT_FALSE(array);
  EXPECT_THAT(array.error().message(), HasSubstr("missing.npy"));
  array = readNpy(directory);
  ASSERT_FALSE(array);
  EXPECT_THAT(array.error().message(), HasSubstr("not a regular file"));
  // Endless, and a pipe that nobody writes to.
  EXPECT_FALSE(readNpy("/dev/zero"));
  const fs::path pipe = directory / "pipe";
  ASSERT_EQ(0, ::mkfifo(pipe.c_str(), 0600));
  EXPECT_FALSE(readNpy(pipe));
}

TEST_F(NpyTest, FortranOrderOfOneLongAxisIsNoOrder) {
  Expected<Array> array =
      read(makeFile(dictionary("<f4", "(1, 3, 1)", "True"), 12));
  EXPECT_TRUE(array) << array.error().message();
}

TEST_F(NpyTest, EveryPrefixIsAnError) {
  const std::string whole = makeFile(dictionary("<f4", "(2, 3)"), 24);
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_FALSE(read(whole.substr(0, length))) << length;
}

TEST_F(NpyTest, MutatedFilesAreArraysOrErrors) {
  const unsigned seed = 20240607;
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const std::string pieces[] = {"'",    "(",   ")",          ",", "{",
                                "}",    ":",   "9999999999", "-", "shape",
                                "True", "<V2", "\0",         "L"};
  for (int round = 0; round < 3000; ++round) {
    std::string bytes =
        makeFile(dictionary("<f4", "(2, 3)"), 24, 1 + round % 3);
    for (int change = random() % 4; change >= 0; --change) {
      size_t at = random() % (bytes.size() + 1);
      switch (random() % 4) {
      case 0:
        if (at < bytes.size())
          bytes[at] = static_cast<char>(random());
        break;
      case 1:
        bytes.insert(at, pieces[random() % std::size(pieces)]);
        break;
      case 2:
        bytes.erase(at, random() % 8);
        break;
      case 3:
        bytes.resize(at);
        break;
      }
    }
    Expected<Array> array = read(bytes);
    if (array) {
      // What is there can be read whole.
      EXPECT_LE(array->bytes().size(), bytes.size());
      EXPECT_LE(array->view().rank, kMaxRank);
    } else {
      EXPECT_FALSE(array.error().message().empty());
    }
  }
}

TEST_F(NpyTest, WritesNothingWhereItCannot) {
  Expected<Array> array = Array::allocate(DType::F32, {2});
  ASSERT_TRUE(array);
  Expected<void> done = writeNpy(directory / "missing" / "x.npy", *array);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(), HasSubstr("missing"));
  EXPECT_TRUE(fs::is_empty(directory));
}

TEST(Array, RefusesMoreThanTheMachineHas) {
  Expected<Array> array =
      Array::allocate(DType::F32, {int64_t(1) << 30, 1 << 20});
  ASSERT_FALSE(array);
  EXPECT_EQ(array.error().kind(), ErrorKind::Environment);
  EXPECT_THAT(array.error().message(), HasSubstr("MiB"));
  EXPECT_FALSE(Array::allocate(DType::F32, {-1}));
  EXPECT_FALSE(Array::allocate(DType::F32, {1, 1, 1, 1, 1}));
}
