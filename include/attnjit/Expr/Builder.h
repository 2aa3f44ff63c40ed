//===- Builder.h - Writing mods in C++ ------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Typed handles over Expr whose operators read like the formula. Types that do
// not fit are found by the C++ compiler; what it cannot see (a wrong number of
// subscripts, a depth limit) is an Error of `build`.
//
//   using namespace attnjit::dsl;
//   auto slopes = buffer<F32>("slopes", {Hq});
//   auto window = param<I32>("window", 1024);
//   Expected<ModProgram> mod = ModBuilder("alibi_window")
//                                  .score(score - slopes[h] * abs(q - kv))
//                                  .mask(q >= kv && q - kv < window)
//                                  .build();
//
// `/` is the f32 division, as in the language; `floordiv` is the one of i32.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_EXPR_BUILDER_H
#define ATTNJIT_EXPR_BUILDER_H

#include "attnjit/Expr/Captures.h"
#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Expr/Operators.h"
#include "attnjit/Expr/Terms.h"
#include "attnjit/Support/Error.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

namespace attnjit::dsl {

class ScoreMod;
class MaskMod;

namespace detail {
template <> struct HandleFor<ScoreMod> {
  using type = F32;
};
template <> struct HandleFor<MaskMod> {
  using type = Bool;
};
} // namespace detail

//===----------------------------------------------------------------------===//
// Reductions over a compile-time range [lo, hi)
//===----------------------------------------------------------------------===//

namespace detail {
template <typename F>
concept Body = requires(F f, I32 t) {
  { f(t) } -> Term;
};
template <Body F> using BodyHandle = HandleOf<std::invoke_result_t<F, I32>>;

template <Body F> auto reduce(ReduceKind kind, int64_t lo, int64_t hi, F &f) {
  Expr variable = Expr::freshReduceVar();
  return BodyHandle<F>::of(
      Expr::reduce(kind, lo, hi, variable, exprOf(f(I32::of(variable)))));
}
} // namespace detail

/// `any(0, 4, [&](I32 t) { return blocks[t] == kv; })`; and, as a dimension of
/// a buffer, one of any size.
struct AnyTerm {
  template <detail::Body F>
    requires std::same_as<detail::BodyHandle<F>, Bool>
  Bool operator()(int64_t lo, int64_t hi, F f) const {
    return detail::reduce(ReduceKind::Any, lo, hi, f);
  }
};
inline constexpr AnyTerm any{};

template <detail::Body F>
  requires std::same_as<detail::BodyHandle<F>, Bool>
Bool all(int64_t lo, int64_t hi, F f) {
  return detail::reduce(ReduceKind::All, lo, hi, f);
}
/// Added in the order of the variable.
template <detail::Body F>
  requires detail::Number<detail::BodyHandle<F>>
auto sum(int64_t lo, int64_t hi, F f) {
  return detail::reduce(ReduceKind::Sum, lo, hi, f);
}
template <detail::Body F>
  requires detail::Number<detail::BodyHandle<F>>
auto min(int64_t lo, int64_t hi, F f) {
  return detail::reduce(ReduceKind::Min, lo, hi, f);
}
template <detail::Body F>
  requires detail::Number<detail::BodyHandle<F>>
auto max(int64_t lo, int64_t hi, F f) {
  return detail::reduce(ReduceKind::Max, lo, hi, f);
}

//===----------------------------------------------------------------------===//
// Mods as values
//===----------------------------------------------------------------------===//

/// Positions to apply a mod at: `{.q = q + offset}`. Absent ones stay.
struct Positions {
  I32 q = {};
  I32 kv = {};
  I32 b = {};
  I32 h = {};
};

/// An f32 of `score` and the positions.
class ScoreMod : public F32 {
public:
  template <detail::Number T>
    requires(!std::same_as<T, ScoreMod>)
  ScoreMod(const T &term) : F32(term) {}

  /// The mod with `value` for `score`.
  F32 apply(const F32 &value) const;
  /// The mod at other positions.
  ScoreMod at(const Positions &positions) const;
};

/// A bool of the positions; true means attend.
class MaskMod : public Bool {
public:
  template <detail::Truth T>
    requires(!std::same_as<T, MaskMod>)
  MaskMod(const T &term) : Bool(term) {}

  /// The mod at other positions.
  MaskMod at(const Positions &positions) const;
};

namespace detail {
template <typename L, typename R>
concept OneMaskMod = Truth<L> && Truth<R> &&
                     (std::same_as<L, MaskMod> || std::same_as<R, MaskMod>);
} // namespace detail

/// Mask mods combine to mask mods.
template <detail::Truth L, detail::Truth R>
  requires detail::OneSymbolic<L, R> && detail::OneMaskMod<L, R>
MaskMod operator&&(const L &l, const R &r) {
  return detail::make<Bool>(Op::And, l, r);
}
template <detail::Truth L, detail::Truth R>
  requires detail::OneSymbolic<L, R> && detail::OneMaskMod<L, R>
MaskMod operator||(const L &l, const R &r) {
  return detail::make<Bool>(Op::Or, l, r);
}
inline MaskMod operator!(const MaskMod &mod) {
  return detail::make<Bool>(Op::Not, mod);
}

/// The mods applied left to right, absent ones skipped: absent where none is
/// left, a single one as it is.
std::optional<ScoreMod> compose(std::span<const std::optional<ScoreMod>> mods);
template <std::convertible_to<std::optional<ScoreMod>>... Mod>
std::optional<ScoreMod> compose(const Mod &...mods) {
  return compose(std::span<const std::optional<ScoreMod>>(
      std::array<std::optional<ScoreMod>, sizeof...(Mod)>{mods...}));
}

/// Collects the hooks of a mod. Captures are declared by their use; declaring
/// them here as well fixes their order.
class ModBuilder {
public:
  explicit ModBuilder(std::string name = {});

  template <detail::Handle T> ModBuilder &param(const T &param) {
    return declare(param.expr());
  }
  template <typename T> ModBuilder &buffer(const Buffer<T> &buffer) {
    parts.buffers.push_back(buffer.declaration());
    return *this;
  }

  /// Each takes the score that the one before gives.
  template <detail::Number T> ModBuilder &score(const T &value) {
    return addHook(&ModParts::score, Expr::var(Var::Score), F32(value).expr());
  }
  /// An absent mod changes nothing.
  ModBuilder &score(const std::optional<ScoreMod> &mod);
  /// Joined by `and`.
  ModBuilder &mask(const Bool &value);
  /// Each takes the probability that the one before gives.
  ModBuilder &prob(const F32 &value);
  /// At most once.
  ModBuilder &sink(const F32 &value);
  ModBuilder &normalize(Normalize value);

  /// The checked mod, or the first thing wrong with it.
  Expected<ModProgram> build() const;

private:
  ModBuilder &declare(const Expr &param);
  ModBuilder &addHook(Expr ModParts::*hook, const Expr &variable,
                      const Expr &value);
  ModParts parts;
};

} // namespace attnjit::dsl

#endif // ATTNJIT_EXPR_BUILDER_H
