//===- EngineTesting.cpp - What the tests of the engine share -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EngineTesting.h"

#include "attnjit/Reference/Reference.h"
#include "attnjit/Text/Parser.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <random>

namespace attnjit {

ModProgram parseText(std::string_view text) {
  ParseResult result = parseMod(text);
  for (const Diagnostic &diagnostic : result.diagnostics)
    ADD_FAILURE() << diagnostic.message << " in\n" << text;
  return result.program ? *result.program : ModProgram::identity();
}

SmallProblem::SmallProblem(int64_t D) {
  // Ragged: neither whole strips nor whole tiles. More than two strips of any
  // target, fewer of which might be computed by the decode entry point.
  constexpr int64_t kHeads = 2, kSq = 69, kSkv = 51;
  std::mt19937 random(1);
  auto fill = [&](std::vector<float> &data, int64_t rows) {
    data.resize(kHeads * rows * D);
    for (float &x : data)
      x = static_cast<float>(random() % 2001) / 1000 - 1;
  };
  fill(q, kSq);
  fill(k, kSkv);
  fill(v, kSkv);
  out.resize(q.size());
  auto tensor = [&](std::vector<float> &data, int64_t rows) {
    return Tensor::contiguous(data.data(), DType::F32, {1, kHeads, rows, D});
  };
  args.q = tensor(q, kSq);
  args.k = tensor(k, kSkv);
  args.v = tensor(v, kSkv);
  args.out = tensor(out, kSq);
}

testing::AssertionResult SmallProblem::passes(const Kernel &kernel,
                                              const ModProgram &mod) {
  std::fill(out.begin(), out.end(), -123.0f);
  if (auto done = kernel.run(args); !done)
    return testing::AssertionFailure() << done.error().message();
  auto report = checkAgainstReference(mod, args);
  if (!report)
    return testing::AssertionFailure() << report.error().message();
  if (!report->ok)
    return testing::AssertionFailure() << report->worst;
  return testing::AssertionSuccess();
}

void EngineTesting::SetUp() {
  std::string pattern = testing::TempDir() + "attnjit-engine-XXXXXX";
  ASSERT_NE(::mkdtemp(pattern.data()), nullptr) << std::strerror(errno);
  scratch = std::filesystem::canonical(pattern);
  if (!TargetSpec::host())
    GTEST_SKIP() << "no target runs on this machine";
}

void EngineTesting::TearDown() { std::filesystem::remove_all(scratch); }

EngineOptions EngineTesting::options() {
  EngineOptions options;
  options.cacheDirectory = scratch / "cache";
  options.warn = [this](std::string_view warning) {
    std::lock_guard lock(mutex);
    warnings.emplace_back(warning);
  };
  return options;
}

Engine EngineTesting::make(EngineOptions options) {
  auto engine = Engine::create(std::move(options));
  EXPECT_TRUE(engine) << engine.error().message();
  return std::move(*engine);
}

std::vector<std::string_view> stagesOf(const CompileReport &report) {
  std::vector<std::string_view> names;
  for (const StageTime &time : report.stages)
    names.push_back(time.stage);
  return names;
}

} // namespace attnjit
