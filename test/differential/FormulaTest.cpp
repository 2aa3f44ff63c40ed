//===- FormulaTest.cpp - Kernels against formulas in plain C++ ------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A second opinion that shares nothing with the library: a mod from the
// builder, and next to it what it means as two lambdas in f64.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include "attnjit/Expr/Builder.h"

#include <cmath>
#include <functional>

using namespace attnjit;
using namespace attnjit::test;

namespace {

struct Position {
  int64_t b, h, q, kv;
};

/// A mod and its meaning. The lambdas may read the problem's captures.
struct Formula {
  std::function<bool(const Problem &, Position)> keep =
      [](const Problem &, Position) { return true; };
  std::function<double(const Problem &, double, Position)> score =
      [](const Problem &, double s, Position) { return s; };
  /// Where the score mod jumps: rows with a score that close to it are left
  /// out, since rounding decides there.
  std::optional<double> jump = std::nullopt;
};

/// The offset of batch entry b.
int64_t offsetAt(const OffsetArg &offset, int64_t b) {
  return offset.perBatch ? at<int32_t>(*offset.perBatch, {b}) : offset.scalar;
}

bool isMasked(const Problem &problem, int64_t b, int64_t h, int64_t i,
              int64_t j) {
  if (!problem.args.mask)
    return false;
  const Tensor &mask = *problem.args.mask;
  const int64_t index[] = {b, h, i, j};
  int64_t offset = 0;
  for (int axis = 0; axis < mask.rank; ++axis)
    if (mask.shape[axis] != 1)
      offset += index[axis + 4 - mask.rank] * mask.stride[axis];
  return static_cast<const uint8_t *>(mask.data)[offset] == 0;
}

/// Row (b, h, i) of the outputs against the formula.
void checkRow(const Problem &problem, const Formula &formula, int64_t b,
              int64_t h, int64_t i, const std::string &note) {
  const RunArgs &args = problem.args;
  const Shape &n = problem.shape();
  const int64_t kvh = h / n.group;
  const double scale =
      args.scale ? *args.scale : 1 / std::sqrt(static_cast<double>(n.D));
  std::vector<double> s(n.Skv, -INFINITY);
  double m = -INFINITY;
  for (int64_t j = 0; j < n.Skv; ++j) {
    const Position at4 = {b, h, i + offsetAt(args.qOffset, b),
                          j + offsetAt(args.kvOffset, b)};
    if (isMasked(problem, b, h, i, j) || !formula.keep(problem, at4))
      continue;
    double dot = 0;
    for (int64_t d = 0; d < n.D; ++d)
      dot += static_cast<double>(at<float>(args.q, {b, h, i, d})) *
             at<float>(args.k, {b, kvh, j, d});
    if (formula.jump && std::abs(scale * dot - *formula.jump) < 1e-4)
      return;
    s[j] = formula.score(problem, scale * dot, at4);
    m = std::max(m, s[j]);
  }
  double l = 0;
  std::vector<double> out(n.Dv), size(n.Dv);
  for (int64_t j = 0; j < n.Skv; ++j) {
    if (s[j] == -INFINITY)
      continue;
    double p = std::exp(s[j] - m);
    l += p;
    for (int64_t d = 0; d < n.Dv; ++d) {
      double v = at<float>(args.v, {b, kvh, j, d});
      out[d] += p * v;
      size[d] += p * std::abs(v);
    }
  }
  // Scores here are below 1000: their error in f32 stays below 1e-4.
  for (int64_t d = 0; d < n.Dv; ++d) {
    double want = l == 0 ? 0 : out[d] / l;
    double bound = l == 0 ? 0 : 3e-4 * size[d] / l + 1e-30;
    ASSERT_NEAR((at<float>(args.out, {b, h, i, d})), want, bound)
        << "out[" << b << ", " << h << ", " << i << ", " << d << "]\n"
        << note;
  }
  if (!args.lse)
    return;
  float lse = at<float>(*args.lse, {b, h, i});
  if (l == 0)
    ASSERT_EQ(lse, -INFINITY) << note;
  else
    ASSERT_NEAR(lse, m + std::log(l), 3e-4 * std::max(1.0, std::abs(m)))
        << "lse[" << b << ", " << h << ", " << i << "]\n"
        << note;
}

void expectFormula(const dsl::ModBuilder &builder, const Formula &formula,
                   uint64_t firstShape) {
  Expected<ModProgram> mod = builder.build();
  ASSERT_TRUE(mod) << mod.error().message();
  // Six shapes with a stride that is prime to their number.
  for (uint64_t k = 0; k < 6; ++k) {
    uint64_t seed = firstShape + 13 * k;
    Shape shape = coveringShapes()[seed % coveringShapes().size()];
    shape.dtype = DType::F32; // as the formulas read
    shape.drop = Drop::None;  // they have none
    Problem problem(*mod, shape, seed);
    std::string note = describeCase(*mod, shape, seed);
    if (runEverywhere(*mod, problem, note) != Outcome::Ran)
      continue;
    // All rows where that is affordable; else the first of each stretch.
    int64_t rows = shape.B * shape.Hq() * shape.Sq;
    int64_t step = std::max<int64_t>(1, rows * shape.Skv *
                                            (shape.D + shape.Dv) / 4'000'000);
    for (int64_t row = 0; row < rows; row += step) {
      checkRow(problem, formula, row / shape.Sq / shape.Hq(),
               row / shape.Sq % shape.Hq(), row % shape.Sq, note);
      if (testing::Test::HasFatalFailure())
        return;
    }
  }
}

} // namespace

