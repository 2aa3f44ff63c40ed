//===- ItemOrder.cpp - In which order work items run ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ItemOrder.h"

#include <algorithm>
#include <numeric>

using namespace attnjit;

bool attnjit::orderByCost(std::span<const uint32_t> costs, int64_t perHead,
                          std::span<int64_t> order) {
  auto [least, most] = std::minmax_element(costs.begin(), costs.end());
  if (costs.empty() || *least == *most)
    return false;
  std::iota(order.begin(), order.end(), 0);
  const auto count = static_cast<int64_t>(costs.size());
  const int64_t stretch = perHead > 1 ? perHead : count;
  // Ties in their order: neighbours share keys. std::sort with the number as a
  // second key, since std::stable_sort allocates.
  auto before = [&](int64_t x, int64_t y) {
    return costs[x] != costs[y] ? costs[x] > costs[y] : x < y;
  };
  for (int64_t begin = 0; begin < count; begin += stretch)
    std::sort(order.begin() + begin,
              order.begin() + std::min(count, begin + stretch), before);
  return true;
}
