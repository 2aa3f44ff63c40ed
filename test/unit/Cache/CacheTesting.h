//===- CacheTesting.h - A cache directory for a test ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the tests of the cache share: a scratch directory that is removed
// again, a cache that collects its warnings, files read and written plainly.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_CACHE_CACHETESTING_H
#define ATTNJIT_TEST_UNIT_CACHE_CACHETESTING_H

#include "attnjit/Cache/DiskCache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <mutex>
#include <string>
#include <vector>

namespace attnjit {

/// Code is executed from caches, so /tmp itself (sticky) is the only shared
/// directory on the way of these tests.
class CacheTesting : public testing::Test {
protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "attnjit-cache-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr) << std::strerror(errno);
    scratch = std::filesystem::canonical(pattern);
  }
  void TearDown() override { std::filesystem::remove_all(scratch); }

  DiskCache::Options optionsFor(const std::filesystem::path &directory) {
    DiskCache::Options options;
    options.directory = directory;
    options.warn = [this](std::string_view warning) {
      std::lock_guard lock(mutex);
      warnings.emplace_back(warning);
    };
    return options;
  }

  DiskCache openCache() {
    Expected<DiskCache> cache = DiskCache::open(optionsFor(scratch / "cache"));
    EXPECT_TRUE(cache) << cache.error().message();
    return std::move(*cache);
  }

  /// Stores one entry, and gives the file that it lies in.
  std::filesystem::path storeOne(std::string_view key, std::string_view bytes) {
    std::filesystem::remove_all(scratch / "cache");
    openCache().store(key, std::as_bytes(std::span(bytes)));
    std::vector<std::filesystem::path> files = filesOf(scratch / "cache");
    EXPECT_EQ(files.size(), 1u);
    return files.empty() ? "" : files.front();
  }

  static std::vector<std::filesystem::path>
  filesOf(const std::filesystem::path &directory) {
    return {std::filesystem::directory_iterator(directory), {}};
  }

  static std::string readFile(const std::filesystem::path &file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  static void writeFile(const std::filesystem::path &file,
                        std::string_view bytes) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  }

  std::filesystem::path scratch;
  std::mutex mutex;
  std::vector<std::string> warnings;
};

inline std::vector<std::byte> toBytes(std::string_view text) {
  std::span<const std::byte> bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

} // namespace attnjit

#endif // ATTNJIT_TEST_UNIT_CACHE_CACHETESTING_H
