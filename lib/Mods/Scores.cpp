//===- Scores.cpp - Score mods that are functions of the score ------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Mods/Scores.h"

using namespace attnjit;
using namespace attnjit::dsl;

ScoreMod mods::identity() { return score; }

ScoreMod mods::softcap(const F32 &cap) { return cap * tanh(score / cap); }

ScoreMod mods::square() { return score * score; }

ScoreMod mods::scaled(const F32 &factor) { return score * factor; }

ScoreMod mods::headScale(const Buffer<F32> &factor) {
  return scaled(factor[h]);
}

ScoreMod mods::localBoost(const I32 &radius) {
  return where(abs(q - kv) <= radius, 2 * score, score);
}

ScoreMod mods::descale(const Buffer<F32> &qScale, const Buffer<F32> &kScale) {
  return score * qScale * kScale;
}

ScoreMod mods::learnedScale(const Buffer<F32> &factor) {
  return scaled(factor);
}

ScoreMod mods::learnedShift(const Buffer<F32> &shift) { return score + shift; }

ScoreMod mods::logGelu(const F32 &n) { return log(gelu(score) + n); }

ScoreMod mods::logRelu(const F32 &n) { return log(relu(score) + n); }

ScoreMod mods::logSigmoid(const F32 &n) { return log(sigmoid(score) + n); }
