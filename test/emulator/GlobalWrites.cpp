//===- GlobalWrites.cpp - What blocks see of each other -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GlobalWrites.h"

#include <fmt/format.h>

namespace attnjit::emulator {

static constexpr uintptr_t kWordBytes = 4;

void GlobalWrites::write(uint64_t block, uint32_t thread, Clocks::Time now,
                         const void *address, size_t length) {
  auto first = reinterpret_cast<uintptr_t>(address);
  for (uintptr_t word = first / kWordBytes; word * kWordBytes < first + length;
       ++word)
    words.insert_or_assign(word, Write{block, thread, now});
}

void GlobalWrites::publish(uint64_t block, uint32_t thread, Clocks &clocks) {
  clocks.release(thread, published[block]);
}

std::string GlobalWrites::read(uint64_t block, const void *address,
                               size_t length) const {
  auto first = reinterpret_cast<uintptr_t>(address);
  for (uintptr_t word = first / kWordBytes; word * kWordBytes < first + length;
       ++word) {
    auto found = words.find(word);
    if (found == words.end() || found->second.block == block)
      continue;
    const Write &write = found->second;
    auto known = published.find(write.block);
    if (known == published.end() || known->second[write.thread] < write.time)
      return fmt::format(
          "global address {:#x} was stored by thread {} of block "
          "{} of the grid, with no fence behind it",
          word * kWordBytes, write.thread, write.block);
  }
  return {};
}

} // namespace attnjit::emulator
