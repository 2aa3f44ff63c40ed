//===- SimplifyPattern.h - Sides of rewrite rules -------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Patterns are written with the operators of C++, so that a rule reads as the
// equation that it states: `{(x - y) + y, x}`. Takes an expression, gives what
// its wildcards stand for, or that it does not fit.
//
// Matching follows the operands as they stand; a rule whose left side has
// commutative operations is expanded once into all their orders.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_EXPR_SIMPLIFYPATTERN_H
#define ATTNJIT_LIB_EXPR_SIMPLIFYPATTERN_H

#include "attnjit/Expr/Expr.h"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace attnjit {

/// A set over Type, one bit each.
using TypeSet = uint8_t;
constexpr TypeSet typeSet(Type type) {
  return static_cast<TypeSet>(1u << static_cast<unsigned>(type));
}
constexpr TypeSet kI32Only = typeSet(Type::I32);
constexpr TypeSet kInteger = typeSet(Type::I32) | typeSet(Type::I64);
constexpr TypeSet kF32Only = typeSet(Type::F32);
constexpr TypeSet kBoolOnly = typeSet(Type::Bool);
constexpr TypeSet kAnyType = kInteger | kF32Only | kBoolOnly;

struct Pattern {
  enum class Kind : uint8_t {
    Any,         ///< wildcard: every expression
    Constant,    ///< wildcard: constants
    NonConstant, ///< wildcard: everything else
    Literal,     ///< this value; an integer one has either integer type
    Operation,   ///< `op` of `operands`
  };

  Kind kind = Kind::Literal;
  TypeSet types = kAnyType; ///< of a wildcard
  char name = '?';          ///< of a wildcard: 'a' to 'z'
  Op op = Op::Const;        ///< of an operation
  Scalar value;             ///< of a literal; integers as i64
  std::vector<Pattern> operands;

  Pattern(Kind kind, TypeSet types, char name)
      : kind(kind), types(types), name(name) {}
  Pattern(Op op, std::vector<Pattern> operands)
      : kind(Kind::Operation), op(op), operands(std::move(operands)) {}

  // A literal stands for itself.
  Pattern(int value) : value(Scalar::i64(value)) {}
  Pattern(float value) : value(Scalar::f32(value)) {}
  Pattern(bool value) : value(Scalar::boolean(value)) {}

  bool isWildcard() const { return kind <= Kind::NonConstant; }
};

/// `left` equals `right`, bit for bit, for all that the wildcards can stand
/// for, where `condition` (of Constant wildcards alone) is true.
struct Rule {
  Pattern left, right;
  Pattern condition = true;
};

/// "+(+(x, c), d) -> +(x, +(c, d))".
std::string text(const Rule &rule);

/// Whether the operation's value does not depend on its operands' order.
bool isCommutative(Op op);

/// What the wildcards of a rule stand for.
class Match {
public:
  /// Extends the match so that `pattern` stands for `e`, which must outlive it;
  /// false (and the match of no more use) where it cannot.
  bool match(const Pattern &pattern, const Expr &e);

  /// Binds a wildcard, as `match` does.
  bool bind(const Pattern &wildcard, const Expr &e);

  /// The expression of `pattern`, each operation made by `make`. A null result
  /// of `make` is passed on.
  using Make = std::function<Expr(Op op, std::span<const Expr> operands)>;
  Expr build(const Pattern &pattern, const Make &make) const;

  /// Whether `condition` is true.
  bool holds(const Pattern &condition) const;

private:
  std::optional<Scalar> evaluate(const Pattern &pattern) const;
  Scalar literal(const Pattern &pattern) const;

  /// By name; operands of the matched expression, which outlives the match.
  std::array<const Expr *, 26> bound = {};
  /// What the literals on the right are made of: the integer type met.
  Type integer = Type::I32;
};

/// The rule for each order of the commutative operations on its left side. A
/// constant stands on the right of such an operation, so only there is it
/// looked for.
std::vector<Rule> expandCommutative(const Rule &rule);

//===----------------------------------------------------------------------===//
// Writing patterns
//===----------------------------------------------------------------------===//

#define ATTNJIT_PATTERN_UNARY(Symbol, Name)                                    \
  inline Pattern Symbol(Pattern a) { return Pattern(Op::Name, {std::move(a)}); }
#define ATTNJIT_PATTERN_BINARY(Symbol, Name)                                   \
  inline Pattern Symbol(Pattern a, Pattern b) {                                \
    return Pattern(Op::Name, {std::move(a), std::move(b)});                    \
  }
ATTNJIT_PATTERN_UNARY(operator-, Neg)
ATTNJIT_PATTERN_UNARY(operator!, Not)
ATTNJIT_PATTERN_UNARY(operator~, Not)
ATTNJIT_PATTERN_UNARY(abs, Abs)
ATTNJIT_PATTERN_UNARY(sign, Sign)
ATTNJIT_PATTERN_UNARY(floor, Floor)
ATTNJIT_PATTERN_UNARY(ceil, Ceil)
ATTNJIT_PATTERN_UNARY(trunc, Trunc)
ATTNJIT_PATTERN_UNARY(round, Round)
ATTNJIT_PATTERN_UNARY(exp, Exp)
ATTNJIT_PATTERN_UNARY(exp2, Exp2)
ATTNJIT_PATTERN_UNARY(log2, Log2)
ATTNJIT_PATTERN_UNARY(sqrt, Sqrt)
ATTNJIT_PATTERN_UNARY(relu, Relu)
ATTNJIT_PATTERN_UNARY(toF32, ToF32)
ATTNJIT_PATTERN_UNARY(toI32, ToI32)
ATTNJIT_PATTERN_UNARY(toBool, ToBool)
ATTNJIT_PATTERN_UNARY(toI64, ToI64)
ATTNJIT_PATTERN_BINARY(operator+, Add)
ATTNJIT_PATTERN_BINARY(operator-, Sub)
ATTNJIT_PATTERN_BINARY(operator*, Mul)
ATTNJIT_PATTERN_BINARY(operator/, Div)
ATTNJIT_PATTERN_BINARY(floorDiv, FloorDiv)
ATTNJIT_PATTERN_BINARY(operator%, Mod)
ATTNJIT_PATTERN_BINARY(operator&, And)
ATTNJIT_PATTERN_BINARY(operator|, Or)
ATTNJIT_PATTERN_BINARY(operator^, Xor)
ATTNJIT_PATTERN_BINARY(operator<<, Shl)
ATTNJIT_PATTERN_BINARY(operator>>, Shr)
ATTNJIT_PATTERN_BINARY(operator<, Lt)
ATTNJIT_PATTERN_BINARY(operator<=, Le)
ATTNJIT_PATTERN_BINARY(operator>, Gt)
ATTNJIT_PATTERN_BINARY(operator>=, Ge)
ATTNJIT_PATTERN_BINARY(operator==, Eq)
ATTNJIT_PATTERN_BINARY(operator!=, Ne)
ATTNJIT_PATTERN_BINARY(min, Min)
ATTNJIT_PATTERN_BINARY(max, Max)
ATTNJIT_PATTERN_BINARY(pow, Pow)
#undef ATTNJIT_PATTERN_UNARY
#undef ATTNJIT_PATTERN_BINARY

inline Pattern where(Pattern c, Pattern x, Pattern y) {
  return Pattern(Op::Where, {std::move(c), std::move(x), std::move(y)});
}

} // namespace attnjit

#endif // ATTNJIT_LIB_EXPR_SIMPLIFYPATTERN_H
