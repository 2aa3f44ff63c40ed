//===- EntryTest.cpp - Format of a cache entry ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Entry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace attnjit::cache {
namespace {

std::vector<std::byte> randomBytes(std::mt19937_64 &random, size_t count) {
  std::vector<std::byte> bytes(count);
  for (std::byte &byte : bytes)
    byte = static_cast<std::byte>(random());
  return bytes;
}

TEST(Entry, RoundTripsAnyKeyAndPayload) {
  std::mt19937_64 random(20);
  for (size_t keyBytes : {0, 1, 7, 300})
    for (size_t payloadBytes : {0, 1, 8, 5000}) {
      std::vector<std::byte> key = randomBytes(random, keyBytes);
      std::vector<std::byte> payload = randomBytes(random, payloadBytes);
      std::string_view keyText(reinterpret_cast<const char *>(key.data()),
                               key.size());
      std::vector<std::byte> bytes = encodeEntry(keyText, payload);
      Expected<Entry> entry = decodeEntry(bytes);
      ASSERT_TRUE(entry) << entry.error().message();
      EXPECT_EQ(entry->key, keyText);
      EXPECT_TRUE(std::ranges::equal(entry->payload, payload));
    }
}

TEST(Entry, LiesInTheFileAsDocumented) {
  std::vector<std::byte> bytes =
      encodeEntry("key", std::vector<std::byte>(2, std::byte(0xab)));
  std::string_view text(reinterpret_cast<const char *>(bytes.data()),
                        bytes.size());
  using namespace std::string_view_literals;
  EXPECT_EQ(text.substr(0, 29), "attnjit\n"
                                "\1\0\0\0"
                                "\3\0\0\0"
                                "\2\0\0\0\0\0\0\0"
                                "key"
                                "\xab\xab"sv);
  EXPECT_EQ(text.size(), 29u + kChecksumBytes);
}

// The names must not change silently: every entry on disk would be lost.
TEST(Entry, IsNamedByTheHashOfItsKey) {
  // As `xxhsum -H2` prints it for an empty file.
  EXPECT_EQ(entryName(""), "99aa06d3014798d86001c324468d497f.v1");
  EXPECT_NE(entryName("a"), entryName("b"));
  EXPECT_TRUE(isEntryName(entryName("a")));
  EXPECT_TRUE(isEntryName("99aa06d3014798d86001c324468d497f.v27"));
  for (const char *name : {"", ".", "x", "99aa06d3014798d86001c324468d497f",
                           "99aa06d3014798d86001c324468d497f.v",
                           "99aa06d3014798d86001c324468d497f.vx",
                           "99AA06D3014798D86001C324468D497F.v1",
                           "99aa06d3014798d86001c324468d497f.v12345678901"})
    EXPECT_FALSE(isEntryName(name)) << name;
}

// Lengths that wrap around in a sum must not pass the check.
TEST(Entry, RejectsForgedLengths) {
  std::vector<std::byte> bytes =
      encodeEntry("key", std::vector<std::byte>(40, std::byte(1)));
  for (uint32_t keyBytes : {0u, 4u, 44u, 0x7fffffffu, 0xffffffffu})
    for (uint64_t payloadBytes :
         {uint64_t(0), uint64_t(39), uint64_t(41), uint64_t(1) << 63,
          uint64_t(0) - 1, uint64_t(43) - keyBytes + (uint64_t(1) << 32)}) {
      std::vector<std::byte> forged = bytes;
      std::memcpy(forged.data() + 12, &keyBytes, sizeof(keyBytes));
      std::memcpy(forged.data() + 16, &payloadBytes, sizeof(payloadBytes));
      EXPECT_FALSE(decodeEntry(forged)) << keyBytes << ", " << payloadBytes;
    }
}

TEST(Entry, NamesTheVersionItCannotRead) {
  std::vector<std::byte> bytes = encodeEntry("key", {});
  bytes[8] = std::byte(2);
  Expected<Entry> entry = decodeEntry(bytes);
  ASSERT_FALSE(entry);
  EXPECT_THAT(entry.error().message(),
              testing::HasSubstr("format version 2, this library reads 1"));
}

} // namespace
} // namespace attnjit::cache
