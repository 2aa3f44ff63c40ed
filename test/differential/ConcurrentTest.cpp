//===- ConcurrentTest.cpp - One kernel on many threads --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs of one kernel at the same time, each with its own shape and captures:
// all get the bits that they get alone.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include <atomic>
#include <thread>

using namespace attnjit;
using namespace attnjit::test;

TEST(Concurrent, RunsOfOneKernelDoNotMeet) {
  const ModProgram mod = parsed("buffer slopes : f32[Hq] in [0.0, 1.0]\n"
                                "param window : i32 = 30\n"
                                "score = score - slopes[h] * abs(q - kv)\n"
                                "mask = q >= kv and q - kv < window\n");
  std::vector<std::unique_ptr<Problem>> problems;
  std::vector<std::vector<std::byte>> alone;
  for (uint64_t n = 0; n < 4; ++n) {
    Shape shape = {.B = 2, .Hkv = 2, .group = 2};
    shape.Sq = 10 + 60 * static_cast<int64_t>(n);
    shape.Skv = 200 - 50 * static_cast<int64_t>(n);
    shape.offsets = static_cast<Offsets>(n);
    problems.push_back(std::make_unique<Problem>(mod, shape, n));
    ASSERT_EQ(runAndCheck(mod, *problems[n], describeCase(mod, shape, n)),
              Outcome::Ran);
    alone.push_back(problems[n]->outputBytes());
  }

  std::atomic<int> different = 0, failed = 0;
  std::vector<std::jthread> threads;
  for (size_t n = 0; n < problems.size(); ++n)
    threads.emplace_back([&, n] {
      // Compiling is open to all threads as well.
      Expected<Kernel> kernel = compileKernel(mod, problems[n]->spec());
      for (int turn = 0; turn < 20; ++turn) {
        problems[n]->clearOutputs();
        failed += !kernel || !runKernel(*kernel, problems[n]->args);
        different += problems[n]->outputBytes() != alone[n];
      }
    });
  threads.clear();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(different, 0);
}
