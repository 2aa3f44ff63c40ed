//===- ReadableBounds.h - Bounds as people would write them -----*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes an expression of tile bounds; gives what it says where no i32
// arithmetic of the mask wraps, for messages:
//
//   i64(window) <= where(i64(q_hi) - i64(kv_lo) < 2147483648 and ...,
//                        i64(q_lo) - i64(kv_hi), -2147483648)
//     ->  window <= q_lo - kv_hi
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_ANALYSIS_READABLEBOUNDS_H
#define ATTNJIT_ANALYSIS_READABLEBOUNDS_H

#include "attnjit/Expr/Expr.h"

namespace attnjit {

/// `bound` with wrap-around left out of account. Not equal to it: to be shown,
/// not evaluated.
Expr readableBound(const Expr &bound);

} // namespace attnjit

#endif // ATTNJIT_ANALYSIS_READABLEBOUNDS_H
