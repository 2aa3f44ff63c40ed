//===- Entry.cpp - Bytes of one cache entry -------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a key and a payload, gives the bytes of an entry, and back. Integers
// are little-endian; the hash is XXH3-128, which finds accidents, not forgers:
// those are kept out by who may write to the directory.
//
//===----------------------------------------------------------------------===//

#include "Entry.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace attnjit::cache {

static_assert(std::endian::native == std::endian::little,
              "the header is copied as it lies in memory");

static constexpr std::array<char, 8> kMagic = {'a', 't', 't', 'n',
                                               'j', 'i', 't', '\n'};

namespace {
struct Header {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t keyBytes;
  uint64_t payloadBytes;
};
} // namespace
static_assert(sizeof(Header) == kHeaderBytes, "the format has no padding");

/// In XXH3's canonical byte order, as its command line prints it.
static XXH128_canonical_t hash(std::span<const std::byte> bytes) {
  XXH128_canonical_t digest;
  static_assert(sizeof(digest) == kChecksumBytes);
  XXH128_canonicalFromHash(&digest, XXH3_128bits(bytes.data(), bytes.size()));
  return digest;
}

std::string entryName(std::string_view key) {
  XXH128_canonical_t digest = hash(std::as_bytes(std::span(key)));
  std::string name;
  for (unsigned char byte : digest.digest)
    fmt::format_to(std::back_inserter(name), "{:02x}", byte);
  return name + fmt::format(".v{}", kFormatVersion);
}

bool isEntryName(std::string_view name) {
  constexpr size_t kDigits = 2 * kChecksumBytes;
  if (name.size() < kDigits + 3 || name.size() > kDigits + 12 ||
      name.substr(kDigits, 2) != ".v")
    return false;
  auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
  auto isHex = [&](char c) { return isDigit(c) || (c >= 'a' && c <= 'f'); };
  return std::ranges::all_of(name.substr(0, kDigits), isHex) &&
         std::ranges::all_of(name.substr(kDigits + 2), isDigit);
}

std::vector<std::byte> encodeEntry(std::string_view key,
                                   std::span<const std::byte> payload) {
  Header header = {kMagic, kFormatVersion, static_cast<uint32_t>(key.size()),
                   payload.size()};
  std::vector<std::byte> bytes;
  bytes.reserve(kHeaderBytes + key.size() + payload.size() + kChecksumBytes);
  auto append = [&](std::span<const std::byte> part) {
    bytes.insert(bytes.end(), part.begin(), part.end());
  };
  append(std::as_bytes(std::span(&header, 1)));
  append(std::as_bytes(std::span(key)));
  append(payload);
  XXH128_canonical_t checksum = hash(bytes);
  append(std::as_bytes(std::span(checksum.digest)));
  return bytes;
}

static tl::unexpected<Error> reject(std::string message) {
  return fail(ErrorKind::Environment, std::move(message));
}

Expected<Entry> decodeEntry(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeaderBytes + kChecksumBytes)
    return reject(
        fmt::format("{} bytes are too few for an entry", bytes.size()));
  Header header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (header.magic != kMagic)
    return reject("this is no attn-jit cache entry");
  if (header.version != kFormatVersion)
    return reject(fmt::format("format version {}, this library reads {}",
                              header.version, kFormatVersion));
  // Compared by subtraction: a forged length must not wrap a sum.
  size_t contentBytes = bytes.size() - kHeaderBytes - kChecksumBytes;
  if (header.keyBytes > contentBytes ||
      header.payloadBytes != contentBytes - header.keyBytes)
    return reject(fmt::format(
        "lengths of key ({}) and payload ({}) do not make up the file's {} "
        "bytes",
        header.keyBytes, header.payloadBytes, bytes.size()));
  XXH128_canonical_t checksum =
      hash(bytes.first(bytes.size() - kChecksumBytes));
  if (std::memcmp(checksum.digest, bytes.last(kChecksumBytes).data(),
                  kChecksumBytes) != 0)
    return reject("the checksum does not fit the contents");
  std::span<const std::byte> key = bytes.subspan(kHeaderBytes, header.keyBytes);
  return Entry{
      {reinterpret_cast<const char *>(key.data()), key.size()},
      bytes.subspan(kHeaderBytes + header.keyBytes, header.payloadBytes)};
}

} // namespace attnjit::cache
