//===- Peak.h - The machine's FMA peak, measured --------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the multiply-add units do when nothing but arithmetic is asked of them:
// FMAs on registers alone, of the width that a target's kernels use, in code
// that has nothing in common with the compiler's. (Zen 4 runs a 512-bit FMA as
// two halves and has one peak for both widths.)
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_PEAK_H
#define ATTNJIT_TOOLS_SUPPORT_PEAK_H

#include "attnjit/Spec/TargetSpec.h"
#include "attnjit/Support/Error.h"

namespace attnjit::tool {

/// GFLOP/s of `threads` threads at once, each for about `seconds`; one thread
/// is the calling one. Of each thread the best stretch of 0.4 ms counts: what
/// the machine can do, whoever else uses it. An Error of kind Unsupported where
/// it cannot execute the target's code.
Expected<double> measureFmaPeak(const TargetSpec &target, int threads,
                                double seconds);

/// Of the target that kernels are compiled for where none is named.
Expected<double> measureFmaPeak(int threads, double seconds);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_PEAK_H
