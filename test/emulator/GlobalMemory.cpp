//===- GlobalMemory.cpp - Looking up an address ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GlobalMemory.h"

#include <fmt/format.h>

#include <algorithm>

namespace attnjit::emulator {

/// Nothing is mapped below: a null pointer with an offset.
static constexpr uintptr_t kNullPageBytes = 65536;

static uintptr_t firstOf(const MemoryRange &range) {
  return reinterpret_cast<uintptr_t>(range.data);
}

static bool holds(const MemoryRange &range, uintptr_t address, size_t length) {
  return address >= firstOf(range) &&
         address + length <= firstOf(range) + range.bytes;
}

GlobalMemory::GlobalMemory(const std::optional<std::vector<MemoryRange>> &named,
                           const std::vector<MemoryRange> &variables)
    : isChecked(named.has_value()) {
  if (!isChecked)
    return;
  ranges = *named;
  ranges.insert(ranges.end(), variables.begin(), variables.end());
  std::sort(ranges.begin(), ranges.end(), [](const auto &a, const auto &b) {
    return firstOf(a) < firstOf(b);
  });
}

/// Ranges may overlap: an input and an output in one allocation, a tensor and
/// a slice of it. Then the first that holds the access counts.
const MemoryRange *GlobalMemory::find(const void *address,
                                      size_t length) const {
  auto at = reinterpret_cast<uintptr_t>(address);
  for (const MemoryRange &range : ranges)
    if (holds(range, at, length))
      return &range;
  return nullptr;
}

/// Where the address is, relative to the range that ends or begins nearest.
std::string GlobalMemory::describe(const void *address, size_t length) const {
  auto at = reinterpret_cast<uintptr_t>(address);
  const MemoryRange *nearest = nullptr;
  uintptr_t best = UINTPTR_MAX;
  for (const MemoryRange &range : ranges) {
    uintptr_t end = firstOf(range) + range.bytes;
    uintptr_t distance = at < firstOf(range) ? firstOf(range) - at
                         : at < end          ? 0
                                             : at - end;
    if (distance < best) {
      best = distance;
      nearest = &range;
    }
  }
  if (!nearest)
    return fmt::format("{} bytes at {}: no global memory was named", length,
                       address);
  return fmt::format(
      "{} bytes at {} are in no range of global memory; nearest is `{}`, {} "
      "bytes from {}, at offset {}",
      length, address, nearest->name, nearest->bytes, nearest->data,
      static_cast<int64_t>(at - firstOf(*nearest)));
}

std::string GlobalMemory::check(const void *address, size_t length,
                                size_t alignment, bool isWrite) {
  auto at = reinterpret_cast<uintptr_t>(address);
  if (at < kNullPageBytes)
    return fmt::format("{} bytes at {}, a null pointer with an offset", length,
                       address);
  if (at % alignment != 0)
    return fmt::format("global address {} is no multiple of {}", address,
                       alignment);
  if (!isChecked || length == 0)
    return {};
  if (!last || !holds(*last, at, length) || (isWrite && !last->isWritable))
    last = find(address, length);
  if (!last)
    return describe(address, length);
  if (!isWrite || last->isWritable)
    return {};
  for (const MemoryRange &range : ranges)
    if (range.isWritable && holds(range, at, length))
      return {};
  return fmt::format("a write to offset {} of `{}`, which may only be read",
                     at - firstOf(*last), last->name);
}

} // namespace attnjit::emulator
