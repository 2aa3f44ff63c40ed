//===- Operators.h - Operators and functions over terms -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operations of the language as C++ operators and functions. An operation
// that the language does not give to its operands' types is not declared, so
// `score % 2`, `!q` and `(q < kv) + 1` do not compile.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_EXPR_OPERATORS_H
#define ATTNJIT_EXPR_OPERATORS_H

#include "attnjit/Expr/Terms.h"

namespace attnjit::dsl {

namespace detail {
template <typename Result, Term... T> Result make(Op op, const T &...terms) {
  return Result::of(Expr::make(op, {exprOf(terms)...}));
}
} // namespace detail

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

template <detail::Number L, detail::Number R>
  requires detail::OneSymbolic<L, R>
detail::Common<L, R> operator+(const L &l, const R &r) {
  return detail::make<detail::Common<L, R>>(Op::Add, l, r);
}
template <detail::Number L, detail::Number R>
  requires detail::OneSymbolic<L, R>
detail::Common<L, R> operator-(const L &l, const R &r) {
  return detail::make<detail::Common<L, R>>(Op::Sub, l, r);
}
template <detail::Number L, detail::Number R>
  requires detail::OneSymbolic<L, R>
detail::Common<L, R> operator*(const L &l, const R &r) {
  return detail::make<detail::Common<L, R>>(Op::Mul, l, r);
}
/// Always the f32 division; `floordiv` is the one of i32.
template <detail::Number L, detail::Number R>
  requires detail::OneSymbolic<L, R>
F32 operator/(const L &l, const R &r) {
  return detail::make<F32>(Op::Div, l, r);
}
template <detail::Number T>
  requires detail::Symbolic<T>
detail::HandleOf<T> operator-(const T &x) {
  return detail::make<detail::HandleOf<T>>(Op::Neg, x);
}
template <detail::Number T>
  requires detail::Symbolic<T>
detail::HandleOf<T> operator+(const T &x) {
  return x;
}

/// Rounds toward negative infinity, as `//` does; 0 for a divisor of 0.
template <detail::Integer L, detail::Integer R>
  requires detail::OneSymbolic<L, R>
I32 floordiv(const L &l, const R &r) {
  return detail::make<I32>(Op::FloorDiv, l, r);
}
/// The sign of the divisor, unlike C++; 0 for a divisor of 0.
template <detail::Integer L, detail::Integer R>
  requires detail::OneSymbolic<L, R>
I32 operator%(const L &l, const R &r) {
  return detail::make<I32>(Op::Mod, l, r);
}
template <detail::Integer L, detail::Integer R>
  requires detail::OneSymbolic<L, R>
I32 operator<<(const L &l, const R &r) {
  return detail::make<I32>(Op::Shl, l, r);
}
template <detail::Integer L, detail::Integer R>
  requires detail::OneSymbolic<L, R>
I32 operator>>(const L &l, const R &r) {
  return detail::make<I32>(Op::Shr, l, r);
}

//===----------------------------------------------------------------------===//
// Bits and logic
//===----------------------------------------------------------------------===//

namespace detail {
template <typename L, typename R>
concept Bits =
    OneSymbolic<L, R> && ((Integer<L> && Integer<R>) || (Truth<L> && Truth<R>));
} // namespace detail

template <typename L, typename R>
  requires detail::Bits<L, R>
detail::HandleOf<L> operator&(const L &l, const R &r) {
  return detail::make<detail::HandleOf<L>>(Op::And, l, r);
}
template <typename L, typename R>
  requires detail::Bits<L, R>
detail::HandleOf<L> operator|(const L &l, const R &r) {
  return detail::make<detail::HandleOf<L>>(Op::Or, l, r);
}
template <typename L, typename R>
  requires detail::Bits<L, R>
detail::HandleOf<L> operator^(const L &l, const R &r) {
  return detail::make<detail::HandleOf<L>>(Op::Xor, l, r);
}
template <detail::Symbolic T>
  requires(detail::Integer<T> || detail::Truth<T>)
detail::HandleOf<T> operator~(const T &x) {
  return detail::make<detail::HandleOf<T>>(Op::Not, x);
}
/// Both sides are computed; neither has an effect that would show it.
template <detail::Truth L, detail::Truth R>
  requires detail::OneSymbolic<L, R>
Bool operator&&(const L &l, const R &r) {
  return detail::make<Bool>(Op::And, l, r);
}
template <detail::Truth L, detail::Truth R>
  requires detail::OneSymbolic<L, R>
Bool operator||(const L &l, const R &r) {
  return detail::make<Bool>(Op::Or, l, r);
}
template <detail::Truth T>
  requires detail::Symbolic<T>
Bool operator!(const T &x) {
  return detail::make<Bool>(Op::Not, x);
}

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

namespace detail {
template <typename L, typename R>
concept Ordered = OneSymbolic<L, R> && Number<L> && Number<R>;
template <typename L, typename R>
concept Equatable =
    OneSymbolic<L, R> && ((Number<L> && Number<R>) || (Truth<L> && Truth<R>));
} // namespace detail

template <typename L, typename R>
  requires detail::Ordered<L, R>
Bool operator<(const L &l, const R &r) {
  return detail::make<Bool>(Op::Lt, l, r);
}
template <typename L, typename R>
  requires detail::Ordered<L, R>
Bool operator<=(const L &l, const R &r) {
  return detail::make<Bool>(Op::Le, l, r);
}
template <typename L, typename R>
  requires detail::Ordered<L, R>
Bool operator>(const L &l, const R &r) {
  return detail::make<Bool>(Op::Gt, l, r);
}
template <typename L, typename R>
  requires detail::Ordered<L, R>
Bool operator>=(const L &l, const R &r) {
  return detail::make<Bool>(Op::Ge, l, r);
}
template <typename L, typename R>
  requires detail::Equatable<L, R>
Bool operator==(const L &l, const R &r) {
  return detail::make<Bool>(Op::Eq, l, r);
}
template <typename L, typename R>
  requires detail::Equatable<L, R>
Bool operator!=(const L &l, const R &r) {
  return detail::make<Bool>(Op::Ne, l, r);
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

/// `c ? x : y`; the branch that is not taken is not seen.
template <detail::Truth C, detail::Number X, detail::Number Y>
  requires detail::Symbolic<C>
detail::Common<X, Y> where(const C &c, const X &x, const Y &y) {
  return detail::make<detail::Common<X, Y>>(Op::Where, c, x, y);
}
template <detail::Truth C, detail::Truth X, detail::Truth Y>
  requires detail::Symbolic<C>
Bool where(const C &c, const X &x, const Y &y) {
  return detail::make<Bool>(Op::Where, c, x, y);
}

/// f32: NaN where either is NaN; -0 is below +0.
template <detail::Number L, detail::Number R>
  requires detail::OneSymbolic<L, R>
detail::Common<L, R> min(const L &l, const R &r) {
  return detail::make<detail::Common<L, R>>(Op::Min, l, r);
}
template <detail::Number L, detail::Number R>
  requires detail::OneSymbolic<L, R>
detail::Common<L, R> max(const L &l, const R &r) {
  return detail::make<detail::Common<L, R>>(Op::Max, l, r);
}
/// `min(max(x, lo), hi)`.
template <detail::Number X, detail::Number L, detail::Number H>
  requires detail::Symbolic<X>
detail::Common<X, L, H> clamp(const X &x, const L &lo, const H &hi) {
  return min(max(x, lo), hi);
}
template <detail::Number L, detail::Number R>
  requires detail::OneSymbolic<L, R>
F32 pow(const L &l, const R &r) {
  return detail::make<F32>(Op::Pow, l, r);
}

template <detail::Number T>
  requires detail::Symbolic<T>
detail::HandleOf<T> abs(const T &x) {
  return detail::make<detail::HandleOf<T>>(Op::Abs, x);
}
/// -1, 0 or 1; NaN for NaN.
template <detail::Number T>
  requires detail::Symbolic<T>
detail::HandleOf<T> sign(const T &x) {
  return detail::make<detail::HandleOf<T>>(Op::Sign, x);
}

#define ATTNJIT_F32_FUNCTION(Function, Name)                                   \
  template <detail::Number T>                                                  \
    requires detail::Symbolic<T>                                               \
  F32 Function(const T &x) {                                                   \
    return detail::make<F32>(Op::Name, x);                                     \
  }
ATTNJIT_F32_FUNCTION(floor, Floor)
ATTNJIT_F32_FUNCTION(ceil, Ceil)
ATTNJIT_F32_FUNCTION(trunc, Trunc)
ATTNJIT_F32_FUNCTION(round, Round)
ATTNJIT_F32_FUNCTION(exp, Exp)
ATTNJIT_F32_FUNCTION(exp2, Exp2)
ATTNJIT_F32_FUNCTION(log, Log)
ATTNJIT_F32_FUNCTION(log2, Log2)
ATTNJIT_F32_FUNCTION(sqrt, Sqrt)
ATTNJIT_F32_FUNCTION(rsqrt, Rsqrt)
ATTNJIT_F32_FUNCTION(tanh, Tanh)
ATTNJIT_F32_FUNCTION(sigmoid, Sigmoid)
ATTNJIT_F32_FUNCTION(erf, Erf)
ATTNJIT_F32_FUNCTION(sin, Sin)
ATTNJIT_F32_FUNCTION(cos, Cos)
ATTNJIT_F32_FUNCTION(gelu, Gelu)
ATTNJIT_F32_FUNCTION(relu, Relu)
#undef ATTNJIT_F32_FUNCTION

/// Casts. `i32` of an f32 truncates and saturates, NaN gives 0; `boolean` is
/// `x != 0`; from bool come 0 and 1.
template <detail::Symbolic T> F32 f32(const T &x) {
  return detail::make<F32>(Op::ToF32, x);
}
template <detail::Symbolic T> I32 i32(const T &x) {
  return detail::make<I32>(Op::ToI32, x);
}
template <detail::Symbolic T> Bool boolean(const T &x) {
  return detail::make<Bool>(Op::ToBool, x);
}

} // namespace attnjit::dsl

#endif // ATTNJIT_EXPR_OPERATORS_H
