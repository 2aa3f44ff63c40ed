//===- Harness.h - Running a case and judging it --------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles a mod, runs it under several executors, and compares the results
// bit by bit with each other and within the error bound with the Reference.
// Failures are reported to GoogleTest with the mod, the shape and the seed.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_DIFFERENTIAL_HARNESS_H
#define ATTNJIT_TEST_DIFFERENTIAL_HARNESS_H

#include "Problem.h"

#include "attnjit/Engine/Engine.h"
#include "attnjit/Spec/TargetSpec.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace attnjit::test {

/// Whether ATTNJIT_TEST_ALL asks for the long run.
bool isFullRun();

/// The seed of ATTNJIT_TEST_SEED: run that one random case alone.
std::optional<uint64_t> seedFromEnvironment();

/// What ATTNJIT_TEST_TARGET names (`cuda`: the best for this machine's GPU),
/// else `host`; the Error where that is no target or none is executed here.
Expected<TargetSpec> testedTarget();

/// The kernel for the tested target, from an engine without a disk cache that
/// all tests share.
Expected<Kernel> compileKernel(const ModProgram &mod,
                               const AttentionSpec &spec);

/// Runs a kernel on tensors in host memory, which are copied to a GPU and back
/// where it runs there.
Expected<void> runKernel(const Kernel &kernel, const RunArgs &args);

/// The mod of a .mod text that must be right.
ModProgram parsed(std::string_view text);

/// The mod as text, the shape and the seed.
std::string describeCase(const ModProgram &mod, const Shape &shape,
                         uint64_t seed);

enum class Outcome {
  Ran,
  Refused, ///< the arguments, by kernel and Reference alike
  TooWide, ///< no kernel for a GPU takes these head sizes
  Failed,  ///< reported to GoogleTest
};

/// Compiles and runs: serially, on two threads, and adversarially, all with
/// the same bits. The outputs are those of the last run.
Outcome runEverywhere(const ModProgram &mod, Problem &problem,
                      const std::string &note);

/// runEverywhere, then the Reference on about `maxPairs` pairs.
Outcome runAndCheck(const ModProgram &mod, Problem &problem,
                    const std::string &note, int64_t maxPairs = 200'000);

} // namespace attnjit::test

#endif // ATTNJIT_TEST_DIFFERENTIAL_HARNESS_H
