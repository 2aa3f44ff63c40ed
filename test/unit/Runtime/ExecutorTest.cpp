//===- ExecutorTest.cpp - Tests of executors ------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Executor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace attnjit;
using testing::HasSubstr;

/// Runs `count` items and checks the contract: each once, slots in range and
/// never shared by two pieces at a time.
static void expectContract(Executor &executor, int64_t count) {
  ASSERT_GE(executor.concurrency(), 1);
  std::vector<std::atomic<int>> runs(count);
  std::vector<std::atomic<bool>> busy(executor.concurrency());
  std::atomic<int> violations = 0;
  executor.parallelFor(count, [&](int64_t begin, int64_t end, int slot) {
    if (slot < 0 || slot >= executor.concurrency() || begin < 0 ||
        end > count || begin > end) {
      ++violations;
      return;
    }
    if (busy[slot].exchange(true))
      ++violations;
    for (int64_t i = begin; i < end; ++i)
      ++runs[i];
    std::this_thread::yield();
    busy[slot] = false;
  });
  EXPECT_EQ(violations, 0);
  for (int64_t i = 0; i < count; ++i)
    EXPECT_EQ(runs[i], 1) << "item " << i << " of " << count;
}

TEST(Executor, SerialKeepsTheContract) {
  auto executor = makeSerialExecutor();
  EXPECT_EQ(executor->concurrency(), 1);
  for (int64_t count : {0, 1, 2, 1000})
    expectContract(*executor, count);
}

TEST(Executor, ThreadedKeepsTheContract) {
  // More threads than cores, so that slots are contended.
  tbb::global_control allow(tbb::global_control::max_allowed_parallelism, 8);
  for (int threads : {0, 1, 2, 3, 8}) {
    auto executor = makeThreadedExecutor(threads);
    if (threads > 0)
      EXPECT_EQ(executor->concurrency(), threads);
    for (int64_t count : {0, 1, 2, 7, 64, 1000, 20000})
      expectContract(*executor, count);
  }
}

TEST(Executor, ThreadCountsAreClampedToWhatThereIs) {
  int all = makeThreadedExecutor(0)->concurrency();
  EXPECT_EQ(makeThreadedExecutor(-5)->concurrency(), all);
  EXPECT_EQ(makeThreadedExecutor(2'000'000'000)->concurrency(), all);
}

TEST(Executor, WorksFromSeveralThreadsAndInsideOtherArenas) {
  tbb::global_control allow(tbb::global_control::max_allowed_parallelism, 4);
  auto executor = makeThreadedExecutor(3);
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 6; ++caller)
    callers.emplace_back([&] {
      for (int round = 0; round < 20; ++round)
        expectContract(*executor, 100);
    });
  for (std::thread &caller : callers)
    caller.join();
  tbb::task_arena outer(4);
  outer.execute([&] {
    tbb::parallel_for(0, 16, [&](int) { expectContract(*executor, 100); });
  });
}

TEST(Executor, ItemsOfUnevenCostAreSharedOut) {
  tbb::global_control allow(tbb::global_control::max_allowed_parallelism, 4);
  auto executor = makeThreadedExecutor(4);
  // The first item waits for all others: it must be a piece of its own, and
  // the others must reach another thread.
  constexpr int kItems = 32;
  std::atomic<int> done = 0;
  bool alone = true;
  executor->parallelFor(kItems, [&](int64_t begin, int64_t end, int) {
    if (begin == 0) {
      alone = end == 1;
      auto deadline =
          std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (done < kItems - 1 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    }
    done += static_cast<int>(end - begin);
  });
  EXPECT_TRUE(alone);
  EXPECT_EQ(done, kItems);
}

//===----------------------------------------------------------------------===//
// runItems
//===----------------------------------------------------------------------===//

namespace {
/// An executor that does what the test says.
class ScriptedExecutor final : public Executor {
public:
  using Script = std::function<void(
      int64_t, const std::function<void(int64_t, int64_t, int)> &)>;
  ScriptedExecutor(int slots, Script script)
      : slots(slots), script(std::move(script)) {}
  int concurrency() const override { return slots; }
  void
  parallelFor(int64_t count,
              const std::function<void(int64_t, int64_t, int)> &body) override {
    script(count, body);
  }

private:
  int slots;
  Script script;
};
} // namespace

TEST(RunItems, FindsBrokenContracts) {
  using Body = const std::function<void(int64_t, int64_t, int)> &;
  struct Case {
    int slots;
    ScriptedExecutor::Script script;
    std::string_view message;
  };
  for (const Case &c : {
           Case{0, [](int64_t, Body) {}, "has concurrency 0"},
           Case{2, [](int64_t, Body) {}, "ran 0 of 10"},
           Case{2, [](int64_t, Body body) { body(0, 9, 0); }, "ran 9 of 10"},
           Case{2, [](int64_t, Body body) { body(0, 10, 2); }, "not exist"},
           Case{2, [](int64_t, Body body) { body(0, 10, -1); }, "not exist"},
           Case{2, [](int64_t, Body body) { body(-1, 9, 0); }, "not exist"},
           Case{2, [](int64_t, Body body) { body(1, 11, 0); }, "not exist"},
           Case{2, [](int64_t, Body body) { body(6, 4, 0); }, "not exist"},
           Case{2, [](int64_t n, Body body) { body(0, n, 0), body(0, n, 1); },
                "ran 20 of 10"},
           Case{2, [](int64_t, Body) { throw std::runtime_error("x"); },
                "threw"},
       }) {
    ScriptedExecutor executor(c.slots, c.script);
    Expected<void> result =
        runItems(executor, c.slots, 10, [](int64_t begin, int64_t end, int s) {
          EXPECT_TRUE(0 <= begin && begin <= end && end <= 10);
          EXPECT_TRUE(s == 0 || s == 1);
        });
    ASSERT_FALSE(result) << c.message;
    EXPECT_THAT(result.error().message(), HasSubstr(std::string(c.message)));
  }
  ScriptedExecutor backwards(2, [](int64_t n, Body body) {
    for (int64_t i = n - 1; i >= 0; --i)
      body(i, i + 1, static_cast<int>(i % 2));
  });
  EXPECT_TRUE(runItems(backwards, 2, 10, [](int64_t, int64_t, int) {}));
}
