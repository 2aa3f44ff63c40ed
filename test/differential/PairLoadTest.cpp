//===- PairLoadTest.cpp - Buffers that are read for each pair -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Biases and masks of every element type and rank whose last axis walks with
// the key, in memory that lies in every way it may: with gaps, backwards, with
// the queries side by side, broadcast. Sizes leave ragged tiles at both ends,
// and offsets take positions out of the buffer at either side. Each buffer
// touches a page that traps.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

using namespace attnjit;
using namespace attnjit::test;

namespace {

enum class Lie { RowMajor, Gaps, EveryOther, QueriesInner, Backwards, OneRow };
constexpr Lie kLies[] = {Lie::RowMajor,     Lie::Gaps,      Lie::EveryOther,
                         Lie::QueriesInner, Lie::Backwards, Lie::OneRow};

/// Strides of a shape whose last two axes are queries and keys.
std::vector<int64_t> stridesOf(Lie lie, std::span<const int64_t> shape) {
  std::vector<int64_t> strides(shape.size());
  const size_t key = shape.size() - 1;
  int64_t step = lie == Lie::EveryOther ? 2 : 1;
  for (size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = step;
    step *= shape[axis];
    if (lie == Lie::Gaps)
      step += 3;
  }
  switch (lie) {
  case Lie::QueriesInner:
    strides[key - 1] = 1;
    strides[key] = shape[key - 1];
    break;
  case Lie::Backwards:
    for (int64_t &stride : strides)
      stride = -stride;
    break;
  case Lie::OneRow:
    strides[key - 1] = 0;
    break;
  default:
    break;
  }
  return strides;
}

/// A mod that reads `data` at `subscripts`: into the score, or as a mask.
std::string modText(DType element, size_t rank, std::string_view subscripts) {
  std::string text = "buffer data : " + std::string(name(element)) + "[?";
  for (size_t axis = 1; axis < rank; ++axis)
    text += ", ?";
  text += "]\n";
  const std::string load = "data[" + std::string(subscripts) + "]";
  if (element == DType::Bool)
    return text + "mask = " + load + "\n";
  if (element == DType::I64 || element == DType::I32)
    // Saturated values are as far from 0 as i32 goes.
    return text + "score = score + f32(" + load + ") * 1e-9\n" +
           "mask = " + load + " != 5\n";
  return text + "score = score + f32(" + load + ") / 64\n";
}

void fill(const Tensor &tensor, Random &random) {
  constexpr int64_t kWide[] = {INT64_MIN, INT64_MAX, 5,  (1ll << 32) + 5,
                               0,         -1,        77, 1ll << 31};
  forEachElement(tensor, [&](auto &, std::byte *address) {
    const auto n = static_cast<int64_t>(below(random, 256));
    switch (tensor.dtype) {
    case DType::F32:
      *reinterpret_cast<float *>(address) = static_cast<float>(n) / 16;
      return;
    case DType::F16:
      *reinterpret_cast<uint16_t *>(address) =
          floatToHalf(static_cast<float>(n) / 16);
      return;
    case DType::BF16:
      *reinterpret_cast<uint16_t *>(address) =
          floatToBfloat(static_cast<float>(n) / 16);
      return;
    case DType::I32:
      *reinterpret_cast<int32_t *>(address) =
          static_cast<int32_t>(kWide[n % 8]);
      return;
    case DType::I64:
      *reinterpret_cast<int64_t *>(address) = kWide[n % 8];
      return;
    case DType::U8:
      *reinterpret_cast<uint8_t *>(address) = static_cast<uint8_t>(n);
      return;
    case DType::Bool:
      *reinterpret_cast<uint8_t *>(address) =
          static_cast<uint8_t>(n % 3 ? n : 0);
      return;
    }
  });
}

constexpr DType kElements[] = {DType::F32, DType::F16, DType::BF16, DType::I32,
                               DType::I64, DType::U8,  DType::Bool};

/// Runs a mod on a buffer of its own; the seed decides everything else.
void runCase(std::string_view text, DType element, std::vector<int64_t> extents,
             Lie lie, uint64_t seed) {
  SCOPED_TRACE("way " + std::to_string(static_cast<int>(lie)));
  ModProgram mod = parsed(text);
  Random random(seed);
  Shape shape = {.B = 2, .Hkv = 1, .group = 2, .D = 8, .Dv = 8};
  shape.Sq = 1 + below(random, 60);
  shape.Skv = 1 + below(random, 150);
  shape.flush = oneIn(random, 2) ? Flush::End : Flush::Start;
  shape.offsets = static_cast<Offsets>(below(random, 4));
  if (oneIn(random, 4))
    shape.mask = static_cast<MaskKind>(below(random, 5));
  // Queries and keys of the buffer: as many as there are, fewer, more.
  const int64_t slack[] = {0, 0, -5, 9};
  extents.push_back(std::max<int64_t>(0, shape.Sq + slack[below(random, 4)]));
  extents.push_back(std::max<int64_t>(0, shape.Skv + slack[below(random, 4)]));
  Problem problem(mod, shape, seed);
  Tensor data = problem.allocate(element, extents, stridesOf(lie, extents));
  fill(data, random);
  problem.setBuffer("data", data);
  runAndCheck(mod, problem, describeCase(mod, shape, seed));
}

} // namespace

