//===- Problem.h - Random tensors and a second opinion ----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `Problem` owns the tensors of a run. `Oracle` computes a row from formulas
// that a test writes in plain C++: no expression, no interpreter, none of the
// Reference's code.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_REFERENCE_PROBLEM_H
#define ATTNJIT_TEST_UNIT_REFERENCE_PROBLEM_H

#include "attnjit/Expr/Builder.h"
#include "attnjit/Reference/Reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <vector>

namespace attnjit {

/// Element (b, h, s, d) of a floating-point tensor of rank 3 or 4.
inline double elementAt(const Tensor &t, int64_t b, int64_t h, int64_t s,
                        int64_t d = 0) {
  int64_t index = b * t.stride[0] + h * t.stride[1] + s * t.stride[2] +
                  (t.rank == 4 ? d * t.stride[3] : 0);
  if (t.dtype == DType::F32)
    return static_cast<const float *>(t.data)[index];
  uint16_t bits = static_cast<const uint16_t *>(t.data)[index];
  return t.dtype == DType::F16 ? halfToFloat(bits) : bfloatToFloat(bits);
}

inline void setElement(const Tensor &t, int64_t b, int64_t h, int64_t s,
                       int64_t d, double value) {
  int64_t index = b * t.stride[0] + h * t.stride[1] + s * t.stride[2] +
                  (t.rank == 4 ? d * t.stride[3] : 0);
  float rounded = static_cast<float>(value);
  if (t.dtype == DType::F32)
    static_cast<float *>(t.data)[index] = rounded;
  else
    static_cast<uint16_t *>(t.data)[index] =
        t.dtype == DType::F16 ? floatToHalf(rounded) : floatToBfloat(rounded);
}

struct ProblemSizes {
  int64_t B = 1, Hq = 1, Hkv = 1, Sq = 4, Skv = 4, D = 8, Dv = 8;
  DType dtype = DType::F32;
};

class Problem {
public:
  explicit Problem(ProblemSizes s, uint64_t seed = 1) : sizes(s), random(seed) {
    args.q = make({s.B, s.Hq, s.Sq, s.D}, s.dtype);
    args.k = make({s.B, s.Hkv, s.Skv, s.D}, s.dtype);
    args.v = make({s.B, s.Hkv, s.Skv, s.Dv}, s.dtype);
    args.out = make({s.B, s.Hq, s.Sq, s.Dv}, s.dtype);
    args.lse = make({s.B, s.Hq, s.Sq}, DType::F32);
    for (const Tensor *t : {&args.q, &args.k, &args.v})
      fill(*t);
  }

  /// Memory of a tensor whose rows are padded, or whose heads and rows are
  /// interleaved as in a [B, S, H, D] layout.
  Tensor make(std::vector<int64_t> shape, DType dtype) {
    Tensor t = Tensor::contiguous(static_cast<void *>(nullptr), dtype, shape);
    int64_t elements = t.elements();
    if (shape.size() == 4 && random() % 2) {
      int64_t row = shape[3] + static_cast<int64_t>(random() % 3);
      t.stride = {shape[1] * shape[2] * row, row, shape[1] * row, 1};
      elements = shape[0] * t.stride[0];
    }
    memory.push_back(std::make_unique<uint64_t[]>(elements / 2 + 1 + elements));
    t.data = memory.back().get();
    return t;
  }

  void fill(const Tensor &t) {
    std::normal_distribution<double> normal;
    for (int64_t b = 0; b < t.shape[0]; ++b)
      for (int64_t h = 0; h < t.shape[1]; ++h)
        for (int64_t s = 0; s < t.shape[2]; ++s)
          for (int64_t d = 0; d < t.shape[3]; ++d)
            setElement(t, b, h, s, d, normal(random));
  }

  /// Writes the Reference's rows to out and lse, rounded.
  void runReference(const ModProgram &mod) {
    Expected<Reference> reference = Reference::create(mod, args);
    ASSERT_TRUE(reference) << reference.error().message();
    ReferenceRow row;
    for (int64_t b = 0; b < sizes.B; ++b)
      for (int64_t h = 0; h < sizes.Hq; ++h)
        for (int64_t i = 0; i < sizes.Sq; ++i) {
          reference->computeRow(b, h, i, row);
          for (int64_t d = 0; d < sizes.Dv; ++d)
            setElement(args.out, b, h, i, d, row.out[d]);
          if (args.lse)
            setElement(*args.lse, b, h, i, 0, row.lse);
        }
  }

