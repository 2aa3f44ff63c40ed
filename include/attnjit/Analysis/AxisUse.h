//===- AxisUse.h - Which buffer axes positions subscript ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod; gives, for each captured buffer and axis, whether a hook
// subscripts it by exactly `q` or `kv`. Global positions in a dimension that
// is declared local are a mistake that a run with offsets can then report.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_ANALYSIS_AXISUSE_H
#define ATTNJIT_ANALYSIS_AXISUSE_H

#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Support/Capture.h"

#include <array>
#include <vector>

namespace attnjit {

/// How one axis of a buffer is subscripted. `q + 1` or `clamp(q, ...)` is not
/// `q`.
struct AxisUse {
  bool byQ = false;  ///< some subscript is the variable `q`
  bool byKv = false; ///< some subscript is the variable `kv`

  bool operator==(const AxisUse &) const = default;
};

/// By ordinal of `mod.buffers()`, then by axis; axes past the rank are unused.
/// Looks at all hooks, subscripts of subscripts included.
std::vector<std::array<AxisUse, kMaxBufferRank>>
computeAxisUse(const ModProgram &mod);

/// Bit n: subscript n of the load lies in its axis, whatever the positions,
/// sizes, params and contents of buffers are: no clamp is needed. Proven from
/// constants, and from what `%`, `&` and element types allow.
unsigned provenAxes(const Expr &load);

} // namespace attnjit

#endif // ATTNJIT_ANALYSIS_AXISUSE_H
