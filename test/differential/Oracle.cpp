//===- Oracle.cpp - Rows of random mods, with what may be asked of them ---===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The definition of attention, over scores that the Interpreter gives.
//
//===----------------------------------------------------------------------===//

#include "Oracle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

using namespace attnjit;
using namespace attnjit::test;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

static Interpreter interpreterOf(const Expr &root, const ModProgram &mod,
                                 Interpreter::Mode mode) {
  Expected<Interpreter> made =
      Interpreter::create({&root, 1}, mod.params(), mod.buffers(), mode);
  if (!made) {
    fmt::print(stderr, "no interpreter: {}\n", made.error().message());
    std::abort();
  }
  return std::move(*made);
}

Oracle::Hook::Hook(const Expr &root, const ModProgram &mod,
                   Interpreter::Mode mode)
    : interpreter(interpreterOf(root, mod, mode)) {}

static BufferView viewOf(const Tensor &tensor) {
  BufferView view;
  view.data = tensor.data;
  view.element = tensor.dtype;
  view.rank = tensor.rank;
  for (int axis = 0; axis < tensor.rank; ++axis) {
    view.size[axis] = tensor.shape[axis];
    view.stride[axis] = tensor.stride[axis];
  }
  return view;
}

Oracle::Oracle(const ModProgram &mod, const Problem &problem)
    : problem(problem) {
  for (const ParamDecl &decl : mod.params())
    params.push_back(decl.defaultValue.value_or(Scalar()));
  for (const CaptureArg &capture : problem.args.captures)
    if (const Scalar *value = std::get_if<Scalar>(&capture.value))
      params[mod.paramOrdinal(capture.name)] = *value;
  for (const BufferDecl &decl : mod.buffers())
    buffers.push_back(viewOf(problem.buffer(decl.name)));
  bindings.params = params;
  bindings.buffers = buffers;
  const Shape &n = problem.shape();
  const int64_t sizes[] = {n.B, n.Hq(), n.Hkv, n.Sq, n.Skv, n.D, n.B, n.Hq()};
  for (size_t k = 0; k < std::size(sizes); ++k)
    bindings.sizes[k] = static_cast<int32_t>(sizes[k]);
  if (mod.mask())
    mask.emplace(mod.mask(), mod, Interpreter::Mode::F32);
  if (mod.score()) {
    score.emplace(mod.score(), mod, Interpreter::Mode::F32);
    scoreInF64.emplace(mod.score(), mod, Interpreter::Mode::Reference);
  }
  if (mod.prob())
    prob.emplace(mod.prob(), mod, Interpreter::Mode::F32);
}

void Oracle::bind(int64_t b, int64_t h, int64_t i, int64_t j) {
  auto offset = [&](const OffsetArg &arg) {
    return arg.perBatch ? at<int32_t>(*arg.perBatch, {b}) : arg.scalar;
  };
  auto set = [&](Var var, int64_t value) {
    bindings[var] = static_cast<int32_t>(value);
  };
  set(Var::B, b);
  set(Var::H, h);
  set(Var::KvH, h / problem.shape().group);
  set(Var::QLocal, i);
  set(Var::KvLocal, j);
  set(Var::Q, i + offset(problem.args.qOffset));
  set(Var::Kv, j + offset(problem.args.kvOffset));
}

double Oracle::dot(int64_t b, int64_t h, int64_t i, int64_t j) const {
  double sum = 0;
  for (int64_t d = 0; d < problem.shape().D; ++d)
    sum += static_cast<double>(at<float>(problem.args.q, {b, h, i, d})) *
           at<float>(problem.args.k, {b, h / problem.shape().group, j, d});
  return sum * *problem.args.scale;
}

/// How far two evaluations of one score are apart.
static double doubtOf(double f32, double f64) {
  if (std::isnan(f32) || std::isnan(f64))
    return std::isnan(f32) == std::isnan(f64) ? 0 : kInfinity;
  return f32 == f64 ? 0 : std::abs(f32 - f64);
}

