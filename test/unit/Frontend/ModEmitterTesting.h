//===- ModEmitterTesting.h - Mods in many forms of code ---------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod and the bounds of its mask through buildForward and ModEmitter to
// machine code, in a form that a target may choose; compares what it gives for
// random values, in every lane, with the bits of the Interpreter.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_FRONTEND_MODEMITTERTESTING_H
#define ATTNJIT_TEST_UNIT_FRONTEND_MODEMITTERTESTING_H

#include "ModKernel.h"
#include "RandomExpr.h"

#include "attnjit/Analysis/TileBounds.h"
#include "attnjit/Expr/ModProgram.h"

#include "mlir/IR/OwningOpRef.h"

#include <gtest/gtest.h>

namespace attnjit::test {

inline constexpr size_t kFirstPosition = static_cast<size_t>(Var::B);
static_assert(kFirstPosition + kPositions - 1 ==
              static_cast<size_t>(Var::KvLocalHi));

/// A mod and the bounds of its mask.
struct Subject {
  ModProgram mod = ModProgram::identity();
  TileBounds bounds;
};

/// The summaries of one buffer along each axis that has any.
class BufferSummaries {
public:
  explicit BufferSummaries(const BufferView &view);

  void enter(ModFrame::Buffer &buffer) const;

private:
  std::array<std::vector<int32_t>, kMaxBufferRank> entries;
  std::array<int64_t, kMaxBufferRank> padded = {};
};

/// Vectors or scalars, positions known anywhere.
ModKernelForm randomForm(Random &random);

/// How the CPU target emits: queries in lanes, b and h known outside, keys in
/// the innermost loop, corners of tiles as scalars.
ModKernelForm targetForm();

/// Builds and checks subjects in a context of its own.
class ModEmitterTesting : public testing::Test {
protected:
  mlir::OwningOpRef<mlir::ModuleOp> build(const Subject &subject);

  /// Runs one form of a mod, which `build` gave, on random inputs against the
  /// Interpreter.
  static void check(const Subject &subject, const ModKernelForm &form,
                    Random &random, mlir::ModuleOp module, int frames);

  /// Checks a mask and a score, in the form of the target and on scalars.
  void checkMod(const Expr &score, const Expr &mask, uint64_t seed = 1);

  std::unique_ptr<mlir::MLIRContext> context = makeModKernelContext();
};

} // namespace attnjit::test

#endif // ATTNJIT_TEST_UNIT_FRONTEND_MODEMITTERTESTING_H
