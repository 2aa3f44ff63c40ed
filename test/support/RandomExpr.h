//===- RandomExpr.h - Random expressions and values for them --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a seed and what may occur; gives valid expressions over all operations
// of the language, and values for everything that they read. The same seed
// gives the same expressions on every machine. Numbers are drawn mostly from
// those where operations change their behaviour: the ends of i32, zeros of
// both signs, NaN, infinities, subnormals, powers of two and their neighbours.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_SUPPORT_RANDOMEXPR_H
#define ATTNJIT_TEST_SUPPORT_RANDOMEXPR_H

#include "attnjit/Expr/Expr.h"
#include "attnjit/Expr/Interpreter.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace attnjit::test {

using Random = std::mt19937_64;

/// In [0, count).
inline int64_t below(Random &random, int64_t count) {
  return static_cast<int64_t>(random() % static_cast<uint64_t>(count));
}
/// True once in `n`.
inline bool oneIn(Random &random, int64_t n) { return below(random, n) == 0; }

int32_t interestingI32(Random &random);
float interestingF32(Random &random);
Scalar interestingScalar(Random &random, Type type);

/// What random expressions are made of.
struct RandomExprOptions {
  std::vector<Var> vars = {Var::Q, Var::Kv, Var::B, Var::H};
  std::vector<Size> sizes;
  std::vector<ParamDecl> params;
  std::vector<BufferDecl> buffers;
  /// Depth of the trees; nodes met before are shared now and then.
  int maxDepth = 6;
  bool reductions = true;
  /// exp, sin, pow and the like: not correctly rounded on every target.
  bool transcendentals = true;
  /// The internal type of the analyses.
  bool i64 = false;

  /// Score, prob, all positions and sizes, params of each type, and buffers of
  /// each element type and of ranks 0 to 4.
  static RandomExprOptions everything();
};

/// A stream of random expressions.
class RandomExpr {
public:
  RandomExpr(uint64_t seed, RandomExprOptions options);

  /// The next one: of that type, valid, no reduction variable free.
  Expr make(Type type);

  const RandomExprOptions &options() const { return settings; }

private:
  static constexpr size_t kTypes = 4;
  using Pool = std::array<std::vector<Expr>, kTypes>;

  Expr grow(Type type, int depth);
  Expr leaf(Type type);
  Expr operation(Type type, int depth);
  Expr f32Operation(int depth);
  Expr i32Operation(int depth);
  Expr boolOperation(int depth);
  Expr i64Operation(int depth);
  Expr load(Type type, int depth);
  Expr reduction(ReduceKind kind, Type type, int depth);
  Expr make(Op op, Type operandType, int depth);
  template <size_t N> Op pick(const std::array<Op, N> &ops);

  Random random;
  RandomExprOptions settings;
  /// By type: leaves, and nodes that may be used again where they stand.
  Pool leaves, made;
};

/// Memory for buffers, filled with interesting values, and values for params.
class RandomCaptures {
public:
  /// Extents that are not Fixed are drawn from 0 to 5.
  RandomCaptures(Random &random, std::span<const ParamDecl> params,
                 std::span<const BufferDecl> buffers);

  std::span<const Scalar> params() const { return scalars; }
  std::span<const BufferView> buffers() const { return views; }

private:
  std::vector<Scalar> scalars;
  std::vector<std::vector<std::byte>> storage;
  std::vector<BufferView> views;
};

/// Interesting score, prob, positions and sizes; captures as given.
Bindings randomBindings(Random &random, const RandomCaptures &captures);

/// Bit-equal, all NaN being one.
bool isSameValue(const Value &a, const Value &b);

} // namespace attnjit::test

#endif // ATTNJIT_TEST_SUPPORT_RANDOMEXPR_H
