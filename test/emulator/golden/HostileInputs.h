//===- HostileInputs.h - Words that an instruction may trip over -*- C++
//-*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// NaNs, infinities, subnormals, extremes, halfway cases of every narrower
// format, and random bits. The same seed gives the same words, so that cases
// share them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_GOLDEN_HOSTILEINPUTS_H
#define ATTNJIT_TEST_EMULATOR_GOLDEN_HOSTILEINPUTS_H

#include "GoldenCase.h"
#include "Random.h"

#include <bit>
#include <span>

namespace attnjit::golden {

inline uint32_t bitsOf(float x) { return std::bit_cast<uint32_t>(x); }
inline float floatOf(uint32_t bits) { return std::bit_cast<float>(bits); }

/// f32 values for `threads` threads of one, two or three each: every
/// combination of the special ones, then random ones; of three, z about -x y
/// in some.
Words hostileFloats(int perThread, size_t threads, uint64_t seed);

/// Of one each, from [low, high], with the ends.
Words floatsWithin(float low, float high, size_t threads, uint64_t seed);

/// Integers for threads of `perThread`: combinations of special ones, then
/// random bits.
Words hostileIntegers(int perThread, size_t threads, uint64_t seed);

/// Random bits.
Words randomWords(size_t count, uint64_t seed);

} // namespace attnjit::golden

#endif // ATTNJIT_TEST_EMULATOR_GOLDEN_HOSTILEINPUTS_H
