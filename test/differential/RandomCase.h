//===- RandomCase.h - Random mods on random small problems ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the tests of random mods share: which cases run, what their
// expressions are made of, and their shapes.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_DIFFERENTIAL_RANDOMCASE_H
#define ATTNJIT_TEST_DIFFERENTIAL_RANDOMCASE_H

#include "Problem.h"

#include "attnjit/Expr/ModProgram.h"

#include <functional>

namespace attnjit::test {

/// Runs `test(seed)` for `count` seeds from `first` on, twenty times as many
/// in the long run; or for the seed of the environment alone. Stops at the
/// first failure, which prints how to repeat it.
void forRandomSeeds(uint64_t first, uint64_t count,
                    const std::function<void(uint64_t seed)> &test);

/// All positions, sizes, params of each type, buffers of each element type.
RandomExprOptions randomModOptions(bool withScore, bool transcendentals);

/// A mod of these hooks (null: absent).
ModProgram modOf(const Expr &score, const Expr &mask);

/// Some dozens of queries and keys, any offsets, optional mask tensor.
Shape randomShape(Random &random, int64_t D, int64_t Dv);

/// Now and then, positions at the ends of i32 instead of the shape's offsets.
void makeOffsetsExtreme(Problem &problem);

} // namespace attnjit::test

#endif // ATTNJIT_TEST_DIFFERENTIAL_RANDOMCASE_H
