//===- Capture.h - Declarations of captured values ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a mod says about the values it captures: run-time scalars (params) and
// run-time tensors (buffers). Plain values, compared by content. They stand on
// the lowest floor because the expression language, the runtime's argument
// checks and the compiler all read them.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_SUPPORT_CAPTURE_H
#define ATTNJIT_SUPPORT_CAPTURE_H

#include "attnjit/Support/DType.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace attnjit {

/// Type of an expression. I64 is internal: the analyses compute bounds in it,
/// no mod can name it.
enum class Type : uint8_t { F32, I32, Bool, I64 };

/// "f32", "i32", "bool", "i64".
std::string_view name(Type type);

/// A scalar value with its type. Compared by bits, so that NaN equals itself
/// and -0 differs from 0.
struct Scalar {
  Type type = Type::I32;
  uint64_t bits = 0; ///< f32: bit pattern; i32: zero-extended; bool: 0 or 1

  static Scalar f32(float value);
  static Scalar i32(int32_t value);
  static Scalar i64(int64_t value);
  static Scalar boolean(bool value);

  float asF32() const;
  int32_t asI32() const { return static_cast<int32_t>(bits); }
  int64_t asI64() const { return static_cast<int64_t>(bits); }
  bool asBool() const { return bits != 0; }

  bool operator==(const Scalar &) const = default;
};

/// Sizes of the tensors at hand that a mod can name. In the order of the
/// kernel ABI's size fields.
enum class Size : uint8_t { B, Hq, Hkv, Sq, Skv, D, BGlobal, HqGlobal };

/// "B", "Hq", ..., "B_global", "Hq_global".
std::string_view name(Size size);

/// One dimension of a captured buffer's declaration.
struct Dim {
  enum class Kind : uint8_t { Fixed, Size, Any } kind = Kind::Any;
  int64_t extent = 0;           ///< for Fixed, >= 0
  attnjit::Size size = Size::B; ///< for Size

  static Dim fixed(int64_t extent);
  static Dim of(attnjit::Size size);
  static Dim any() { return {}; }

  bool operator==(const Dim &) const = default;
};

/// `param NAME : TYPE = DEFAULT`: a run-time scalar.
struct ParamDecl {
  std::string name;
  Type type = Type::F32;              ///< F32, I32 or Bool
  std::optional<Scalar> defaultValue; ///< none: must be given to every run

  bool operator==(const ParamDecl &) const = default;
};

/// `buffer NAME : ELEMENT[dims]`: a run-time tensor of rank 0 to 4.
struct BufferDecl {
  std::string name;
  DType element = DType::F32;
  std::vector<Dim> dims;
  /// `in [lo, hi]`: every value lies in the range. A fact that may steer
  /// speed, never safety.
  std::optional<std::pair<Scalar, Scalar>> range;
  bool sorted = false; ///< values do not decrease along the last axis
  bool grad = false;   ///< a gradient will be wanted

  /// The type that a load gives: f16, bf16 -> F32; u8, i64 -> I32.
  Type valueType() const;

  bool operator==(const BufferDecl &) const = default;
};

/// Captured buffers have at most this many axes.
inline constexpr int kMaxBufferRank = 4;
/// A mod captures at most this many params and buffers together.
inline constexpr int kMaxCaptures = 64;

} // namespace attnjit

#endif // ATTNJIT_SUPPORT_CAPTURE_H
