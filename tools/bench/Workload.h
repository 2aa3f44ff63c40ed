//===- Workload.h - A kernel and the arguments it is measured on ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod as text, a shape and a number of threads; gives times of runs.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_BENCH_WORKLOAD_H
#define ATTNJIT_TOOLS_BENCH_WORKLOAD_H

#include "support/Problem.h"

#include "attnjit/Engine/Engine.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace attnjit::bench {

/// A mask tensor whose bytes are all true.
enum class MaskTensor {
  None,
  PerPair, ///< [Sq, Skv]
  PerKey,  ///< [1, Skv]
};

class Workload;

struct WorkloadOptions {
  int threads = 1; ///< 0 stands for all cores
  MaskTensor mask = MaskTensor::None;
  DType dtype = DType::F32; ///< of q, k, v and out
  /// Called before pairs are counted: captured buffers are random until then.
  std::function<void(const Workload &)> prepare = {};
};

/// Compiled once, run many times, on random tensors.
class Workload {
public:
  /// `modText` is what a .mod file holds.
  static Expected<std::unique_ptr<Workload>>
  create(Engine &engine, std::string_view modText, const tool::Shape &shape,
         const WorkloadOptions &options = {});

  /// Milliseconds of one run.
  Expected<double> measureMs();
  /// Milliseconds of what RunArgs::costs does.
  Expected<double> measureDecisionsMs();
  /// Bytes that it fills.
  int64_t costBytes() const {
    return static_cast<int64_t>(costs.size() * sizeof(uint32_t));
  }
  const ModProgram &program() const { return mod; }
  /// Microseconds of asking the engine for the kernel that it has compiled.
  Expected<double> measureLookupUs();

  /// Of one run, on the pairs that the mask keeps.
  double flops() const { return flopCount; }
  const RunArgs &args() const { return problem->args(); }
  Entry entry() const { return chosenEntry; }
  int threads() const { return executor->concurrency(); }
  Executor &threadPool() const { return *executor; }

private:
  Workload(Engine &engine, ModProgram mod)
      : engine(engine), mod(std::move(mod)) {}

  Engine &engine;
  const ModProgram mod;
  std::shared_ptr<Executor> executor;
  std::vector<uint8_t> maskBytes;
  std::optional<tool::Problem> problem;
  Entry chosenEntry = Entry::Prefill;
  std::optional<Kernel> kernel;
  double flopCount = 0;
  std::vector<uint32_t> costs;
};

} // namespace attnjit::bench

#endif // ATTNJIT_TOOLS_BENCH_WORKLOAD_H
