//===- Launcher.h - How the code of an entry point is run -------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one thing that differs between a CPU and a GPU once a run is checked and
// planned: where memory for it comes from, and how its work items reach the
// code. HostLauncher calls functions on threads; Cuda/CudaLauncher.h launches
// on a stream.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_LAUNCHER_H
#define ATTNJIT_RUNTIME_LAUNCHER_H

#include "attnjit/ABI/KernelArgs.h"
#include "attnjit/Runtime/Kernel.h"

namespace attnjit {

/// How a run is cut into work items.
struct RunPlan {
  /// Prefill: one per (b, h, block of rows), in that order. Decode: one per
  /// (b, key head, block of rows, split of the keys).
  int64_t items = 0;
  int64_t itemsPerHead = 1; ///< prefill: blocks of rows
  int64_t itemQueries = 0;  ///< prefill: queries of one block of rows
  int64_t splitKeys = 0;    ///< decode: keys of one split
  int64_t cells = 0;        ///< decode: (b, key head, block of rows) triples
  int64_t partialRows = 0;  ///< rows of one partial result; 0 where none is
};

/// A run with at least one work item, checked and planned.
struct Launch {
  const KernelSignature &signature;
  const EntryPoint &point;
  const RunArgs &args;
  const RunSizes &sizes;
  const RunPlan &plan;
  Executor &executor; ///< for code that runs on the CPU
};

/// Code of an entry point, loaded. Thread-safe.
class Launcher {
public:
  virtual ~Launcher() = default;

  /// Does all work items of a run, or starts them. Errors as Kernel::run.
  virtual Expected<void> launch(const Launch &launch) const = 0;
};

/// Machine code of an entry point in this process.
struct HostCode {
  AttnJitKernelFn function = nullptr;
  /// Writes an estimate of the cost of each work item of its range to
  /// `item_costs`; null where all cost the same.
  AttnJitKernelFn cost = nullptr;
  std::shared_ptr<const void> code; ///< keeps the functions' memory alive
  /// Workspace of one piece of work, in bytes.
  int64_t workspaceBytes = 0;
};

/// Runs work items on the threads of an executor.
std::shared_ptr<const Launcher> makeHostLauncher(HostCode code);

/// For code that this machine cannot run: every run fails with `why`.
std::shared_ptr<const Launcher> makeRefusingLauncher(Error why);

} // namespace attnjit

#endif // ATTNJIT_RUNTIME_LAUNCHER_H
