//===- MaterializeTest.cpp - Tests of mods on whole tensors ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Builder.h"
#include "attnjit/Reference/Reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

using namespace attnjit;
using namespace attnjit::dsl;
using testing::Each;
using testing::HasSubstr;

namespace {
class Materialize : public testing::Test {
protected:
  static constexpr int64_t kB = 2, kHq = 4, kHkv = 2, kSq = 3, kSkv = 5;
  static constexpr int64_t kElements = kB * kHq * kSq * kSkv;

  Materialize() {
    args.q = Tensor::contiguous(nullptr, DType::F32, {kB, kHq, kSq, 8});
    args.k = Tensor::contiguous(nullptr, DType::F32, {kB, kHkv, kSkv, 8});
    args.v = args.k;
    mask = Tensor::contiguous(bytes.data(), DType::Bool, shape);
    scores = Tensor::contiguous(floats.data(), DType::F32, shape);
    for (int64_t i = 0; i < kElements; ++i)
      floats[i] = static_cast<float>(i) / 8;
  }

  static ModProgram built(const ModBuilder &builder) {
    Expected<ModProgram> mod = builder.build();
    EXPECT_TRUE(mod) << mod.error().message();
    return mod ? *mod : ModProgram::identity();
  }

  /// Calls `f(index, b, h, i, j)` for each element of a contiguous tensor.
  static void
  forEach(const std::function<void(int64_t, int, int, int, int)> &f) {
    int64_t index = 0;
    for (int b = 0; b < kB; ++b)
      for (int h = 0; h < kHq; ++h)
        for (int i = 0; i < kSq; ++i)
          for (int j = 0; j < kSkv; ++j)
            f(index++, b, h, i, j);
  }

  void expectMask(const ModProgram &mod,
                  const std::function<bool(int, int, int, int)> &want) {
    std::fill(bytes.begin(), bytes.end(), 0xee);
    Expected<void> done = materializeMask(mod, args, mask);
    ASSERT_TRUE(done) << done.error().message();
    forEach([&](int64_t index, int b, int h, int i, int j) {
      EXPECT_EQ(bytes[index], want(b, h, i, j) ? 1 : 0)
          << b << ' ' << h << ' ' << i << ' ' << j;
    });
  }

  const std::vector<int64_t> shape = {kB, kHq, kSq, kSkv};
  std::vector<uint8_t> bytes = std::vector<uint8_t>(kElements);
  std::vector<float> floats = std::vector<float>(kElements);
  RunArgs args;
  Tensor mask, scores;
};
} // namespace

TEST_F(Materialize, MaskOfPositionsAlone) {
  expectMask(built(ModBuilder().mask(q >= kv)),
             [](int, int, int i, int j) { return i >= j; });
  expectMask(ModProgram::identity(), [](int, int, int, int) { return true; });
}

TEST_F(Materialize, MaskOfBatchAndHead) {
  expectMask(built(ModBuilder().mask(b == 1 && q >= kv)),
             [](int b, int, int i, int j) { return b == 1 && i >= j; });
  expectMask(built(ModBuilder().mask(h == 2 || q >= kv)),
             [](int, int h, int i, int j) { return h == 2 || i >= j; });
  expectMask(built(ModBuilder().mask(kvh + q_local > kv_local)),
             [](int, int h, int i, int j) { return h / 2 + i > j; });
}

TEST_F(Materialize, MaskUnderOffsets) {
  int32_t offsets[2] = {0, 3};
  args.qOffset.perBatch = Tensor::contiguous(offsets, DType::I32, {2});
  args.kvOffset.scalar = 1;
  expectMask(built(ModBuilder().mask(q >= kv)), [](int b, int, int i, int j) {
    return i + (b == 1 ? 3 : 0) >= j + 1;
  });
}

TEST_F(Materialize, MaskOfCaptures) {
  std::vector<int32_t> lengths = {2, 4};
  auto length = buffer<I32>("length", {B});
  args.captures = {
      {"length", Tensor::contiguous(lengths.data(), DType::I32, {2})}};
  expectMask(built(ModBuilder().mask(kv < length[b])),
             [&](int b, int, int, int j) { return j < lengths[b]; });
  args.captures.clear();
  EXPECT_THAT(
      materializeMask(built(ModBuilder().mask(kv < length[b])), args, mask)
          .error()
          .message(),
      HasSubstr("`length` is missing"));
}