using namespace attnjit::dsl;

TEST(Formula, Plain) { expectFormula(ModBuilder(), {}, 0); }

TEST(Formula, Causal) {
  expectFormula(
      ModBuilder().mask(q >= kv),
      {.keep = [](const Problem &, Position p) { return p.q >= p.kv; }}, 1);
}

TEST(Formula, SlidingWindowWithSoftcap) {
  expectFormula(
      ModBuilder().score(30 * tanh(score / 30)).mask(q >= kv && q - kv < 50),
      {.keep = [](const Problem &,
                  Position p) { return p.q >= p.kv && p.q - p.kv < 50; },
       .score = [](const Problem &, double s,
                   Position) { return 30 * std::tanh(s / 30); }},
      2);
}

TEST(Formula, PrefixPerBatch) {
  auto prefix = buffer<I32>("prefix", {B}).in(0, 4096);
  expectFormula(ModBuilder().mask(kv < prefix[b] || q >= kv),
                {.keep =
                     [](const Problem &problem, Position p) {
                       Tensor t = problem.buffer("prefix");
                       return p.kv < at<int32_t>(t, {p.b}) || p.q >= p.kv;
                     }},
                3);
}

TEST(Formula, AlibiTable) {
  auto slopes = buffer<F32>("slopes", {Hq}).in(0.0f, 1.0f);
  expectFormula(
      ModBuilder().score(score - slopes[h] * abs(q - kv)).mask(q >= kv),
      {.keep = [](const Problem &, Position p) { return p.q >= p.kv; },
       .score =
           [](const Problem &problem, double s, Position p) {
             Tensor t = problem.buffer("slopes");
             return s - at<float>(t, {p.h}) *
                            std::abs(static_cast<double>(p.q) - p.kv);
           }},
      4);
}

TEST(Formula, BlocksOfNegativePositions) {
  // Floor division and modulo where offsets make positions negative.
  auto floorDiv = [](int64_t x, int64_t y) {
    return (x - ((x % y) + y) % y) / y;
  };
  expectFormula(
      ModBuilder().mask(floordiv(q, 16) >= floordiv(kv, 16) && kv % 5 != 2),
      {.keep =
           [=](const Problem &, Position p) {
             return floorDiv(p.q, 16) >= floorDiv(p.kv, 16) &&
                    ((p.kv % 5) + 5) % 5 != 2;
           }},
      5);
}

TEST(Formula, MinusInfinityInScore) {
  expectFormula(ModBuilder().score(where(abs(q - kv) <= 33, 2 * score, -inf)),
                {.score =
                     [](const Problem &, double s, Position p) {
                       return std::abs(p.q - p.kv) <= 33 ? 2 * s : -INFINITY;
                     }},
                6);
}

TEST(Formula, ScoreThatMasksByItself) {
  // A condition on the score cannot become a mask before the product.
  expectFormula(ModBuilder().score(where(score > 0, score, -inf)),
                {.score = [](const Problem &, double s,
                             Position) { return s > 0 ? s : -INFINITY; },
                 .jump = 0},
                7);
}

TEST(Formula, DenseBias) {
  auto bias = buffer<F32>("bias", {Sq, Skv});
  expectFormula(ModBuilder().score(score + bias(q_local, kv_local)),
                {.score =
                     [](const Problem &problem, double s, Position p) {
                       Tensor t = problem.buffer("bias");
                       int64_t i = p.q - offsetAt(problem.args.qOffset, p.b);
                       int64_t j = p.kv - offsetAt(problem.args.kvOffset, p.b);
                       return s + at<float>(t, {i, j});
                     }},
                8);
}

TEST(Formula, TopKBlocks) {
  auto top = buffer<I32>("top", {B, Hq, 8, 4}).in(-1, 70);
  expectFormula(ModBuilder().mask(any(0, 4,
                                      [&](I32 t) {
                                        return top(b, h, floordiv(q, 16), t) ==
                                               floordiv(kv, 16);
                                      })),
                {.keep =
                     [](const Problem &problem, Position p) {
                       Tensor t = problem.buffer("top");
                       auto block = [](int64_t x) {
                         return (x - ((x % 16) + 16) % 16) / 16;
                       };
                       int64_t row = std::clamp<int64_t>(block(p.q), 0, 7);
                       for (int64_t k = 0; k < 4; ++k)
                         if (at<int32_t>(t, {p.b, p.h, row, k}) == block(p.kv))
                           return true;
                       return false;
                     }},
                9);
}
