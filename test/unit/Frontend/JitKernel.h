//===- JitKernel.h - Runs emitted code over arrays --------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a function that emits code for one value of two values; gives machine
// code that applies it along arrays, on scalars or on vectors: of 8 lanes for
// x86-64-v3, of 16 for x86-64-v4.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_FRONTEND_JITKERNEL_H
#define ATTNJIT_TEST_UNIT_FRONTEND_JITKERNEL_H

#include "mlir/IR/Builders.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace attnjit::test {

enum class Element { F32, I32, I64 };

/// f32 lanes of the targets that this machine executes, least first: none, 8,
/// or 8 and 16.
std::vector<int> vectorLanes();
/// The same, behind 1.
std::vector<int> allLanes();
/// Whether this machine runs what a JitKernel of up to 8 lanes is compiled to.
bool canRunJitKernels();

class JitKernel {
public:
  /// Emits the result for `x` and `y`: scalars, or vectors of all lanes.
  using Emit = std::function<mlir::Value(mlir::OpBuilder &, mlir::Location,
                                         mlir::Value x, mlir::Value y)>;

  /// `lanes` of 1 makes scalars, 16 and more code for x86-64-v4. Operands have
  /// type `in`.
  JitKernel(int lanes, Element in, Element out, const Emit &emit);

  /// out[i] = emitted(x[i], y[i]); the size is a multiple of the lanes.
  template <typename In, typename Out>
  void operator()(std::span<const In> x, std::span<const In> y,
                  std::span<Out> out) const {
    entry(x.data(), y.data(), out.data(), static_cast<int64_t>(out.size()));
  }

private:
  std::unique_ptr<llvm::orc::LLJIT> jit;
  void (*entry)(const void *, const void *, void *, int64_t) = nullptr;
};

} // namespace attnjit::test

#endif // ATTNJIT_TEST_UNIT_FRONTEND_JITKERNEL_H
