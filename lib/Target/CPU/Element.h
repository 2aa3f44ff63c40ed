//===- Element.h - Elements of q, k, v and out ------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Kernels compute in f32; what lies in memory may be f16 or bf16. Widening is
// exact; narrowing rounds to nearest, ties to even, and keeps NaN.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TARGET_CPU_ELEMENT_H
#define ATTNJIT_LIB_TARGET_CPU_ELEMENT_H

#include "attnjit/Target/Common/Ir.h"

namespace attnjit::cpu {

using namespace codegen;
using mlir::Type;
using mlir::Value;

/// The element type of a kernel's tensors: f32, f16 or bf16.
class Element {
public:
  explicit Element(Type type) : type(type) {}

  bool isWide() const { return type.isF32(); }

  /// The type that address arithmetic and loads use; i16 for bf16.
  Type storage() const;

  /// One element, or a vector of `ir.lanes` of them, as f32.
  Value load(Ir &ir, Value address) const;
  Value loadVec(Ir &ir, Value address) const;

  /// Copies `size` elements to f32, followed by zeros up to `padded`, whole
  /// vectors.
  void copyPadded(Ir &ir, Value from, Value to, int64_t size,
                  int64_t padded) const;

  /// Stores an f32 or a vector of them.
  void store(Ir &ir, Value value, Value address) const;

private:
  Value widen(Ir &ir, Value raw) const;
  Value narrow(Ir &ir, Value value) const;

  Type type;
};

} // namespace attnjit::cpu

#endif // ATTNJIT_LIB_TARGET_CPU_ELEMENT_H
