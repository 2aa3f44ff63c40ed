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

static int32_t offsetOf(const AttnJitPerBatch &offset, int64_t b) {
  return offset.data[b * offset.stride];
}

Expected<std::unique_ptr<BoundMod>>
BoundMod::create(const ModProgram &mod, const KernelSignature &signature,
                 const RunArgs &args, const RunSizes &sizes) {
  std::unique_ptr<BoundMod> bound(new BoundMod(args, sizes));
  fillKernelArgs(signature, bound->args, sizes, bound->kernelArgs, bound->slots,
                 bound->bufferSlots);
  bound->bindCaptures(signature);
  bound->bindSizes();
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

void BoundMod::bindCaptures(const KernelSignature &signature) {
  for (const ParamDecl &decl : signature.params)
    params.push_back({decl.type, 0});
  for (size_t slot = 0; slot < slots.size(); ++slot)
    params[signature.paramSource[slot]].bits = slots[slot];
  buffers.resize(signature.buffers.size());
  for (size_t slot = 0; slot < bufferSlots.size(); ++slot) {
    const BufferDecl &decl = signature.buffers[signature.bufferSource[slot]];
    BufferView &view = buffers[signature.bufferSource[slot]];
    view.data = bufferSlots[slot].data;
    view.element = decl.element;
    view.rank = static_cast<int>(decl.dims.size());
    for (int axis = 0; axis < kMaxBufferRank; ++axis) {
      view.size[axis] = bufferSlots[slot].size[axis];
      view.stride[axis] = bufferSlots[slot].stride[axis];
    }
  }
  bindings.params = params;
  bindings.buffers = buffers;
}

void BoundMod::bindSizes() {
  // checkRunArgs keeps every size below 2^31.
  auto bind = [&](Size size, int64_t value) {
    bindings[size] = static_cast<int32_t>(value);
  };
  bind(Size::B, kernelArgs.B);
  bind(Size::Hq, kernelArgs.Hq);
  bind(Size::Hkv, kernelArgs.Hkv);
  bind(Size::Sq, kernelArgs.Sq);
  bind(Size::Skv, kernelArgs.Skv);
  bind(Size::D, kernelArgs.D);
  bind(Size::BGlobal, kernelArgs.B_global);
  bind(Size::HqGlobal, kernelArgs.Hq_global);
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
  const int64_t globalB = b + kernelArgs.b_offset;
  const int64_t globalH = h + kernelArgs.h_offset;
  rowQ = static_cast<int32_t>(i + offsetOf(kernelArgs.q_offset, b));
  kvOffset = offsetOf(kernelArgs.kv_offset, b);
  rowHead = static_cast<uint32_t>(globalB * kernelArgs.Hq_global + globalH);
  bindings[Var::B] = static_cast<int32_t>(globalB);
  bindings[Var::H] = static_cast<int32_t>(globalH);
  bindings[Var::Q] = rowQ;
  bindings[Var::QLocal] = static_cast<int32_t>(i);
  bindings[Var::KvH] = static_cast<int32_t>(h / (runSizes.Hq / runSizes.Hkv));
  for (std::optional<Hook> *hook :
       {&scoreHook, &maskHook, &probHook, &sinkHook})
    if (*hook)
      (*hook)->startRow();
}

void BoundMod::setKey(int64_t j) {
  keyKv = static_cast<int32_t>(j + kvOffset);
  bindings[Var::Kv] = keyKv;
  bindings[Var::KvLocal] = static_cast<int32_t>(j);
}

bool BoundMod::keeps() {
  return !maskHook || maskHook->evaluate(bindings).i != 0;
}

double BoundMod::score(double score) {
  score = overflowAsF32(score);
  double result = score;
  magnitude = 0;
  if (scoreHook) {
    bindings.score = score;
    result = overflowAsF32(scoreHook->evaluate(bindings).f);
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
  bindings.prob = prob;
  return probHook->evaluate(bindings).f;
}

double BoundMod::sink() {
  return sinkHook ? sinkHook->evaluate(bindings).f : -kInfinity;
}