OracleRow Oracle::row(int64_t b, int64_t h, int64_t i) {
  const Shape &n = problem.shape();
  OracleRow row;
  row.kept.assign(n.Skv, false);
  row.score.assign(n.Skv, -kInfinity);
  row.out.assign(n.Dv, 0);
  row.absSum.assign(n.Dv, 0);
  double m = -kInfinity;
  for (int64_t j = 0; j < n.Skv; ++j) {
    bind(b, h, i, j);
    if (mask && !mask->interpreter.evaluate(bindings)[0].i)
      continue;
    double s = bindings.score = dot(b, h, i, j);
    if (score) {
      s = score->interpreter.evaluate(bindings)[0].f;
      double other = scoreInF64->interpreter.evaluate(bindings)[0].f;
      row.doubt = std::max(row.doubt, doubtOf(s, other));
    }
    row.kept[j] = s != -kInfinity;
    row.score[j] = s;
    row.isNaN |= std::isnan(s) || s == kInfinity;
    m = std::max(m, s);
  }
  if (row.isNaN)
    return row;
  double l = 0;
  for (double s : row.score)
    l += std::exp(s - m);
  row.lse = m == -kInfinity ? -kInfinity : m + std::log(l);
  for (int64_t j = 0; j < n.Skv; ++j) {
    if (!row.kept[j])
      continue;
    double p = std::exp(row.score[j] - m) / l;
    if (prob) {
      bind(b, h, i, j);
      bindings.prob = static_cast<float>(p);
      p = prob->interpreter.evaluate(bindings)[0].f;
      row.isWild |= !(std::abs(p) * static_cast<double>(n.Skv) < 1e30);
    }
    for (int64_t d = 0; d < n.Dv; ++d) {
      double v = at<float>(problem.args.v, {b, h / n.group, j, d});
      row.out[d] += p * v;
      row.absSum[d] += std::abs(p * v);
    }
  }
  return row;
}

void attnjit::test::makeScoresExact(Problem &problem) {
  for (const Tensor *tensor : {&problem.args.q, &problem.args.k})
    forEachElement(*tensor, [&](auto &, std::byte *address) {
      *reinterpret_cast<float *>(address) =
          static_cast<float>(below(problem.random, 7) - 3);
    });
  problem.args.scale = 0.25f;
}

std::string attnjit::test::compareRow(const Problem &problem, int64_t b,
                                      int64_t h, int64_t i,
                                      const OracleRow &want, double slack) {
  auto complain = [&](const char *what, int64_t d, double got, double wanted) {
    return fmt::format("{}[{}, {}, {}{}]: got {:.9g}, want {:.9g}", what, b, h,
                       i, d < 0 ? "" : fmt::format(", {}", d), got, wanted);
  };
  // exp of a difference below 104 in f32, and a sum of some hundred terms.
  const double relative = 1e-4 + 2 * slack;
  for (int64_t d = 0; d < problem.shape().Dv; ++d) {
    double got = at<float>(problem.args.out, {b, h, i, d});
    if (want.isWild)
      break;
    if (std::isnan(got) != want.isNaN)
      return complain("out", d, got, want.isNaN ? NAN : want.out[d]);
    if (!want.isNaN &&
        std::abs(got - want.out[d]) > relative * want.absSum[d] + 1e-28)
      return complain("out", d, got, want.out[d]);
  }
  if (!problem.args.lse)
    return {};
  double got = at<float>(*problem.args.lse, {b, h, i});
  bool isRight = want.isNaN ? std::isnan(got)
                            : got == want.lse ||
                                  std::abs(got - want.lse) <=
                                      1e-5 + slack + 3e-7 * std::abs(want.lse);
  return isRight ? "" : complain("lse", -1, got, want.isNaN ? NAN : want.lse);
}
