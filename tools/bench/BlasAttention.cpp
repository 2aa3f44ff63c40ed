//===- BlasAttention.cpp - Attention the way BLAS allows ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The blocks of rows are small enough to stay in cache between the three steps;
// which size is best depends on the machine and is tried.
//
//===----------------------------------------------------------------------===//

#include "BlasAttention.h"

#include "Softmax.h"

#include "support/Measure.h"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace attnjit;
using namespace attnjit::bench;

BlasAttention::BlasAttention(int64_t S, int64_t D, const float *q,
                             const float *k, const float *v)
    : S(S), D(D) {
  openblas_set_num_threads(1);
  constexpr int64_t kCandidates[] = {32, 64, 128, 256, 512};
  constexpr int kTries = 5;
  std::vector<float> out(static_cast<size_t>(S * D));
  double bestMs = std::numeric_limits<double>::infinity();
  int64_t bestRows = 0;
  for (int64_t candidate : kCandidates) {
    rows = std::min(candidate, S);
    scores.resize(static_cast<size_t>(rows * S));
    for (int attempt = 0; attempt < kTries; ++attempt) {
      tool::Stopwatch stopwatch;
      run(q, k, v, out.data());
      if (stopwatch.ms() < bestMs) {
        bestMs = stopwatch.ms();
        bestRows = rows;
      }
    }
  }
  rows = bestRows;
}

void BlasAttention::run(const float *q, const float *k, const float *v,
                        float *out) {
  const float scale = 1 / std::sqrt(static_cast<float>(D));
  const auto s = static_cast<blasint>(S), d = static_cast<blasint>(D);
  for (int64_t begin = 0; begin < S; begin += rows) {
    const int64_t count = std::min(rows, S - begin);
    const auto n = static_cast<blasint>(count);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, s, d, scale,
                q + begin * D, d, k, d, 0, scores.data(), s);
    float sums[512];
    for (int64_t i = 0; i < count; ++i)
      sums[i] = exponentiateRow(scores.data() + i * S, S);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, d, s, 1,
                scores.data(), s, v, d, 0, out + begin * D, d);
    // Dividing D values a row is cheaper than dividing S.
    for (int64_t i = 0; i < count; ++i)
      scaleRow(out + (begin + i) * D, D, 1 / sums[i]);
  }
}

std::string BlasAttention::library() {
  return std::string(openblas_get_config()) + " (" + openblas_get_corename() +
         ")";
}
