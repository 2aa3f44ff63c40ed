//===- BiasCases.cpp - Formulas of score mods that add --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryTesting.h"

#include "attnjit/Mods/Biases.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

using namespace attnjit;
using namespace attnjit::test;

static int distance(const Point &p) { return std::abs(p.q - p.kv); }

static double slope(const Point &p) { return p.value("slopes", {p.h}); }

/// The number of bucket borders that a distance has reached: at 1, 2, ...,
/// `exact`, then at exact * (maxDistance / exact)^(n / (count - exact)).
static int bucketOf(int distance, int exact, int count) {
  if (distance < exact)
    return distance;
  int bucket = exact;
  while (bucket < count - 1) {
    double power = double(bucket + 1 - exact) / (count - exact);
    double border = exact * std::pow(128.0 / exact, power);
    // Of a border that is a whole number, pow may give a bit more.
    if (distance < border - 1e-6)
      break;
    ++bucket;
  }
  return bucket;
}

static double t5(const Point &p) {
  int bucket = bucketOf(distance(p), 8, 16) + (p.kv > p.q ? 16 : 0);
  return p.score + p.value("table", {bucket, p.h});
}

static double t5Causal(const Point &p) {
  int bucket = bucketOf(std::max(p.q - p.kv, 0), 16, 32);
  return p.score + p.value("table", {bucket, p.h});
}

static double edges(const Point &p) {
  int steps = p.id("length", {p.b, p.qLocal, p.kvLocal});
  double sum = 0;
  for (int n = 0; n < std::min(steps, 4); ++n) {
    int edge = p.id("edge", {p.b, p.qLocal, p.kvLocal, n});
    sum += p.value("table", {p.h, n, edge});
  }
  return p.score + (steps > 1 ? sum / steps : sum);
}

/// The offset of two pixels in a window of 4 x 4, by row and column.
static double swin(const Point &p) {
  int dy = p.q / 4 - p.kv / 4, dx = p.q % 4 - p.kv % 4;
  return p.score + p.value("table", {(dy + 3) * 7 + dx + 3, p.h});
}

static double conditional(const Point &p) {
  int inMemoryQ = 19 * p.b + p.q, inMemoryKv = 23 * p.b + p.kv;
  if (p.kv > p.q || std::abs(inMemoryQ - inMemoryKv) > 5)
    return -HUGE_VAL;
  return p.score + p.value("bias", {inMemoryKv});
}

static std::vector<LibraryCase> distanceCases() {
  return {
      {"relative", of(mods::relative()),
       [](const Point &p) { return p.score + p.q - p.kv; }},
      {"abs_relative",
       of(mods::absRelative()),
       [](const Point &p) { return p.score + 0.25 * distance(p); },
       {.params = {{"factor", 0.25}}}},
      {"clamped_relative",
       of(mods::clampedRelative()),
       [](const Point &p) {
         return p.score + (distance(p) > 5 ? 5 : distance(p));
       },
       {.params = {{"limit", 5}}}},
      // Both neighbours of the query lose the same.
      {"alibi", of(mods::alibi()),
       [](const Point &p) { return p.score - slope(p) * distance(p); }},
      // The key behind the query gains.
      {"alibi_signed", of(mods::alibiSigned()),
       [](const Point &p) { return p.score + slope(p) * (p.kv - p.q); }},
      {"alibi_reversed", of(mods::alibiReversed()),
       [](const Point &p) { return p.score + slope(p) * (p.q - p.kv); }},
      // Of four heads: 1/4, 1/16, 1/64, 1/256.
      {"alibi_computed", of(mods::alibiComputed()),
       [](const Point &p) {
         return p.score + std::pow(0.25, p.h + 1) * (p.kv - p.q);
       }},
      {"alibi_sqrt", of(mods::alibiSqrt()),
       [](const Point &p) {
         return p.kv > p.q ? p.score
                           : p.score - slope(p) * std::sqrt(double(p.q - p.kv));
       }},
  };
}

