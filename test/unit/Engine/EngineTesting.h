//===- EngineTesting.h - What the tests of the engine share -----*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A directory of the test's own, engines whose warnings are kept, mods from
// text, and a small problem to run kernels on.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_ENGINE_ENGINETESTING_H
#define ATTNJIT_TEST_UNIT_ENGINE_ENGINETESTING_H

#include "attnjit/Engine/Engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace attnjit {

inline constexpr std::string_view kCausal = "mask = q >= kv\n";

/// The mod of that text; the identity and a test failure where it has errors.
ModProgram parseText(std::string_view text);

/// Random tensors of one batch entry, two heads and `D` dimensions.
class SmallProblem {
public:
  explicit SmallProblem(int64_t D = 16);

  /// Whether a run succeeds and its output is within the documented bound;
  /// otherwise what is wrong. `mod` with its own names, as `args` has them.
  testing::AssertionResult passes(const Kernel &kernel, const ModProgram &mod);

  RunArgs args;

private:
  std::vector<float> q, k, v, out;
};

class EngineTesting : public testing::Test {
protected:
  void SetUp() override;
  void TearDown() override;

  /// Caches in `scratch / "cache"`, and keeps warnings.
  EngineOptions options();
  /// One with these options; fails the test where there is none.
  Engine make() { return make(options()); }
  static Engine make(EngineOptions options);

  std::filesystem::path scratch;
  std::mutex mutex;
  std::vector<std::string> warnings;
};

/// Names of the stages that a report lists.
std::vector<std::string_view> stagesOf(const CompileReport &report);

} // namespace attnjit

#endif // ATTNJIT_TEST_UNIT_ENGINE_ENGINETESTING_H
