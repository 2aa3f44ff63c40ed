//===- FiniteScores.h - Whether a run's scores can overflow -----*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes q and k of a run; gives whether every score scale * q . k is certainly
// a number below 2^60. `score + where(c, 0, -inf)` leaves a pair out then where
// c is false, whatever the score, and kernels skip tiles by c. Private to
// lib/Runtime.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_RUNTIME_FINITESCORES_H
#define ATTNJIT_LIB_RUNTIME_FINITESCORES_H

#include "attnjit/Runtime/Kernel.h"

namespace attnjit {

/// Reads all of q and k once, on `executor`. `scale` is the run's.
Expected<bool> areScoresFinite(const RunArgs &args, const RunSizes &sizes,
                               float scale, Executor &executor, int slots);

} // namespace attnjit

#endif // ATTNJIT_LIB_RUNTIME_FINITESCORES_H