  ProblemSizes sizes;
  RunArgs args;
  std::mt19937_64 random;

private:
  std::vector<std::unique_ptr<uint64_t[]>> memory;
};

/// The definition once more, in formulas of the test.
struct Oracle {
  using Position = std::function<double(int b, int h, int q, int kv)>;
  std::function<double(double s, int b, int h, int q, int kv)> score =
      [](double s, int, int, int, int) { return s; };
  std::function<bool(int b, int h, int q, int kv)> mask =
      [](int, int, int, int) { return true; };
  /// What becomes of p: prob mod and dropout.
  std::function<double(double p, int b, int h, int q, int kv)> prob =
      [](double p, int, int, int, int) { return p; };
  std::function<double(int b, int h, int q)> sink;
  std::function<int(int b)> qOffset = [](int) { return 0; };
  std::function<int(int b)> kvOffset = [](int) { return 0; };
  double scale = 0;

  struct Row {
    std::vector<double> out;
    double lse;
  };

  Row row(const Problem &problem, int b, int h, int i) const {
    const ProblemSizes &n = problem.sizes;
    const int group = static_cast<int>(n.Hq / n.Hkv), q = i + qOffset(b);
    std::vector<std::optional<double>> scores(n.Skv);
    double m = sink ? sink(b, h, q) : -INFINITY;
    bool any = false;
    for (int j = 0; j < n.Skv; ++j) {
      const int kv = j + kvOffset(b);
      if (!mask(b, h, q, kv))
        continue;
      double s = 0;
      for (int d = 0; d < n.D; ++d)
        s += elementAt(problem.args.q, b, h, i, d) *
             elementAt(problem.args.k, b, h / group, j, d);
      s = score(s * scale, b, h, q, kv);
      if (s == -INFINITY)
        continue;
      scores[j] = s;
      m = std::fmax(m, s);
      any = true;
    }
    Row result = {std::vector<double>(n.Dv, 0.0),
                  sink ? sink(b, h, q) : -INFINITY};
    if (!any)
      return result;
    double l = sink ? std::exp(sink(b, h, q) - m) : 0;
    for (auto &s : scores)
      l += s ? std::exp(*s - m) : 0;
    result.lse = m + std::log(l);
    for (int j = 0; j < n.Skv; ++j)
      for (int d = 0; scores[j] && d < n.Dv; ++d)
        result.out[d] +=
            prob(std::exp(*scores[j] - m) / l, b, h, q, j + kvOffset(b)) *
            elementAt(problem.args.v, b, h / group, j, d);
    return result;
  }
};

/// Every row of the Reference against the oracle, as far as f64 goes.
inline void expectSame(const ModProgram &mod, const Problem &problem,
                       Oracle oracle) {
  if (oracle.scale == 0)
    oracle.scale = static_cast<float>(1 / std::sqrt(double(problem.sizes.D)));
  Expected<Reference> reference = Reference::create(mod, problem.args);
  ASSERT_TRUE(reference) << reference.error().message();
  ReferenceRow got;
  for (int b = 0; b < problem.sizes.B; ++b)
    for (int h = 0; h < problem.sizes.Hq; ++h)
      for (int i = 0; i < problem.sizes.Sq; ++i) {
        reference->computeRow(b, h, i, got);
        Oracle::Row want = oracle.row(problem, b, h, i);
        auto near = [](double x, double y) {
          return (std::isnan(x) && std::isnan(y)) || x == y ||
                 std::abs(x - y) <= 1e-11 * std::max(1.0, std::abs(y));
        };
        EXPECT_PRED2(near, got.lse, want.lse) << b << ' ' << h << ' ' << i;
        ASSERT_EQ(got.out.size(), want.out.size());
        for (size_t d = 0; d < want.out.size(); ++d)
          EXPECT_PRED2(near, got.out[d], want.out[d])
              << b << ' ' << h << ' ' << i << ' ' << d;
      }
}

inline ModProgram built(const dsl::ModBuilder &builder) {
  Expected<ModProgram> mod = builder.build();
  EXPECT_TRUE(mod) << mod.error().message();
  return mod ? *mod : ModProgram::identity();
}

} // namespace attnjit

#endif // ATTNJIT_TEST_UNIT_REFERENCE_PROBLEM_H
