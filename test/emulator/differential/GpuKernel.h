//===- GpuKernel.h - A generated kernel on the emulator ---------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles a mod for a GPU target and launches it as the driver would: the ABI
// struct by value, buffers, params and summaries behind it, one block an item;
// before it the kernel that makes the summaries.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_DIFFERENTIAL_GPUKERNEL_H
#define ATTNJIT_TEST_EMULATOR_DIFFERENTIAL_GPUKERNEL_H

#include "Emulator.h"
#include "Problem.h"
#include "RangeSummaries.h"
#include "RunPlan.h"

#include "attnjit/Engine/Engine.h"
#include "attnjit/Spec/GpuSchedule.h"

#include <optional>
#include <span>
#include <string>

namespace attnjit::test {

class GpuKernel {
public:
  /// Errors: the mod is not supported; the emulator does not know something of
  /// the kernel.
  static Expected<GpuKernel> compile(const ModProgram &mod,
                                     const AttentionSpec &spec,
                                     const TargetSpec &target,
                                     Entry entry = Entry::Prefill);

  /// The kernel's optimised LLVM IR.
  const std::string &ir() const { return text; }
  const GpuSchedule &schedule() const { return chosen; }
  /// The same kernel with other code.
  Expected<GpuKernel> withIr(std::string changed) const;

  /// Keys of one split of a decode run, a multiple of 64; 0: as a run would.
  int64_t splitKeys = 0;
  /// Memory of q, k and v that a run must not touch.
  std::vector<emulator::MemoryRange> missing;

  /// Checks the arguments as a run does, then launches. Errors of the
  /// arguments are those of `checkRunArgs`.
  Expected<void> run(const RunArgs &args, uint64_t seed, bool perturbs = false);

private:
  GpuKernel(Entry entry, KernelSignature signature, GpuSchedule schedule,
            std::string text, emulator::Emulator emulator,
            std::optional<emulator::Emulator> summaries)
      : entry(entry), signature(std::move(signature)), chosen(schedule),
        text(std::move(text)), emulator(std::move(emulator)),
        summaries(std::move(summaries)) {}

  static Expected<GpuKernel> load(Entry entry, KernelSignature signature,
                                  const GpuSchedule &schedule,
                                  std::string text);

  RunPlan plan(const RunSizes &sizes, const EntryPoint &point) const;
  Expected<void> summarize(RunSummaries &summaries, std::span<int32_t> entries,
                           const emulator::Options &options);

  Entry entry;
  KernelSignature signature;
  GpuSchedule chosen;
  std::string text;
  emulator::Emulator emulator;
  /// The kernel that summarises buffers, where there is one.
  std::optional<emulator::Emulator> summaries;
};

/// Launches the kernel of summaries as the runtime would for one of them.
Expected<void> runSummary(emulator::Emulator &kernel,
                          const SummarySource &source, int32_t *entries,
                          const emulator::Options &options);

/// Runs, then compares with the Reference and looks at the gaps of the outputs;
/// gives what is wrong, empty where nothing is.
std::string runAndJudge(const ModProgram &mod, GpuKernel &kernel,
                        Problem &problem, uint64_t seed,
                        int64_t maxPairs = 400'000);

} // namespace attnjit::test

#endif // ATTNJIT_TEST_EMULATOR_DIFFERENTIAL_GPUKERNEL_H
