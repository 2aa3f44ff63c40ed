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

#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Expr/Operators.h"
#include "attnjit/Expr/Terms.h"
#include "attnjit/Support/Error.h"

#include <array>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace attnjit::dsl {

class Axis;
template <typename T> class Element;
template <typename T> class Buffer;
struct AnyTerm;
class ScoreMod;
class MaskMod;

namespace detail {
template <typename T> struct HandleFor<Element<T>> {
  using type = T;
};
template <typename T> struct HandleFor<Buffer<T>> {
  using type = T;
};
template <> struct HandleFor<ScoreMod> {
  using type = F32;
};
template <> struct HandleFor<MaskMod> {
  using type = Bool;
};

template <typename T>
concept Handle =
    std::same_as<T, F32> || std::same_as<T, I32> || std::same_as<T, Bool>;

/// A C++ number that may be the value of a `T`.
template <typename N, typename T>
concept ValueOf = std::is_arithmetic_v<N> &&
                  (std::same_as<HandleOf<N>, T> ||
                   (std::same_as<T, F32> && std::same_as<HandleOf<N>, I32>));

std::vector<Dim> dimsOf(const std::vector<Axis> &axes);
Expr makeParam(std::string name, Type type, std::optional<Expr> value);
/// The element, or Invalid where the buffer's elements give another `type`.
Expr makeLoad(const BufferDecl &decl, Type type,
              std::span<const Expr> subscripts);
} // namespace detail

//===----------------------------------------------------------------------===//
// Captures
//===----------------------------------------------------------------------===//

/// A run-time scalar that every run must be given.
template <detail::Handle T> T param(std::string name) {
  return T::of(detail::makeParam(std::move(name), T::kType, std::nullopt));
}
/// A run-time scalar with a default. Another value needs no other kernel.
template <detail::Handle T, detail::ValueOf<T> N>
T param(std::string name, N defaultValue) {
  if constexpr (std::same_as<T, F32>)
    return T::of(
        detail::makeParam(std::move(name), T::kType,
                          Expr::f32(static_cast<float>(defaultValue))));
  else
    return T::of(detail::makeParam(std::move(name), T::kType,
                                   detail::exprOf(defaultValue)));
}

/// A dimension of a buffer's declaration: a number, a size, or `any`.
class Axis {
public:
  template <std::integral N>
  Axis(N extent)
      : dim(Dim::fixed(std::in_range<int64_t>(extent)
                           ? static_cast<int64_t>(extent)
                           : std::numeric_limits<int64_t>::max())) {}
  template <Size S> Axis(const SizeTerm<S> &) : dim(Dim::of(S)) {}
  Axis(const AnyTerm &) : dim(Dim::any()) {}

private:
  friend std::vector<Dim> detail::dimsOf(const std::vector<Axis> &axes);
  Dim dim;
};

/// Some of the subscripts of a captured buffer. With all of them it is an
/// element, and a term.
template <typename T> class Element {
public:
  template <detail::Integer I> Element operator[](const I &subscript) const {
    Element next = *this;
    next.subscripts.push_back(detail::exprOf(subscript));
    return next;
  }
  Expr expr() const { return detail::makeLoad(*decl, T::kType, subscripts); }

private:
  friend class Buffer<T>;
  explicit Element(std::shared_ptr<const BufferDecl> decl)
      : decl(std::move(decl)) {}
  std::shared_ptr<const BufferDecl> decl;
  std::vector<Expr> subscripts;
};

/// A captured tensor: `x[h]`, `x[b][q]` or `x(b, q)`; of rank 0, `x` itself. A
/// subscript outside is clamped to the nearest element.
template <typename T> class Buffer {
public:
  explicit Buffer(BufferDecl decl)
      : decl(std::make_shared<const BufferDecl>(std::move(decl))) {}

  template <detail::Integer I> Element<T> operator[](const I &subscript) const {
    return Element<T>(decl)[subscript];
  }
  template <detail::Integer... I>
  Element<T> operator()(const I &...subscripts) const {
    Element<T> element(decl);
    (element.subscripts.push_back(detail::exprOf(subscripts)), ...);
    return element;
  }
  Expr expr() const { return Element<T>(decl).expr(); }

  /// The same, with the fact that every value lies in [lo, hi].
  template <detail::ValueOf<T> L, detail::ValueOf<T> H>
    requires detail::Number<T>
  Buffer in(L lo, H hi) const {
    BufferDecl changed = *decl;
    changed.range.emplace(scalarOf(lo), scalarOf(hi));
    return Buffer(std::move(changed));
  }
  /// The same, with the fact that values do not decrease along the last axis.
  Buffer sorted() const {
    BufferDecl changed = *decl;
    changed.sorted = true;
    return Buffer(std::move(changed));
  }
  /// The same, reserving that a gradient will be wanted.
  Buffer grad() const {
    BufferDecl changed = *decl;
    changed.grad = true;
    return Buffer(std::move(changed));
  }

  const BufferDecl &declaration() const { return *decl; }

private:
  template <typename N> static Scalar scalarOf(N value) {
    if constexpr (std::same_as<T, F32>)
      return Scalar::f32(static_cast<float>(value));
    else if (std::in_range<int32_t>(value))
      return Scalar::i32(static_cast<int32_t>(value));
    else
      return Scalar::i64(std::numeric_limits<int64_t>::max()); // refused
  }
  std::shared_ptr<const BufferDecl> decl;
};

/// A captured tensor of `element`s, which give a `T` when read.
template <detail::Handle T>
Buffer<T> buffer(std::string name, DType element,
                 const std::vector<Axis> &axes) {
  return Buffer<T>(
      {std::move(name), element, detail::dimsOf(axes), {}, {}, {}});
}
/// The same, of f32, i32 or bool.
template <detail::Handle T>
Buffer<T> buffer(std::string name, const std::vector<Axis> &axes) {
  constexpr DType kElement = std::same_as<T, F32>   ? DType::F32
                             : std::same_as<T, I32> ? DType::I32
                                                    : DType::Bool;
  return buffer<T>(std::move(name), kElement, axes);
}

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
