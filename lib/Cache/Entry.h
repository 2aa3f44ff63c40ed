//===- Entry.h - Bytes of one cache entry ---------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The file format of docs/cache.md: takes a key and a payload, gives the bytes
// of an entry, and back. Pure functions, no files.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_CACHE_ENTRY_H
#define ATTNJIT_LIB_CACHE_ENTRY_H

#include "attnjit/Support/Error.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace attnjit::cache {

/// Raised with any change of the format; part of every file name.
inline constexpr uint32_t kFormatVersion = 1;
/// Bounds of what is written and of what is read into memory.
inline constexpr size_t kMaxKeyBytes = size_t(16) << 20;
inline constexpr size_t kMaxPayloadBytes = size_t(256) << 20;
/// Magic, version, key length, payload length.
inline constexpr size_t kHeaderBytes = 24;
inline constexpr size_t kChecksumBytes = 16;
inline constexpr size_t kMaxEntryBytes =
    kHeaderBytes + kMaxKeyBytes + kMaxPayloadBytes + kChecksumBytes;

/// "<32 hexadecimal digits of the key's hash>.v1".
std::string entryName(std::string_view key);

/// Whether `name` is an entry's file name, of this or another format version.
bool isEntryName(std::string_view name);

/// The bytes of an entry. Assumes that key and payload keep the bounds.
std::vector<std::byte> encodeEntry(std::string_view key,
                                   std::span<const std::byte> payload);

/// Views into an entry's bytes.
struct Entry {
  std::string_view key;
  std::span<const std::byte> payload;
};

/// Checks magic, version, lengths and checksum of arbitrary bytes. The Error
/// says what does not fit, to follow the file's name and a colon.
Expected<Entry> decodeEntry(std::span<const std::byte> bytes);

} // namespace attnjit::cache

#endif // ATTNJIT_LIB_CACHE_ENTRY_H