TEST_F(Materialize, MaskIntoStridedMemory) {
  std::vector<uint8_t> wide(2 * kElements, 0xee);
  Tensor strided = mask;
  strided.data = wide.data();
  for (int64_t &stride : strided.stride)
    stride *= 2;
  ASSERT_TRUE(
      materializeMask(built(ModBuilder().mask(q >= kv)), args, strided));
  forEach([&](int64_t index, int, int, int i, int j) {
    EXPECT_EQ(wide[2 * index], i >= j ? 1 : 0);
    EXPECT_EQ(wide[2 * index + 1], 0xee);
  });
}

TEST_F(Materialize, WrongOutputsAreErrorsAndUntouched) {
  const ModProgram mod = built(ModBuilder().mask(q >= kv));
  std::fill(bytes.begin(), bytes.end(), 0xee);
  auto message = [&](const Tensor &out) {
    Expected<void> done = materializeMask(mod, args, out);
    EXPECT_THAT(bytes, Each(0xee));
    return done ? "no error" : done.error().message();
  };
  Tensor bad = mask;
  bad.dtype = DType::U8;
  EXPECT_THAT(message(bad), HasSubstr("`out` is u8[2, 4, 3, 5]"));
  bad = mask;
  bad.shape[3] = 4;
  EXPECT_THAT(message(bad), HasSubstr("should be bool[2, 4, 3, 5]"));
  bad = mask;
  bad.rank = 3;
  EXPECT_THAT(message(bad), HasSubstr("`out`"));
  bad = mask;
  bad.data = nullptr;
  EXPECT_THAT(message(bad), HasSubstr("null data"));
  bad = mask;
  bad.stride[1] = 0;
  EXPECT_THAT(message(bad), HasSubstr("share memory"));
  args.k.rank = 2;
  EXPECT_THAT(message(mask), HasSubstr("`k`"));
}

TEST_F(Materialize, ScoreModOnATensor) {
  auto slopes = buffer<F32>("slopes", {Hq});
  std::vector<float> slopeData = {1, 2, 4, 8};
  args.captures = {
      {"slopes", Tensor::contiguous(slopeData.data(), DType::F32, {kHq})}};
  const ModProgram mod =
      built(ModBuilder().score(score - slopes[h] * f32(abs(q - kv))));
  const std::vector<float> before = floats;
  std::vector<float> result(kElements, NAN);
  Tensor out = scores;
  out.data = result.data();
  ASSERT_TRUE(applyScoreMod(mod, args, scores, out));
  EXPECT_EQ(floats, before);
  forEach([&](int64_t index, int, int h, int i, int j) {
    EXPECT_EQ(result[index], before[index] - slopeData[h] * std::abs(i - j));
  });
  ASSERT_TRUE(applyScoreMod(mod, args, scores, scores)); // in place
  EXPECT_EQ(floats, result);
}

TEST_F(Materialize, AbsentScoreModCopies) {
  std::vector<float> result(kElements);
  Tensor out = scores;
  out.data = result.data();
  floats[3] = NAN;
  floats[4] = -INFINITY;
  floats[5] = std::numeric_limits<float>::max();
  floats[6] = std::numeric_limits<float>::denorm_min();
  ASSERT_TRUE(applyScoreMod(ModProgram::identity(), args, scores, out));
  for (int64_t i = 0; i < kElements; ++i)
    EXPECT_TRUE(result[i] == floats[i] || i == 3) << i;
  EXPECT_TRUE(std::isnan(result[3]));
}

TEST_F(Materialize, ScoresMayNotHalfOverlap) {
  std::vector<float> shared(kElements + 1, 7);
  Tensor in = scores, out = scores;
  in.data = shared.data();
  out.data = shared.data() + 1;
  Expected<void> done = applyScoreMod(ModProgram::identity(), args, in, out);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(), HasSubstr("`out` overlaps `scores`"));
  EXPECT_THAT(shared, Each(7));
}

TEST_F(Materialize, EmptyTensors) {
  args.k.shape[2] = args.v.shape[2] = 0;
  Tensor none = Tensor::contiguous(nullptr, DType::Bool, {kB, kHq, kSq, 0});
  EXPECT_TRUE(materializeMask(built(ModBuilder().mask(q >= kv)), args, none));
  args.q.shape[0] = args.k.shape[0] = args.v.shape[0] = 0;
  none.shape[0] = 0;
  EXPECT_TRUE(materializeMask(built(ModBuilder().mask(q >= kv)), args, none));
}
