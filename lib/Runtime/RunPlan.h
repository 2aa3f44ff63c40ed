//===- RunPlan.h - How a run is cut into work items -------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes an entry point and the sizes of a run; gives its work items. What is
// split in a plan never depends on the number of threads, so neither does a
// result: which queries make an item does, but not what becomes of each.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_RUNTIME_RUNPLAN_H
#define ATTNJIT_LIB_RUNTIME_RUNPLAN_H

#include "attnjit/Runtime/Launcher.h"

#include <span>

namespace attnjit {

RunPlan planRun(Entry entry, const EntryPoint &point, const RunSizes &sizes);

/// A run of prefill in items of `itemQueries` queries.
RunPlan planPrefill(const RunSizes &sizes, int64_t itemQueries);

/// How many queries, in whole strips, an item of prefill should have so that
/// `slots` threads are done soonest: as many as in `plan`, or fewer where there
/// are few items, or where one of them, by `costs`, is much of the work.
/// Without costs all cost the same.
int64_t fairItemQueries(const RunPlan &plan, int64_t strip, int slots,
                        std::span<const uint32_t> costs);

/// Floats that the partial results of a run take; 0 where it has none.
int64_t partialFloats(const RunPlan &plan, const EntryPoint &point);

/// Lets `out` refer to the partial results of a run: so many floats at
/// `partials`, and `plan.cells` counters at `arrivals`. Neither is used where
/// the run has none.
void fillPartials(const RunPlan &plan, const EntryPoint &point, float *partials,
                  uint32_t *arrivals, AttnJitKernelArgs &out);

} // namespace attnjit

#endif // ATTNJIT_LIB_RUNTIME_RUNPLAN_H
