//===- Weights.h - Sinks, prob mods and other normalisations --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constructors for the hooks behind the scores. A sink is given to
// `ModBuilder::sink`, a prob mod to `ModBuilder::prob`.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_MODS_WEIGHTS_H
#define ATTNJIT_MODS_WEIGHTS_H

#include "attnjit/Expr/Builder.h"

namespace attnjit::mods {

/// Weights sigmoid(slope * score + bias), without a softmax.
/// A builder of that name, since it is a score mod and `normalize = none`
/// together; a mask can be added.
dsl::ModBuilder
sigmoidAttention(const dsl::F32 &slope = dsl::param<dsl::F32>("slope", 1.0),
                 const dsl::F32 &bias = dsl::param<dsl::F32>("bias", 0.0));

/// One more logit per query head in the sum of the softmax, with no value.
dsl::F32 sinks(const dsl::Buffer<dsl::F32> &sinks =
                   dsl::buffer<dsl::F32>("sinks", {dsl::Hq}).grad());

/// Weights times a gate for each batch and query head, after the softmax.
dsl::F32
gatedHeads(const dsl::Buffer<dsl::F32> &gate =
               dsl::buffer<dsl::F32>("gate", {dsl::B, dsl::Hq}).grad());

/// Weights below `least` become 0 after the softmax; the others stay as they
/// are.
dsl::F32 thresholded(const dsl::F32 &least = dsl::param<dsl::F32>("least",
                                                                  0.01));

} // namespace attnjit::mods

#endif // ATTNJIT_MODS_WEIGHTS_H
