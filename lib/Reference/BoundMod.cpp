//===- BoundMod.cpp - A mod with the values of one run --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BoundMod.h"

#include <cmath>
#include <limits>

using namespace attnjit;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

const Value &Hook::evaluate(const Bindings &bindings) {
  if (rowStarted)
    return interpreter.evaluateNextKey(bindings)[0];
  rowStarted = true;
  return interpreter.evaluate(bindings)[0];
}

/// Scores are f32: where f64 would go on past its range, f32 has an infinity.
static double overflowAsF32(double value) {
  return std::abs(value) >= 0x1.ffffffp127 ? std::copysign(kInfinity, value)
                                           : value;
}

Expected<std::unique_ptr<BoundMod>>
BoundMod::create(const ModProgram &mod, const KernelSignature &signature,
                 const RunArgs &args, const RunSizes &sizes) {
  std::unique_ptr<BoundMod> bound(new BoundMod(signature, args, sizes));
  Expected<void> ok = bound->makeHook(mod, mod.score(), bound->scoreHook);
  if (ok)
    ok = bound->makeHook(mod, mod.mask(), bound->maskHook);
  if (ok)
    ok = bound->makeHook(mod, mod.prob(), bound->probHook);
  if (ok)
    ok = bound->makeHook(mod, mod.sink(), bound->sinkHook);
  if (!ok)
    return fail(ok.error());
  return bound;
}

Expected<void> BoundMod::makeHook(const ModProgram &mod, const Expr &expr,
                                  std::optional<Hook> &hook) {
  if (!expr)
    return {};
  Expected<Interpreter> interpreter = Interpreter::create(
      {&expr, 1}, mod.params(), mod.buffers(), Interpreter::Mode::Reference);
  if (!interpreter)
    return fail(interpreter.error());
  hook.emplace(std::move(*interpreter));
  return {};
}

void BoundMod::setRow(int64_t b, int64_t h, int64_t i) {
  run.setHead(b, h);
  run.setRow(i);
  const int64_t globalB = b + abi().b_offset;
  const int64_t globalH = h + abi().h_offset;
  rowHead = static_cast<uint32_t>(globalB * abi().Hq_global + globalH);
  for (std::optional<Hook> *hook :
       {&scoreHook, &maskHook, &probHook, &sinkHook})
    if (*hook)
      (*hook)->startRow();
}

bool BoundMod::keeps() {
  return !maskHook || maskHook->evaluate(run.values()).i != 0;
}

double BoundMod::score(double score) {
  score = overflowAsF32(score);
  double result = score;
  magnitude = 0;
  if (scoreHook) {
    run.values().score = score;
    result = overflowAsF32(scoreHook->evaluate(run.values()).f);
    magnitude = scoreHook->maxMagnitude();
  }
  for (double value : {score, result})
    if (std::isfinite(value))
      magnitude = std::max(magnitude, std::abs(value));
  return result;
}

double BoundMod::prob(double prob) {
  if (!probHook)
    return prob;
  run.values().prob = prob;
  return probHook->evaluate(run.values()).f;
}

double BoundMod::sink() {
  return sinkHook ? sinkHook->evaluate(run.values()).f : -kInfinity;
}
