//===- HostileInputs.cpp - Words that an instruction may trip over --------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "HostileInputs.h"

#include <algorithm>
#include <cmath>

namespace attnjit::golden {

using emulator::Random;

/// Of positive sign; alone, an instruction sees both.
static constexpr uint32_t kFloats[] = {
    0x00000000, 0x00000001, 0x00000002, 0x00400000, // subnormal
    0x007fffff, 0x00800000, 0x00800001, 0x00ffffff, // about the least normal
    0x3f800000, 0x3f7fffff, 0x3f800001, 0x40000000, // about 1; 2
    0x3f000000, 0x3effffff, 0x3f000001, 0x3fc00000, // about 0.5; 1.5
    0x40200000, 0x40600000, 0x4afffffd, 0x4afffffe, // 2.5, 3.5; about 2^23
    0x4b000000, 0x4b000001, 0x4b7fffff, 0x4b800000, // about 2^24
    0x4effffff, 0x4f000000, 0x5f000000, 0x5effffff, // about 2^31, 2^63
    0x7e800000, 0x7e800001, 0x7f000000, 0x7f7fffff, // 2^126, 2^127; largest
    0x7f800000, 0x7fffffff, 0x7fc00000, 0x7f800001, // infinity, NaNs
    // Halfway between neighbours of bf16, to even below and above, and beside.
    0x3f808000, 0x3f818000, 0x3f807fff, 0x3f808001, 0x7f7f8000, 0x7f7f7fff,
    0x00008000, 0x00018000, 0x00007fff, 0x007f8000,
    // Of f16: normal; its largest, and where infinity begins; subnormal.
    0x3f801000, 0x3f803000, 0x3f800fff, 0x3f801001, 0x477fe000, 0x477fefff,
    0x477ff000, 0x47800000, 0x33800000, 0x33000000, 0x33000001, 0x32ffffff,
    0x33c00000, 0x34200000, 0x387fc000, 0x387fe000, 0x387fdfff, 0x38800000,
    // Of tf32, where the largest rounds to infinity.
    0x7f7ff000, 0x7f7fefff, 0x7f7fe000, 0x00001000, 0x00003000, 0x00000fff};

/// A few of them, with signs, for combinations.
static constexpr uint32_t kOfPairs[] = {
    0x00000000, 0x80000000, 0x00000001, 0x807fffff, 0x00800000, 0x80800001,
    0x3f800000, 0xbf800000, 0x3f7fffff, 0x3f800001, 0xc0400000, 0x4b800000,
    0x7e800000, 0x7e800001, 0xff7fffff, 0x7f7fffff, 0x7f800000, 0xff800000,
    0x7fc00000, 0xffffffff, 0x7f800001, 0x3eaaaaab};
static constexpr uint32_t kOfTriples[] = {
    0x00000000, 0x80000000, 0x00000001, 0x80800000, 0x3f800000,
    0xbf800001, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00001};

static constexpr uint32_t kIntegers[] = {
    0,          1,          2,          0x7fffffff, 0x80000000,
    0x80000001, 0xffffffff, 0xfffffffe, 0x0000ffff, 0x00010000,
    0x55555555, 0xaaaaaaaa, 0x12345678, 0x80ff7f00};

static float power(Random &random, int least, int most) {
  const int exponent = least + static_cast<int>(random.below(most - least + 1));
  const float mantissa =
      1 + static_cast<float>(random.below(1 << 23)) * 0x1p-23f;
  return std::ldexp(random.oneIn(2) ? mantissa : -mantissa, exponent);
}

/// Every combination of `perThread` values, as far as there is room.
static void combine(std::span<const uint32_t> values, int perThread,
                    size_t words, Words &out) {
  size_t combinations = 1;
  for (int i = 0; i < perThread; ++i)
    combinations *= values.size();
  for (size_t n = 0; n < combinations && out.size() < words; ++n)
    for (size_t i = 0, rest = n; i < size_t(perThread);
         ++i, rest /= values.size())
      out.push_back(values[rest % values.size()]);
}

Words hostileFloats(int perThread, size_t threads, uint64_t seed) {
  const size_t words = perThread * threads;
  Words out;
  if (perThread == 1) {
    for (uint32_t sign : {0u, 0x80000000u})
      for (uint32_t value : kFloats)
        out.push_back(value | sign);
    out.resize(std::min(out.size(), words));
  } else {
    combine(perThread == 2 ? std::span<const uint32_t>(kOfPairs)
                           : std::span<const uint32_t>(kOfTriples),
            perThread, words, out);
  }
  Random random(seed);
  for (size_t i = out.size() / perThread; i < threads; ++i) {
    const bool isAnything = i % 4 == 0;
    for (int j = 0; j < perThread; ++j)
      out.push_back(isAnything ? static_cast<uint32_t>(random.next())
                               : bitsOf(power(random, -8, 8)));
    if (perThread == 3 && i % 4 == 1)
      out.back() =
          bitsOf(-floatOf(out[out.size() - 3]) * floatOf(out[out.size() - 2]));
  }
  return out;
}

Words floatsWithin(float low, float high, size_t threads, uint64_t seed) {
  Words out = {bitsOf(low), bitsOf(high)};
  Random random(seed);
  // Evenly spread, and as many of small magnitude.
  while (out.size() < threads) {
    const double at = random.below(1u << 31) * 0x1p-31;
    auto x = static_cast<float>(low + (double(high) - low) * at);
    if (random.oneIn(2))
      x = std::ldexp(x, -static_cast<int>(random.below(20)));
    out.push_back(bitsOf(std::clamp(x, low, high)));
  }
  out.resize(threads);
  return out;
}

Words hostileIntegers(int perThread, size_t threads, uint64_t seed) {
  Words out;
  combine(kIntegers, perThread, perThread * threads, out);
  Random random(seed);
  while (out.size() < perThread * threads)
    out.push_back(static_cast<uint32_t>(random.next()));
  return out;
}

Words randomWords(size_t count, uint64_t seed) {
  Random random(seed);
  Words out(count);
  for (uint32_t &word : out)
    word = static_cast<uint32_t>(random.next() >> 32);
  return out;
}

} // namespace attnjit::golden
