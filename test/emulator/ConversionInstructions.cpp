//===- ConversionInstructions.cpp - cvt to 16-bit formats and tf32 --------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Of a pair, the first operand goes to the upper half. NaN becomes the format's
// canonical one; `.relu` makes what is negative +0.
//
//===----------------------------------------------------------------------===//

#include "InstructionTables.h"
#include "MatrixMath.h"

#include <bit>

namespace attnjit::emulator {

namespace {

using ToHalf = uint16_t (*)(float, bool);

template <ToHalf kConvert, bool kTowardsZero, bool kRelu>
uint16_t convert(float x) {
  if (kRelu && (x < 0 || std::bit_cast<uint32_t>(x) == 0x80000000))
    return 0;
  return kConvert(x, kTowardsZero);
}

template <ToHalf kConvert, bool kTowardsZero, bool kRelu>
bool convertPair(Thread &, const Site &, const Operands &operands) {
  const uint32_t high =
      convert<kConvert, kTowardsZero, kRelu>(operands.get<float>(0));
  const uint32_t low =
      convert<kConvert, kTowardsZero, kRelu>(operands.get<float>(4));
  operands.set(high << 16 | low);
  return true;
}

template <ToHalf kConvert, bool kTowardsZero, bool kRelu>
bool convertOne(Thread &, const Site &, const Operands &operands) {
  operands.set(convert<kConvert, kTowardsZero, kRelu>(operands.get<float>()));
  return true;
}

enum class Rounding { NearestAway, NearestEven, TowardsZero };

/// f32 with 10 bits of mantissa; the other 13 are 0. Of NaNs the manual says
/// nothing; an H200 has one NaN of its own, but where halves go away from zero
/// it drops the 13 bits of any, and with them what may be all of a NaN.
template <Rounding kRounding>
bool toTf32(Thread &, const Site &, const Operands &operands) {
  uint32_t bits = operands.get<uint32_t>();
  if ((bits & 0x7fffffff) > 0x7f800000)
    bits = kRounding == Rounding::NearestAway ? bits & 0xffffe000 : 0x7fffe000;
  else if (kRounding == Rounding::NearestAway)
    bits = (bits + 0x1000) & 0xffffe000;
  else if (kRounding == Rounding::NearestEven)
    bits = (bits + 0xfff + (bits >> 13 & 1)) & 0xffffe000;
  else
    bits &= 0xffffe000;
  operands.set(bits);
  return true;
}

constexpr Form kThread = Form::Thread;

const Instruction kInstructions[] = {
    {"f2bf16.rn", kThread, 0, convertOne<floatToBfloat, false, false>},
    {"f2bf16.rn.relu", kThread, 0, convertOne<floatToBfloat, false, true>},
    {"f2bf16.rz", kThread, 0, convertOne<floatToBfloat, true, false>},
    {"f2f16.rn", kThread, 0, convertOne<floatToHalf, false, false>},
    {"f2f16.rn.relu", kThread, 0, convertOne<floatToHalf, false, true>},
    {"f2f16.rz", kThread, 0, convertOne<floatToHalf, true, false>},
    {"f2h.rn", kThread, 0, convertOne<floatToHalf, false, false>},
    {"f2tf32.rn", kThread, 0, toTf32<Rounding::NearestEven>},
    {"f2tf32.rna", kThread, 0, toTf32<Rounding::NearestAway>},
    {"f2tf32.rz", kThread, 0, toTf32<Rounding::TowardsZero>},
    {"ff2bf16x2.rn", kThread, 0, convertPair<floatToBfloat, false, false>},
    {"ff2bf16x2.rn.relu", kThread, 0, convertPair<floatToBfloat, false, true>},
    {"ff2bf16x2.rz", kThread, 0, convertPair<floatToBfloat, true, false>},
    {"ff2f16x2.rn", kThread, 0, convertPair<floatToHalf, false, false>},
    {"ff2f16x2.rn.relu", kThread, 0, convertPair<floatToHalf, false, true>},
    {"ff2f16x2.rz", kThread, 0, convertPair<floatToHalf, true, false>},
};

} // namespace

std::span<const Instruction> conversionInstructions() { return kInstructions; }

} // namespace attnjit::emulator
