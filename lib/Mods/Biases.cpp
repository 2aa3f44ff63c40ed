//===- Biases.cpp - Score mods that add -----------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Mods/Biases.h"

#include "FixedAxis.h"

using namespace attnjit;
using namespace attnjit::dsl;

//===----------------------------------------------------------------------===//
// Distances
//===----------------------------------------------------------------------===//

ScoreMod mods::relative() { return score + (q - kv); }

ScoreMod mods::absRelative(const F32 &factor) {
  return score + factor * abs(q - kv);
}

ScoreMod mods::clampedRelative(const I32 &limit) {
  return score + min(abs(q - kv), limit);
}

//===----------------------------------------------------------------------===//
// ALiBi
//===----------------------------------------------------------------------===//

F32 mods::tableOfSlopes() { return buffer<F32>("slopes", {Hq})[h]; }

F32 mods::computedSlopes() { return exp2(-8.0 * (h + 1) / Hq_global); }

ScoreMod mods::alibi(const F32 &slope) { return score - slope * abs(q - kv); }

ScoreMod mods::alibiSigned(const F32 &slope) {
  return score + slope * (kv - q);
}

ScoreMod mods::alibiReversed(const F32 &slope) {
  return score + slope * (q - kv);
}

ScoreMod mods::alibiComputed() { return alibiSigned(computedSlopes()); }

ScoreMod mods::alibiSqrt(const F32 &slope) {
  I32 r = kv - q;
  return where(r <= 0, score - slope * sqrt(-r), score);
}

//===----------------------------------------------------------------------===//
// Trained tables of distances
//===----------------------------------------------------------------------===//

/// The bucket of a distance of 0 or more: the first `exact` have one each, the
/// rest of `count` grows logarithmically up to `maxDistance`.
static I32 bucketOf(const I32 &distance, const I32 &exact, const I32 &count,
                    const F32 &maxDistance) {
  // Powers of two fall on a border between buckets. The small addend keeps
  // them on its upper side, whatever the last bit of the logarithm is.
  constexpr float kUp = 1e-4f;
  F32 scaled =
      log2(distance / exact) / log2(maxDistance / exact) * (count - exact);
  I32 large = min(exact + i32(scaled + kUp), count - 1);
  return where(distance < exact, distance, large);
}

ScoreMod mods::t5Buckets(const I32 &buckets, const F32 &maxDistance,
                         const Buffer<F32> &table) {
  I32 half = floordiv(buckets, 2), r = kv - q;
  I32 bucket = where(r > 0, half, 0) +
               bucketOf(abs(r), floordiv(half, 2), half, maxDistance);
  return score + table(bucket, h);
}

ScoreMod mods::t5BucketsCausal(const I32 &buckets, const F32 &maxDistance,
                               const Buffer<F32> &table) {
  I32 bucket =
      bucketOf(max(q - kv, 0), floordiv(buckets, 2), buckets, maxDistance);
  return score + table(bucket, h);
}

ScoreMod mods::bucketedBias(const I32 &reach, const Buffer<I32> &bucket,
                            const Buffer<F32> &table) {
  return score + table(bucket[q - kv + reach], h);
}

static I32 clampedDistance(const I32 &reach) {
  return clamp(q - kv, -reach, reach - 1) + reach;
}

ScoreMod mods::relativeTable(const I32 &reach, const Buffer<F32> &table) {
  return score + table(h, clampedDistance(reach));
}

ScoreMod mods::relativeTableShared(const I32 &reach, const Buffer<F32> &table) {
  return score + table[clampedDistance(reach)];
}

ScoreMod mods::sandwich(const Buffer<F32> &curve, const Buffer<F32> &factor) {
  return score + curve[q - kv + Skv - 1] * factor[h];
}

ScoreMod mods::swinBias(const I32 &window, const Buffer<F32> &table) {
  I32 dy = floordiv(q, window) - floordiv(kv, window) + window - 1;
  I32 dx = q % window - kv % window + window - 1;
  return score + table(dy * (2 * window - 1) + dx, h);
}

//===----------------------------------------------------------------------===//
// Graphs
//===----------------------------------------------------------------------===//

ScoreMod mods::graphormerSpatial(const Buffer<I32> &distance,
                                 const Buffer<F32> &table) {
  return score + table(h, distance(b, q_local, kv_local));
}

ScoreMod mods::graphormerEdges(const Buffer<I32> &edge,
                               const Buffer<I32> &length,
                               const Buffer<F32> &table) {
  I32 steps = length(b, q_local, kv_local);
  F32 path = sumAlong(edge, 3, [&](const I32 &n) {
    return where(n < steps, table(h, n, edge(b, q_local, kv_local, n)), 0.0);
  });
  return score + path / max(steps, 1);
}

//===----------------------------------------------------------------------===//
// Biases by head, batch, row and pair
//===----------------------------------------------------------------------===//

ScoreMod mods::headBias(const Buffer<F32> &bias) { return score + bias[h]; }

ScoreMod mods::batchBias(const Buffer<F32> &bias) { return score + bias[b]; }

ScoreMod mods::queryBias(const Buffer<F32> &bias) {
  return score + bias[q_local];
}

ScoreMod mods::keyBias(const Buffer<F32> &bias) {
  return score + bias[kv_local];
}

ScoreMod mods::queryKeyBias(const Buffer<F32> &bias) {
  return score + bias(q_local, kv_local);
}

ScoreMod mods::pairBias(const Buffer<F32> &bias) {
  return score + bias(b, h, q_local, kv_local);
}

ScoreMod mods::dynamicMaskBias(const Buffer<F32> &bias) {
  return score + bias(b, h, kv_local);
}

ScoreMod mods::headQueryBias(const Buffer<F32> &head,
                             const Buffer<F32> &query) {
  return score + head[h] + query[q_local];
}

ScoreMod mods::positionBias(const Buffer<F32> &bias) {
  return score + bias[q] + bias[kv];
}

ScoreMod mods::packedBias(const Buffer<F32> &bias, const Buffer<I32> &start,
                          const Buffer<I32> &len) {
  return score + bias[start[b] + min(kv, len[b] - 1)];
}

ScoreMod mods::conditionalBias(const I32 &reach, const Buffer<F32> &bias,
                               const Buffer<I32> &startQ,
                               const Buffer<I32> &startKv) {
  I32 at = startKv[b] + kv;
  Bool near = q >= kv && abs(startQ[b] + q - at) <= reach;
  return where(near, score + bias[at], -inf);
}
