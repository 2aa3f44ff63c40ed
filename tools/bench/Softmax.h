//===- Softmax.h - Rows of a softmax, vectorised by the compiler ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of attention that BLAS has no routine for.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_BENCH_SOFTMAX_H
#define ATTNJIT_TOOLS_BENCH_SOFTMAX_H

#include <cstdint>

namespace attnjit::bench {

/// Replaces each x of a row by exp(x - max); gives their sum.
float exponentiateRow(float *row, int64_t length);

/// Multiplies a row.
void scaleRow(float *row, int64_t length, float factor);

} // namespace attnjit::bench

#endif // ATTNJIT_TOOLS_BENCH_SOFTMAX_H
