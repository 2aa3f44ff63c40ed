//===- WeightCases.cpp - Formulas of sinks, prob mods and other normalisations
//===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryTesting.h"

#include "attnjit/Mods/Weights.h"

#include <cmath>

using namespace attnjit;
using namespace attnjit::test;

std::vector<LibraryCase> test::weightCases() {
  return {
      {"sigmoid_attention",
       mods::sigmoidAttention(),
       [](const Point &p) { return 1 / (1 + std::exp(3 - 2 * p.score)); },
       {.params = {{"slope", 2}, {"bias", -3}}}},
      {"sinks", ofSink(mods::sinks()),
       [](const Point &p) { return p.value("sinks", {p.h}); }},
      {"gated_heads", ofProb(mods::gatedHeads()),
       [](const Point &p) { return p.prob * p.value("gate", {p.b, p.h}); }},
      // A weight of exactly `least` stays.
      {"thresholded",
       ofProb(mods::thresholded()),
       [](const Point &p) { return p.prob < 0.25 ? 0 : p.prob; },
       {.params = {{"least", 0.25}}}},
  };
}
