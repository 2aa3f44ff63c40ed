//===- Scores.h - Score mods that are functions of the score --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constructors of caps, factors and activations.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_MODS_SCORES_H
#define ATTNJIT_MODS_SCORES_H

#include "attnjit/Expr/Builder.h"

namespace attnjit::mods {

/// The score as it is: the scaled product of query and key.
dsl::ScoreMod identity();

/// Scores squeezed into (-cap, cap): cap * tanh(score / cap).
dsl::ScoreMod softcap(const dsl::F32 &cap = 50.0);

/// The square of the score: score * score.
dsl::ScoreMod square();

/// The score times a number: score * factor, after the scale of the kernel.
dsl::ScoreMod scaled(const dsl::F32 &factor = dsl::param<dsl::F32>("factor",
                                                                   2.0));

/// The score times a factor for each query head: score * factor[h].
dsl::ScoreMod headScale(const dsl::Buffer<dsl::F32> &factor =
                            dsl::buffer<dsl::F32>("factor", {dsl::Hq}).grad());

/// The score times 2 for keys at most `radius` away on either side.
dsl::ScoreMod localBoost(const dsl::I32 &radius = dsl::param<dsl::I32>("radius",
                                                                       8));

/// Scores of 8-bit tensors, brought to scale: score * q_scale * k_scale.
dsl::ScoreMod descale(
    const dsl::Buffer<dsl::F32> &qScale = dsl::buffer<dsl::F32>("q_scale", {}),
    const dsl::Buffer<dsl::F32> &kScale = dsl::buffer<dsl::F32>("k_scale", {}));

/// The score times a trained scalar: score * factor.
dsl::ScoreMod learnedScale(const dsl::Buffer<dsl::F32> &factor =
                               dsl::buffer<dsl::F32>("factor", {}).grad());

/// The score plus a trained scalar: score + shift.
dsl::ScoreMod learnedShift(const dsl::Buffer<dsl::F32> &shift =
                               dsl::buffer<dsl::F32>("shift", {}).grad());

/// Weights gelu(score) + n under a softmax: log(gelu(score) + n), n above 0.17.
/// Of the result take out * exp(lse) - n * sum of v for attention by
/// gelu(score); likewise for the two below.
dsl::ScoreMod logGelu(const dsl::F32 &n = dsl::param<dsl::F32>("n", 1.0));

/// Weights relu(score) + n under a softmax: log(relu(score) + n), n above 0.
dsl::ScoreMod logRelu(const dsl::F32 &n = dsl::param<dsl::F32>("n", 1.0));

/// Weights sigmoid(score) + n under a softmax: log(sigmoid(score) + n), n >= 0.
dsl::ScoreMod logSigmoid(const dsl::F32 &n = dsl::param<dsl::F32>("n", 1.0));

} // namespace attnjit::mods

#endif // ATTNJIT_MODS_SCORES_H
