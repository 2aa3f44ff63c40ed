//===- Entry.h - The entry points of a kernel -------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One mod, dtype and head size has a fixed set of entry points. Each is
// compiled when a run first needs it, under a key of its own.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_ABI_ENTRY_H
#define ATTNJIT_ABI_ENTRY_H

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace attnjit {

enum class Entry : uint8_t {
  Prefill, ///< queries in vector lanes: many rows
  Decode,  ///< head elements in vector lanes: few rows, of a group together
};

inline constexpr size_t kEntryCount = 2;

/// "prefill", "decode": in options, keys and symbols.
constexpr std::string_view nameOf(Entry entry) {
  return entry == Entry::Prefill ? "prefill" : "decode";
}

} // namespace attnjit

#endif // ATTNJIT_ABI_ENTRY_H