TEST(PairLoad, EveryTypeHoweverItLies) {
  uint64_t seed = 0;
  for (DType element : kElements)
    for (Lie lie : kLies) {
      runCase(modText(element, 2, "q_local, kv_local"), element, {}, lie,
              ++seed);
      runCase(modText(element, 3, "h, q, kv"), element, {4}, lie, ++seed);
      if (HasFailure())
        return;
    }
}

// Rows that the query finds by other ways than its position, keys past a start,
// and subscripts that leave the buffer at both ends.
TEST(PairLoad, SubscriptsOfEveryForm) {
  uint64_t seed = 1000;
  for (const char *subscripts :
       {"b, h, q, kv", "b, h, q_local, kv_local + 3", "1, h, 20 - q, kv - 40",
        "b, kvh, q // 3, kv + b", "b, h % 2, abs(q - 9), Skv - 1 + kv",
        "q, h, b, kv_local - Skv", "b, h, i32(sqrt(f32(q_local))), kv",
        "b, h, q, max(t in 0..2: kv // (2 + t))"})
    for (DType element : {DType::F32, DType::BF16, DType::I64, DType::Bool}) {
      SCOPED_TRACE(subscripts);
      runCase(modText(element, 4, subscripts), element, {2, 4},
              kLies[seed % std::size(kLies)], seed);
      ++seed;
      if (HasFailure())
        return;
    }
}

// More than a kernel keeps room for: the rest is computed for each pair.
TEST(PairLoad, MoreThanAreKept) {
  std::string text = "buffer data : f32[?, ?]\n"
                     "score = score";
  for (int k = 0; k < 12; ++k)
    text += " + data[q, kv + " + std::to_string(k) + "] * f32(q % " +
            std::to_string(k + 2) + ") / 99";
  text += "\nmask = data[q + 1, kv] != data[q, kv + 1] and q % 7 < 6\n";
  for (Lie lie : kLies)
    runCase(text, DType::F32, {}, lie, 2000);
}

// What only part of the lanes have in common: tables by distance.
TEST(PairLoad, TablesByDistance) {
  uint64_t seed = 3000;
  for (const char *subscript :
       {"kv - q", "q - kv", "q - kv + 40", "clamp(kv - q, -9, 9) + 9",
        "max(q, kv)", "q + kv", "min(q_local + 2, 30)"})
    for (DType element : kElements) {
      SCOPED_TRACE(subscript);
      runCase(modText(element, 2, "h, " + std::string(subscript)), element, {},
              seed % 3 ? Lie::RowMajor : Lie::EveryOther, seed);
      ++seed;
      if (HasFailure())
        return;
    }
}

// A tile computes such values once for the pairs that share them, also where
// the strip is ragged and where one strip meets keys of several blocks.
TEST(PairLoad, FunctionsOfDistance) {
  uint64_t seed = 4000;
  for (const char *text :
       {"score = score + sin(f32(kv - q)) * cos(f32(q - kv)) + data[h, 0]\n",
        "score = score + data[h, abs(q - kv) // 2 % 9] / 64 * (1 + f32(h))\n",
        "score = score + (data[h, q - kv] / 64 if q > kv else 0.5 * score)\n"
        "prob = prob * (1.5 + tanh(f32(q_local + 3 - kv_local) / 9))\n",
        "score = score + data[h, kv - kv_local] / 64\n",
        "score = score + (1 if data[h, kv - kv_local] > 8 else 0.5 * score)\n",
        "score = score + data[h, q - q_local + 2] / 64\n",
        "score = score + log2(1 + abs(f32(kv - q))) + f32(q % 3)\n"
        "mask = data[h, abs(kv - q)] != 4.0\n",
        "let d = f32(q - kv)\n"
        "score = score + (1 if sin(d) * cos(d) > 0.1 else d / 100)\n"
        "score = score + exp(d / -90) + exp(d / 91) + exp(d / 92) / (d * d + 1)"
        "\nscore = score + data[1, 0]\n"})
    for (int k = 0; k < 6; ++k) {
      SCOPED_TRACE(text);
      runCase("buffer data : f32[?, ?]\n" + std::string(text), DType::F32, {},
              Lie::RowMajor, ++seed);
      if (HasFailure())
        return;
    }
}
