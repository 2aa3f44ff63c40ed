//===- RunPlan.cpp - How a run is cut into work items ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RunPlan.h"

#include <algorithm>
#include <numeric>

using namespace attnjit;

/// Fewer keys than this are not split: a partial result is written, read and
/// merged for each split.
static constexpr int64_t kLeastSplitKeys = 512;
/// Splits begin at multiples of this, a multiple of every kernel's block.
static constexpr int64_t kSplitStep = 64;

/// What an item costs besides its strips, in strips: K and V come from L2 or
/// farther, V is copied, queries are packed. On Cascade Lake (x86-64-v4, D =
/// 128, 2048 keys) items of 1, 2 and 3 strips take 1.58, 1.23 and 1.11 times as
/// long a strip as one of 6.
static constexpr double kItemOverhead = 0.8;

static int64_t divideUp(int64_t x, int64_t y) { return x / y + (x % y != 0); }

/// A strip filled to at most this many percent is left to decode. On Zen 3 a
/// row of decode takes as long as 1.33 rows of a full strip of 24. On Cascade
/// Lake, with strips of 32, decode takes as long as one strip at 28 to 30
/// queries and as long as two at 54 to 56 (D = 128, 4 heads a group, Skv = 64
/// to 4096); on Zen 4 the ratio is 0.84.
static int64_t decodePercent(int64_t strip) { return strip > 24 ? 85 : 75; }

Entry attnjit::chooseEntry(const KernelSignature &signature,
                           const RunSizes &sizes) {
  if (signature.prefillOnly)
    return Entry::Prefill;
  // Prefill computes whole strips of queries, so Sq = 1 costs it what a strip
  // does; decode costs the same for each row, more than a row of a full strip.
  // It also reads K and V once for all heads of a group.
  const int64_t strip = signature.strip;
  int64_t computed = divideUp(sizes.Sq, strip) * strip;
  return sizes.Sq <= 2 * strip &&
                 sizes.Sq * 100 <= computed * decodePercent(strip)
             ? Entry::Decode
             : Entry::Prefill;
}

RunPlan attnjit::planPrefill(const RunSizes &sizes, int64_t itemQueries) {
  RunPlan plan;
  plan.itemQueries = itemQueries;
  // Fits wherever there is a block: `out` has at least that many elements.
  if (int64_t blocks = divideUp(sizes.Sq, itemQueries))
    plan.items = sizes.B * sizes.Hq * (plan.itemsPerHead = blocks);
  return plan;
}

int64_t attnjit::fairItemQueries(const RunPlan &plan, int64_t strip, int slots,
                                 std::span<const uint32_t> costs) {
  if (plan.items == 0 || slots == 1)
    return plan.itemQueries;
  // Of all the work, what the largest item is.
  double largest = 1.0 / static_cast<double>(plan.items);
  if (!costs.empty()) {
    const double total = std::accumulate(costs.begin(), costs.end(), 0.0);
    largest = total > 0 ? std::ranges::max(costs) / total : 0;
  }
  const int64_t most = plan.itemQueries / strip;
  // Until the last thread is done, where all the work without overhead is 1.
  auto span = [&](int64_t strips) {
    const double item = largest * static_cast<double>(strips) / most;
    double busy;
    if (costs.empty()) {
      const int64_t items = plan.items * divideUp(most, strips);
      busy = static_cast<double>(divideUp(items, slots)) * item;
    } else {
      // The last items come at any time while others end theirs.
      const double even = 1.0 / slots;
      busy = std::max(item, even + (1 - even) * item / 2);
    }
    return busy * (1 + kItemOverhead / static_cast<double>(strips));
  };
  int64_t best = most;
  for (int64_t strips = most; --strips > 0;)
    if (span(strips) < span(best))
      best = strips;
  return best * strip;
}

static RunPlan planDecode(const EntryPoint &point, const RunSizes &sizes) {
  RunPlan plan;
  if (sizes.B == 0 || sizes.Hq == 0 || sizes.Sq == 0)
    return plan;
  int64_t rows = sizes.Hq / sizes.Hkv * sizes.Sq;
  plan.cells = sizes.B * sizes.Hkv * divideUp(rows, point.blockRows);
  int64_t most = std::max<int64_t>(1, sizes.Skv / kLeastSplitKeys);
  int64_t splits = std::min(divideUp(point.wantedItems, plan.cells), most);
  plan.splitKeys =
      std::max(kSplitStep,
               divideUp(divideUp(sizes.Skv, splits), kSplitStep) * kSplitStep);
  splits = std::max<int64_t>(1, divideUp(sizes.Skv, plan.splitKeys));
  plan.items = plan.cells * splits;
  plan.partialRows = splits > 1 ? std::min(rows, point.blockRows) : 0;
  return plan;
}

RunPlan attnjit::planRun(Entry entry, const EntryPoint &point,
                         const RunSizes &sizes) {
  return entry == Entry::Prefill ? planPrefill(sizes, point.blockRows)
                                 : planDecode(point, sizes);
}

int64_t attnjit::partialFloats(const RunPlan &plan, const EntryPoint &point) {
  // At most some hundred items are partial: this does not overflow.
  return plan.items * plan.partialRows * (point.partialWidth + 2);
}

void attnjit::fillPartials(const RunPlan &plan, const EntryPoint &point,
                           float *partials, uint32_t *arrivals,
                           AttnJitKernelArgs &out) {
  out.split_keys = plan.splitKeys;
  if (plan.partialRows == 0)
    return;
  out.split_arrivals = arrivals;
  auto take = [&](int64_t width) {
    AttnJitTensor tensor = {partials, {plan.partialRows * width, width, 1, 0}};
    partials += plan.items * plan.partialRows * width;
    return tensor;
  };
  out.partial_out = take(point.partialWidth);
  out.partial_m = take(1);
  out.partial_l = take(1);
}
