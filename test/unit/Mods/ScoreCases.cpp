//===- ScoreCases.cpp - Formulas of functions of the score ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryTesting.h"

#include "attnjit/Mods/Scores.h"

#include <cmath>
#include <cstdlib>

using namespace attnjit;
using namespace attnjit::test;

static double gelu(double x) {
  return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
}

std::vector<LibraryCase> test::scoreCases() {
  return {
      {"identity", of(mods::identity()),
       [](const Point &p) { return p.score; }},
      {"softcap", of(mods::softcap()),
       [](const Point &p) { return 50 * std::tanh(p.score / 50); }},
      {"square", of(mods::square()),
       [](const Point &p) { return std::pow(p.score, 2); }},
      {"scaled",
       of(mods::scaled()),
       [](const Point &p) { return 3 * p.score; },
       {.params = {{"factor", 3}}}},
      {"head_scale", of(mods::headScale()),
       [](const Point &p) { return p.score * p.value("factor", {p.h}); }},
      {"local_boost", of(mods::localBoost()),
       [](const Point &p) {
         return std::abs(p.q - p.kv) < 9 ? p.score + p.score : p.score;
       }},
      {"descale",
       of(mods::descale()),
       [](const Point &p) {
         return p.score * p.value("q_scale", {}) * p.value("k_scale", {});
       },
       {.tables = {{"q_scale", [](auto &) { return 0.5; }},
                   {"k_scale", [](auto &) { return 0.75; }}}}},
      {"learned_scale",
       of(mods::learnedScale()),
       [](const Point &p) { return p.score * 1.5; },
       {.tables = {{"factor", [](auto &) { return 1.5; }}}}},
      {"learned_shift",
       of(mods::learnedShift()),
       [](const Point &p) { return p.score - 0.5; },
       {.tables = {{"shift", [](auto &) { return -0.5; }}}}},
      {"log_gelu", of(mods::logGelu()),
       [](const Point &p) { return std::log(gelu(p.score) + 1); }},
      {"log_relu",
       of(mods::logRelu()),
       [](const Point &p) { return std::log(std::fmax(p.score, 0) + 2); },
       {.params = {{"n", 2}}}},
      {"log_sigmoid", of(mods::logSigmoid()),
       [](const Point &p) {
         return std::log(1 / (1 + std::exp(-p.score)) + 1);
       }},
  };
}
