//===- Weights.cpp - Sinks, prob mods and other normalisations ------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Mods/Weights.h"

using namespace attnjit;
using namespace attnjit::dsl;

ModBuilder mods::sigmoidAttention(const F32 &slope, const F32 &bias) {
  ModBuilder builder("sigmoid_attention");
  builder.score(sigmoid(slope * score + bias)).normalize(Normalize::None);
  return builder;
}

F32 mods::sinks(const Buffer<F32> &sinks) { return sinks[h]; }

F32 mods::gatedHeads(const Buffer<F32> &gate) { return prob * gate(b, h); }

F32 mods::thresholded(const F32 &least) {
  return where(prob >= least, prob, 0.0);
}
