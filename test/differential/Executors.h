//===- Executors.h - Executors that look for trouble ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What an Executor may lawfully do and a sensible one does not.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_DIFFERENTIAL_EXECUTORS_H
#define ATTNJIT_TEST_DIFFERENTIAL_EXECUTORS_H

#include "RandomExpr.h"

#include "attnjit/Runtime/Executor.h"

#include <atomic>
#include <numeric>
#include <thread>
#include <vector>

namespace attnjit::test {

/// One item a piece, in random order, on threads that start and end with each
/// call and have the slots in random order.
class AdversarialExecutor : public Executor {
public:
  explicit AdversarialExecutor(uint64_t seed, int threads = 3)
      : random(seed), threads(threads) {}

  int concurrency() const override { return threads; }

  void
  parallelFor(int64_t count,
              const std::function<void(int64_t, int64_t, int)> &body) override {
    std::vector<int64_t> items = shuffled(count);
    std::vector<int64_t> slots = shuffled(threads);
    std::atomic<size_t> next = 0;
    std::vector<std::jthread> running;
    for (int64_t slot : slots)
      running.emplace_back([&, slot] {
        for (size_t k; (k = next++) < items.size();)
          body(items[k], items[k] + 1, static_cast<int>(slot));
      });
  }

private:
  std::vector<int64_t> shuffled(int64_t count) {
    std::vector<int64_t> order(count);
    std::iota(order.begin(), order.end(), 0);
    for (int64_t k = count; k > 1; --k)
      std::swap(order[k - 1], order[below(random, k)]);
    return order;
  }

  Random random;
  int threads;
};

} // namespace attnjit::test

#endif // ATTNJIT_TEST_DIFFERENTIAL_EXECUTORS_H
