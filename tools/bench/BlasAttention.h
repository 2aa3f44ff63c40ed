//===- BlasAttention.h - Attention the way BLAS allows --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a careful user writes without a fused kernel: a block of rows of
// S = Q K^T by sgemm, a vectorised softmax over it while it is in cache, then
// O = P V by sgemm. One thread.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_BENCH_BLASATTENTION_H
#define ATTNJIT_TOOLS_BENCH_BLASATTENTION_H

#include <cstdint>
#include <string>
#include <vector>

namespace attnjit::bench {

/// f32 attention of one head with D = Dv, contiguous tensors, scale 1/sqrt(D).
class BlasAttention {
public:
  /// Tries block sizes on the given tensors and keeps the fastest.
  BlasAttention(int64_t S, int64_t D, const float *q, const float *k,
                const float *v);

  /// q, k, v, out: [S, D].
  void run(const float *q, const float *k, const float *v, float *out);

  /// Query rows of one block.
  int64_t blockRows() const { return rows; }
  /// Version and kernels of the library.
  static std::string library();

private:
  const int64_t S, D;
  int64_t rows = 0;
  std::vector<float> scores; ///< [rows, S]
};

} // namespace attnjit::bench

#endif // ATTNJIT_TOOLS_BENCH_BLASATTENTION_H
