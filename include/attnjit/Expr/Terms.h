//===- Terms.h - Typed handles over expressions ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What stands for a value in a formula written in C++: the handles F32, I32
// and Bool, the variables and sizes of the language, and C++ numbers beside
// them. Each term has one handle type; the operators are declared for the
// handle types that the language gives them and for no others.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_EXPR_TERMS_H
#define ATTNJIT_EXPR_TERMS_H

#include "attnjit/Expr/Expr.h"

#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>

namespace attnjit::dsl {

class F32;
class I32;
class Bool;

/// A variable of the language; `q`, `score`, ... below. Stateless, so that
/// formulas in static storage may use it.
template <Var V> struct Variable {
  Expr expr() const { return Expr::var(V); }
};

/// A size of the tensors at hand; an i32 term, and a dimension of buffers.
template <Size S> struct SizeTerm {
  Expr expr() const { return Expr::size(S); }
};

//===----------------------------------------------------------------------===//
// Terms and their handle types
//===----------------------------------------------------------------------===//

namespace detail {

/// The handle type that a T stands for; no `type` where it is no term.
template <typename T> struct HandleFor {};
template <> struct HandleFor<F32> {
  using type = F32;
};
template <> struct HandleFor<I32> {
  using type = I32;
};
template <> struct HandleFor<Bool> {
  using type = Bool;
};
template <> struct HandleFor<bool> {
  using type = Bool;
};
template <std::integral T> struct HandleFor<T> {
  using type = I32;
};
template <std::floating_point T> struct HandleFor<T> {
  using type = F32;
};
template <Size S> struct HandleFor<SizeTerm<S>> {
  using type = I32;
};
template <Var V> struct HandleFor<Variable<V>> {
  using type = std::conditional_t<V == Var::Score || V == Var::Prob, F32, I32>;
};

template <typename T> using HandleOf = typename HandleFor<T>::type;

template <typename T>
concept Term = requires { typename HandleOf<T>; };
/// A term that is no C++ number.
template <typename T>
concept Symbolic = Term<T> && std::is_class_v<T>;
template <typename T>
concept Integer = Term<T> && std::same_as<HandleOf<T>, I32>;
template <typename T>
concept Truth = Term<T> && std::same_as<HandleOf<T>, Bool>;
template <typename T>
concept Number = Integer<T> || (Term<T> && std::same_as<HandleOf<T>, F32>);
template <typename... T>
concept OneSymbolic = (Symbolic<T> || ...);

/// The type in which numbers meet: i32 where all are, f32 otherwise.
template <Number... T>
using Common = std::conditional_t<(Integer<T> && ...), I32, F32>;

/// The constant, or Invalid where `value` is no i32.
Expr integerConstant(int64_t value);
/// `e`, or Invalid where it has another type.
Expr expectType(const Expr &e, Type type);

template <Symbolic T> Expr exprOf(const T &term) { return term.expr(); }
inline Expr exprOf(bool value) { return Expr::boolean(value); }
template <std::floating_point T> Expr exprOf(T value) {
  return Expr::f32(static_cast<float>(value));
}
template <std::integral T> Expr exprOf(T value) {
  // What no int64_t holds is as far from i32 as the greatest one.
  return integerConstant(std::in_range<int64_t>(value)
                             ? static_cast<int64_t>(value)
                             : std::numeric_limits<int64_t>::max());
}

} // namespace detail

//===----------------------------------------------------------------------===//
// Handles
//===----------------------------------------------------------------------===//

/// An f32 expression; i32 terms convert to it, as in the language.
class F32 {
public:
  static constexpr Type kType = Type::F32;

  F32() = default; ///< absent
  template <detail::Number T>
    requires(!std::same_as<T, F32>)
  F32(const T &term) : e(Expr::toF32(detail::exprOf(term))) {}
  /// Wraps an f32 expression; any other one becomes Invalid.
  static F32 of(const Expr &e) { return F32(detail::expectType(e, kType), 0); }

  const Expr &expr() const { return e; }

private:
  F32(Expr e, int) : e(std::move(e)) {}
  Expr e;
};

/// An i32 expression.
class I32 {
public:
  static constexpr Type kType = Type::I32;

  I32() = default; ///< absent
  template <detail::Integer T>
    requires(!std::same_as<T, I32>)
  I32(const T &term) : e(detail::exprOf(term)) {}
  /// Wraps an i32 expression; any other one becomes Invalid.
  static I32 of(const Expr &e) { return I32(detail::expectType(e, kType), 0); }

  const Expr &expr() const { return e; }

private:
  I32(Expr e, int) : e(std::move(e)) {}
  Expr e;
};

/// A bool expression. C++ cannot branch on it: it has its value only when a
/// kernel runs.
class Bool {
public:
  static constexpr Type kType = Type::Bool;

  Bool() = default; ///< absent
  template <detail::Truth T>
    requires(!std::same_as<T, Bool>)
  Bool(const T &term) : e(detail::exprOf(term)) {}
  /// Wraps a bool expression; any other one becomes Invalid.
  static Bool of(const Expr &e) {
    return Bool(detail::expectType(e, kType), 0);
  }

  const Expr &expr() const { return e; }

private:
  Bool(Expr e, int) : e(std::move(e)) {}
  Expr e;
};

//===----------------------------------------------------------------------===//
// Variables and sizes
//===----------------------------------------------------------------------===//

inline constexpr Variable<Var::Score> score{};
inline constexpr Variable<Var::Prob> prob{};
inline constexpr Variable<Var::B> b{};
inline constexpr Variable<Var::H> h{};
inline constexpr Variable<Var::Q> q{};
inline constexpr Variable<Var::Kv> kv{};
inline constexpr Variable<Var::QLocal> q_local{};
inline constexpr Variable<Var::KvLocal> kv_local{};
inline constexpr Variable<Var::KvH> kvh{};

inline constexpr SizeTerm<Size::B> B{};
inline constexpr SizeTerm<Size::Hq> Hq{};
inline constexpr SizeTerm<Size::Hkv> Hkv{};
inline constexpr SizeTerm<Size::Sq> Sq{};
inline constexpr SizeTerm<Size::Skv> Skv{};
inline constexpr SizeTerm<Size::D> D{};
inline constexpr SizeTerm<Size::BGlobal> B_global{};
inline constexpr SizeTerm<Size::HqGlobal> Hq_global{};

/// The score that leaves a key out, and other uses of infinity.
inline constexpr float inf = std::numeric_limits<float>::infinity();

} // namespace attnjit::dsl

#endif // ATTNJIT_EXPR_TERMS_H
