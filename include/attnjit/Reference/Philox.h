//===- Philox.h - The counter-based random numbers of dropout -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as
// easy as 1, 2, 3" (SC 2011), and how dropout draws from it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_REFERENCE_PHILOX_H
#define ATTNJIT_REFERENCE_PHILOX_H

#include <array>
#include <cstdint>

namespace attnjit {

/// Ten rounds of Philox4x32.
constexpr std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter,
                                             std::array<uint32_t, 2> key) {
  for (int round = 0; round < 10; ++round) {
    uint64_t product0 = uint64_t{0xD2511F53} * counter[0];
    uint64_t product1 = uint64_t{0xCD9E8D57} * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0],
               static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1],
               static_cast<uint32_t>(product0)};
    key[0] += 0x9E3779B9; // the golden ratio
    key[1] += 0xBB67AE85; // sqrt(3) - 1
  }
  return counter;
}

/// The word that decides whether dropout keeps an element of P: it is kept
/// where the word is at least floor(rate * 2^32). `head` is b * Hq + h, `q` and
/// `kv` the positions, all global. One call of Philox serves four neighbouring
/// keys.
constexpr uint32_t dropoutWord(uint64_t seed, uint64_t offset, uint32_t head,
                               int32_t q, int32_t kv) {
  auto low = [](uint64_t value) { return static_cast<uint32_t>(value); };
  auto high = [](uint64_t value) { return static_cast<uint32_t>(value >> 32); };
  std::array<uint32_t, 4> words =
      philox4x32({static_cast<uint32_t>(kv >> 2), static_cast<uint32_t>(q),
                  head, low(offset)},
                 {low(seed), high(seed) ^ high(offset)});
  return words[kv & 3];
}

} // namespace attnjit

#endif // ATTNJIT_REFERENCE_PHILOX_H
