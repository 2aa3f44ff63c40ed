//===- PairDependenceTest.cpp - What values of a pair depend on -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Scores as text, and what is found in each: the key axes of pair loads, and
// how many values of the distance.
//
//===----------------------------------------------------------------------===//

#include "ModKernel.h"

#include "attnjit/Frontend/BuildForward.h"
#include "attnjit/Frontend/PairDependence.h"
#include "attnjit/Text/Parser.h"

#include <gtest/gtest.h>

using namespace attnjit;
using namespace attnjit::test;

namespace {

struct Case {
  const char *score;
  std::vector<unsigned> keyAxes;
  size_t distances = 0;
};

void expectFound(const Case &expected) {
  SCOPED_TRACE(expected.score);
  ParseResult parsed = parseMod(std::string("buffer t : f32[?]\n"
                                            "buffer m : f32[?, ?]\n"
                                            "buffer id : i32[?]\n") +
                                "score = " + expected.score + "\n");
  ASSERT_TRUE(parsed.program);
  auto context = makeModKernelContext();
  auto module = buildForward(*context, *parsed.program, TileBounds(),
                             AttentionSpec::of(64), "mod");
  auto forward = *module->getOps<attn::ForwardOp>().begin();
  std::vector<unsigned> keyAxes;
  for (const PairLoad &load : findPairLoads(forward.getScore()))
    keyAxes.push_back(load.keyAxis);
  EXPECT_EQ(keyAxes, expected.keyAxes);
  EXPECT_EQ(findDistanceValues(forward.getScore()).size(), expected.distances);
}

} // namespace

TEST(PairDependence, PairLoads) {
  for (const Case &expected : std::initializer_list<Case>{
           {"score + m[q, kv]", {1}},
           {"score + m[kv, q]", {0}},
           {"score + m[id[q], kv_local + h * 3 - b]", {1}},
           {"score + m[q, 5 + kv] + m[q // 2, kv]", {1, 1}},
           // The key alone, the query alone, neither.
           {"score + m[h, kv] + t[kv] + t[q] + m[q, h]", {}},
           // Not one step a key, or in the direction of falling subscripts.
           {"score + m[q, kv * 2] + m[q, -kv] + m[q, 9 - kv]", {}},
           {"score + m[q, kv // 2] + m[q, id[kv]] + m[q, kv + kv]", {}},
           // Both axes with the key, or one with both.
           {"score + m[kv, kv] + m[q + kv, kv] + m[h, q + kv]", {}},
           {"score + m[q, i32(score)]", {}},
           {"score + sum(n in 0..4: m[q, kv + n])", {}},
           // A reduction of the key is not the key.
           {"score + m[q, max(n in 0..2: kv // (2 + n))]", {}},
           {"score + m[q, sum(n in 0..2: kv)]", {}}})
    expectFound(expected);
}

TEST(PairDependence, DistanceValues) {
  for (const Case &expected : std::initializer_list<Case>{
           {"score + t[q - kv]", {}, 1},
           {"score + t[kv_local + 7 - q_local]", {}, 1},
           {"score + m[h, abs(kv - q)] * t[h]", {}, 1},
           {"score * t[q - kv] + t[kv - q + 1]", {}, 2},
           {"score + t[q - kv + (kv - kv_local)]", {}, 1},
           // The key alone, the query alone: their offsets.
           {"score + t[kv - kv_local]", {}, 0},
           {"score + t[q - q_local]", {}, 0},
           // Too cheap to keep.
           {"score + f32(kv - q) * t[h]", {}, 0},
           {"score + (q - kv)", {}, 0},
           {"score + sqrt(log2(1 + exp(f32(kv - q) / 9)))", {}, 1},
           // The distance and something else.
           {"score + t[q + kv]", {}, 0},
           {"score + t[q - 2 * kv]", {}, 0},
           {"score + t[q - kv + id[q]]", {}, 0},
           {"score + t[i32(score) + q - kv]", {}, 0},
           // Of two that only meet, the last one is used.
           {"score + (t[q - kv] + t[kv - q])", {}, 1},
           {"score + sum(n in 0..4: t[q - kv + n])", {}, 0},
           {"score + sum(n in 0..4: n * t[q - kv])", {}, 0}})
    expectFound(expected);
}
