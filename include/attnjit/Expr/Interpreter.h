//===- Interpreter.h - Evaluating expressions at a position ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The executable definition of the language: what Reference runs and what the
// simplifier, the analyses and the code generators are tested against.
//
// Values that do not depend on `score` or `prob` are computed in f32 (each
// operation correctly rounded; transcendental functions through f64, then
// rounded). Values that do depend on them are computed in f64 (Mode::Reference)
// or in f32 too (Mode::F32).
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_EXPR_INTERPRETER_H
#define ATTNJIT_EXPR_INTERPRETER_H

#include "attnjit/Expr/Expr.h"
#include "attnjit/Support/Error.h"

#include <array>
#include <memory>
#include <span>
#include <vector>

namespace attnjit {

/// A captured buffer as the interpreter reads it. Strides in elements. Axes
/// past its rank: size 1, stride 0.
struct BufferView {
  const void *data = nullptr;
  DType element = DType::F32;
  int rank = 0;
  std::array<int64_t, kMaxBufferRank> size = {1, 1, 1, 1};
  std::array<int64_t, kMaxBufferRank> stride = {0, 0, 0, 0};
};

/// Values of variables and captures for evaluations.
struct Bindings {
  double score = 0;
  double prob = 0;
  /// Positions, indexed by Var (entries of Score and Prob unused).
  std::array<int32_t, kVarCount> positions = {};
  /// Sizes, indexed by Size.
  std::array<int32_t, 8> sizes = {};
  /// By ordinal in the lists given to Interpreter::create.
  std::span<const Scalar> params;
  std::span<const BufferView> buffers;

  int32_t &operator[](Var var) { return positions[static_cast<size_t>(var)]; }
  int32_t operator[](Var var) const {
    return positions[static_cast<size_t>(var)];
  }
  int32_t &operator[](Size size) { return sizes[static_cast<size_t>(size)]; }
};

/// A value of any type of the language.
struct Value {
  Type type = Type::I32;
  double f = 0;  ///< F32 (holds an f32 exactly unless it depends on score)
  int64_t i = 0; ///< I32, I64, Bool
};

/// An expression made ready for many evaluations. Evaluation allocates
/// nothing; one Interpreter serves one thread at a time.
class Interpreter {
public:
  enum class Mode { F32, Reference };

  /// Prepares the `roots`. Params and buffers are matched by name against the
  /// lists; an Error where one is missing or a root is null or Invalid.
  static Expected<Interpreter> create(std::span<const Expr> roots,
                                      std::span<const ParamDecl> params,
                                      std::span<const BufferDecl> buffers,
                                      Mode mode);

  /// Values of all roots, in order; valid until the next call.
  std::span<const Value> evaluate(const Bindings &bindings);

  /// As `evaluate`, for bindings that differ from those of the last evaluation
  /// in Kv, KvLocal, score and prob alone, buffer contents included. What does
  /// not depend on these is not computed again.
  std::span<const Value> evaluateNextKey(const Bindings &bindings);

  /// Largest finite |value| of an f32 node that depends on score or prob (or
  /// of score itself) in the last evaluation; 0 where there is none.
  double maxMagnitude() const;

  Interpreter(Interpreter &&) noexcept;
  Interpreter &operator=(Interpreter &&) noexcept;
  ~Interpreter();

private:
  struct Impl;
  explicit Interpreter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace attnjit

#endif // ATTNJIT_EXPR_INTERPRETER_H
