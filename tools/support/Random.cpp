//===- Random.cpp - Random contents of tensors ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Random.h"

#include <algorithm>
#include <cmath>

using namespace attnjit;
using namespace attnjit::tool;

Random::Random(uint64_t seed, std::string_view stream) : state(seed) {
  for (char c : stream)
    state = next() ^ static_cast<unsigned char>(c);
}

uint64_t Random::next() {
  state += 0x9e3779b97f4a7c15;
  uint64_t mixed = state;
  mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
  return mixed ^ mixed >> 31;
}

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

int64_t Random::integer(int64_t low, int64_t high) {
  uint64_t count = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
  uint64_t offset = count == 0 ? next() : next() % count;
  return static_cast<int64_t>(static_cast<uint64_t>(low) + offset);
}

float Random::normal() {
  // Four 16-bit numbers of variance 2^32 / 12 each; their sum has mean 2^17.
  constexpr float kScale = 1.7320508f / 0x1p16f;
  uint64_t bits = next();
  int32_t sum = 0;
  for (int shift = 0; shift < 64; shift += 16)
    sum += static_cast<int32_t>(bits >> shift & 0xffff);
  return static_cast<float>(sum - 2 * 0xffff) * kScale;
}

/// Stores what `makeValue` gives as each element, in order.
template <typename MakeValue>
static void fillFloats(Array &array, MakeValue makeValue) {
  switch (array.view().dtype) {
  case DType::F16:
    for (uint16_t &element : array.elements<uint16_t>())
      element = floatToHalf(makeValue());
    break;
  case DType::BF16:
    for (uint16_t &element : array.elements<uint16_t>())
      element = floatToBfloat(makeValue());
    break;
  default:
    for (float &element : array.elements<float>())
      element = makeValue();
  }
}

void tool::fillNormal(Array &array, Random &random) {
  fillFloats(array, [&] { return random.normal(); });
}

//===----------------------------------------------------------------------===//
// Captured buffers
//===----------------------------------------------------------------------===//

/// Sorts each stretch of the last axis by the value that `valueOf` gives.
template <typename T, typename ValueOf>
static void sortRows(Array &array, ValueOf valueOf) {
  const Tensor &view = array.view();
  std::span<T> elements = array.elements<T>();
  size_t length = static_cast<size_t>(view.shape[view.rank - 1]);
  for (size_t begin = 0; begin < elements.size(); begin += length)
    std::ranges::sort(elements.subspan(begin, length), {}, valueOf);
}

template <typename T>
static void fillIntegers(Array &array, int64_t low, int64_t high, bool sorted,
                         Random &random) {
  for (T &element : array.elements<T>())
    element = static_cast<T>(random.integer(low, high));
  if (sorted)
    sortRows<T>(array, [](T value) { return value; });
}

static void fillFloatBuffer(Array &array, const BufferDecl &decl, bool sorted,
                            Random &random) {
  if (decl.range) {
    float low = decl.range->first.asF32(), high = decl.range->second.asF32();
    // The nearest 16-bit number may lie just outside; those within stay.
    fillFloats(array, [&] {
      double value = low + (double(high) - low) * random.uniform();
      return std::clamp(static_cast<float>(value), low, high);
    });
  } else {
    fillNormal(array, random);
  }
  if (!sorted)
    return;
  if (decl.element == DType::F16)
    sortRows<uint16_t>(array, halfToFloat);
  else if (decl.element == DType::BF16)
    sortRows<uint16_t>(array, bfloatToFloat);
  else
    sortRows<float>(array, [](float value) { return value; });
}

void tool::fillBuffer(Array &array, const BufferDecl &decl,
                      int64_t integerLimit, Random &random) {
  const bool sorted =
      decl.sorted && array.view().rank > 0 && array.view().elements() > 0;
  int64_t low = 0, high = std::max<int64_t>(integerLimit - 1, 0);
  if (decl.valueType() == Type::Bool)
    high = 1;
  if (decl.range && decl.valueType() != Type::F32) {
    low = decl.range->first.asI32();
    high = decl.range->second.asI32();
  }
  switch (decl.element) {
  case DType::F32:
  case DType::F16:
  case DType::BF16:
    return fillFloatBuffer(array, decl, sorted, random);
  case DType::I32:
    return fillIntegers<int32_t>(array, low, high, sorted, random);
  case DType::I64:
    return fillIntegers<int64_t>(array, low, high, sorted, random);
  case DType::U8:
  case DType::Bool:
    return fillIntegers<uint8_t>(array, std::clamp<int64_t>(low, 0, 255),
                                 std::clamp<int64_t>(high, 0, 255), sorted,
                                 random);
  }
}
