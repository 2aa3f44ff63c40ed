//===- Captures.h - Captured values in formulas ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Declares run-time scalars and tensors in C++ and gives the terms that read
// them.
//
//   auto window = param<I32>("window", 1024);
//   auto slopes = buffer<F32>("slopes", {Hq});
//   auto doc = buffer<I32>("doc", DType::I64, {any, Skv}).in(0, 99).sorted();
//   ... slopes[h], doc(b, kv), doc[b][kv]
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_EXPR_CAPTURES_H
#define ATTNJIT_EXPR_CAPTURES_H

#include "attnjit/Expr/Terms.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace attnjit::dsl {

class Axis;
template <typename T> class Element;
template <typename T> class Buffer;
struct AnyTerm;

namespace detail {
template <typename T> struct HandleFor<Element<T>> {
  using type = T;
};
template <typename T> struct HandleFor<Buffer<T>> {
  using type = T;
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

} // namespace attnjit::dsl

#endif // ATTNJIT_EXPR_CAPTURES_H
