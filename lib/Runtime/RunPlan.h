//===- RunPlan.h - How a run is cut into work items -------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes an entry point and the sizes of a run; gives its work items. A plan
// never depends on the number of threads, so neither does a result.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_RUNTIME_RUNPLAN_H
#define ATTNJIT_LIB_RUNTIME_RUNPLAN_H

#include "attnjit/Runtime/Kernel.h"

namespace attnjit {

struct RunPlan {
  /// Prefill: one per (b, h, block of rows), in that order. Decode: one per
  /// (b, key head, block of rows, split of the keys).
  int64_t items = 0;
  int64_t itemsPerHead = 1; ///< prefill: blocks of rows
  int64_t splitKeys = 0;    ///< decode: keys of one split
  int64_t cells = 0;        ///< decode: (b, key head, block of rows) triples
  int64_t partialRows = 0;  ///< rows of one partial result; 0 where none is
};

RunPlan planRun(Entry entry, const EntryPoint &point, const RunSizes &sizes);

} // namespace attnjit

#endif // ATTNJIT_LIB_RUNTIME_RUNPLAN_H
