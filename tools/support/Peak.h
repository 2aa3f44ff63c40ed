//===- Peak.h - The machine's FMA peak, measured --------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the multiply-add units of x86-64-v3 do when nothing but arithmetic is
// asked of them: 256-bit FMAs on registers alone, in code that has nothing in
// common with the compiler's. Processors with 512-bit registers may do more
// with them; kernels for x86-64-v3 cannot, so theirs is this peak. (Zen 4 runs
// a 512-bit FMA as two halves and has one peak for both.)
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_PEAK_H
#define ATTNJIT_TOOLS_SUPPORT_PEAK_H

#include "attnjit/Support/Error.h"

namespace attnjit::tool {

/// GFLOP/s of `threads` threads at once, each for about `seconds`; one thread
/// is the calling one. Of each thread the best stretch of 0.4 ms counts: what
/// the machine can do, whoever else uses it. An Error of kind Unsupported where
/// it has no AVX2 or FMA.
Expected<double> measureFmaPeak(int threads, double seconds);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_PEAK_H