static std::vector<LibraryCase> tableCases() {
  return {
      {"t5_buckets", of(mods::t5Buckets()), t5, {.Sq = 150, .Skv = 150}},
      {"t5_buckets_causal",
       of(mods::t5BucketsCausal()),
       t5Causal,
       {.Sq = 150, .Skv = 150}},
      {"bucketed_bias",
       of(mods::bucketedBias()),
       [](const Point &p) {
         int bucket = p.id("bucket", {p.q - p.kv + 9});
         return p.score + p.value("table", {bucket, p.h});
       },
       {.params = {{"reach", 9}}, .any = 19}},
      // -4 to 3 stand at 0 to 7.
      {"relative_table",
       of(mods::relativeTable()),
       [](const Point &p) {
         int at = std::min(std::max(p.q - p.kv, -4), 3) + 4;
         return p.score + p.value("table", {p.h, at});
       },
       {},
       of(mods::relativeTable(4,
                              dsl::buffer<dsl::F32>("table", {dsl::Hq, 8})))},
      {"relative_table_shared",
       of(mods::relativeTableShared()),
       [](const Point &p) {
         int at = std::min(std::max(p.q - p.kv, -4), 3) + 4;
         return p.score + p.value("table", {at});
       },
       {},
       of(mods::relativeTableShared(4, dsl::buffer<dsl::F32>("table", {8})))},
      {"sandwich",
       of(mods::sandwich()),
       [](const Point &p) {
         double curve = p.value("curve", {p.q - p.kv + 22});
         return p.score + curve * p.value("factor", {p.h});
       },
       {.any = 45}},
      {"swin_bias",
       of(mods::swinBias()),
       swin,
       {.Sq = 11, .Skv = 14},
       of(mods::swinBias(4, dsl::buffer<dsl::F32>("table", {49, dsl::Hq})))},
      {"graphormer_spatial", of(mods::graphormerSpatial()),
       [](const Point &p) {
         int steps = p.id("distance", {p.b, p.qLocal, p.kvLocal});
         return p.score + p.value("table", {p.h, steps});
       }},
      {"graphormer_edges", of(mods::graphormerEdges()), edges},
  };
}

static std::vector<LibraryCase> placeCases() {
  return {
      {"head_bias", of(mods::headBias()),
       [](const Point &p) { return p.score + p.value("bias", {p.h}); }},
      {"batch_bias", of(mods::batchBias()),
       [](const Point &p) { return p.score + p.value("bias", {p.b}); }},
      {"query_bias", of(mods::queryBias()),
       [](const Point &p) { return p.score + p.value("bias", {p.qLocal}); }},
      {"key_bias", of(mods::keyBias()),
       [](const Point &p) { return p.score + p.value("bias", {p.kvLocal}); }},
      {"query_key_bias", of(mods::queryKeyBias()),
       [](const Point &p) {
         return p.score + p.value("bias", {p.qLocal, p.kvLocal});
       }},
      {"pair_bias", of(mods::pairBias()),
       [](const Point &p) {
         return p.score + p.value("bias", {p.b, p.h, p.qLocal, p.kvLocal});
       }},
      {"dynamic_mask_bias", of(mods::dynamicMaskBias()),
       [](const Point &p) {
         return p.score + p.value("bias", {p.b, p.h, p.kvLocal});
       }},
      {"head_query_bias", of(mods::headQueryBias()),
       [](const Point &p) {
         return p.score + p.value("head", {p.h}) + p.value("query", {p.qLocal});
       }},
      {"position_bias", of(mods::positionBias()),
       [](const Point &p) {
         return p.score + p.value("bias", {p.q}) + p.value("bias", {p.kv});
       }},
      {"packed_bias",
       of(mods::packedBias()),
       [](const Point &p) {
         int last = p.b == 0 ? 6 : 13;
         return p.score + p.value("bias", {7 * p.b + std::min(p.kv, last)});
       },
       {.tables = {{"start", [](auto &i) { return 7 * i[0]; }},
                   {"len", [](auto &i) { return i[0] == 0 ? 7 : 14; }}}}},
      {"conditional_bias",
       of(mods::conditionalBias()),
       conditional,
       {.params = {{"reach", 5}},
        .tables = {{"start_q", [](auto &i) { return 19 * i[0]; }},
                   {"start_kv", [](auto &i) { return 23 * i[0]; }}},
        .any = 64}},
  };
}

std::vector<LibraryCase> test::biasCases() {
  std::vector<LibraryCase> cases = distanceCases();
  for (auto more : {tableCases(), placeCases()})
    cases.insert(cases.end(), more.begin(), more.end());
  return cases;
}

TEST(Biases, SlopesMayBeComputed) {
  expectFormula(of(mods::alibi(mods::computedSlopes())), [](const Point &p) {
    return p.score - std::exp2(-2.0 * (p.h + 1)) * distance(p);
  });
}
