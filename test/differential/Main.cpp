//===- Main.cpp - Runs the differential tests -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Says which target is tested. Exits with 77, which ctest knows as a skip,
// where this machine cannot execute it.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include <fmt/format.h>

using namespace attnjit;

static constexpr int kSkipped = 77;

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  const Expected<TargetSpec> target = test::testedTarget();
  if (!target) {
    fmt::print(stderr, "ATTNJIT_TEST_TARGET: {}\n", target.error().message());
    const ErrorKind kind = target.error().kind();
    return kind == ErrorKind::Unsupported || kind == ErrorKind::Environment
               ? kSkipped
               : 1;
  }
  if (!target->isGpu() && !target->runsHere()) {
    fmt::print("[SKIP] this machine cannot execute {}\n", target->name());
    return kSkipped;
  }
  fmt::print("kernels for {}\n", target->name());
  return RUN_ALL_TESTS();
}
