//===- KeptFraction.h - How much of a problem is work ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The share of (query, key) pairs that the mask mod and the mask tensor keep,
// by evaluating them. Useful arithmetic is counted on these pairs alone.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_KEPTFRACTION_H
#define ATTNJIT_TOOLS_SUPPORT_KEPTFRACTION_H

#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Runtime/Kernel.h"
#include "attnjit/Spec/AttentionSpec.h"

namespace attnjit::tool {

struct KeptFraction {
  double fraction = 1;
  /// Rows that were evaluated and rows that there are: fewer where the
  /// evaluation of all would take seconds.
  int64_t rowsCounted = 0, rowsTotal = 0;
};

/// Counts for arguments that a run accepts.
Expected<KeptFraction> countKept(const ModProgram &mod,
                                 const AttentionSpec &spec,
                                 const RunArgs &args);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_KEPTFRACTION_H
