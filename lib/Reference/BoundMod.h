//===- BoundMod.h - A mod with the values of one run ------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod and the checked arguments of a run; evaluates the mod's hooks row
// by row, key by key. Private to lib/Reference.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_REFERENCE_BOUNDMOD_H
#define ATTNJIT_LIB_REFERENCE_BOUNDMOD_H

#include "attnjit/Expr/Interpreter.h"
#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Reference/RunBindings.h"
#include "attnjit/Runtime/Kernel.h"

#include <memory>
#include <optional>
#include <vector>

namespace attnjit {

/// One hook, evaluated along a row.
class Hook {
public:
  explicit Hook(Interpreter interpreter)
      : interpreter(std::move(interpreter)) {}

  /// The next evaluation is of another row.
  void startRow() { rowStarted = false; }
  const Value &evaluate(const Bindings &bindings);
  double maxMagnitude() const { return interpreter.maxMagnitude(); }

private:
  Interpreter interpreter;
  bool rowStarted = false;
};

/// The hooks of a mod with everything that they read. Serves one thread.
class BoundMod {
public:
  /// `args` must have passed checkRunArgs or checkModArgs for `signature`,
  /// which is signatureOf(mod, ...).
  static Expected<std::unique_ptr<BoundMod>>
  create(const ModProgram &mod, const KernelSignature &signature,
         const RunArgs &args, const RunSizes &sizes);

  /// Moves to the row (b, h, i), then to its key j.
  void setRow(int64_t b, int64_t h, int64_t i);
  void setKey(int64_t j) { run.setKey(j); }

  bool hasScore() const { return scoreHook.has_value(); }
  bool keeps();               ///< the mask; true where there is none
  double score(double score); ///< the score mod; identity where there is none
  bool hasProb() const { return probHook.has_value(); }
  double prob(double prob); ///< the prob mod; identity where there is none
  double sink();            ///< -inf where there is none

  /// The largest |intermediate| of the last evaluation of `score`, its value
  /// and its result included; infinities and NaN do not count.
  double scoreMagnitude() const { return magnitude; }
  /// Likewise of the prob mod; 0 where there is none.
  double probMagnitude() const {
    return probHook ? probHook->maxMagnitude() : 0;
  }

  int32_t q() const { return run.values()[Var::Q]; }
  int32_t kv() const { return run.values()[Var::Kv]; }
  /// b * Hq + h, as dropout counts rows.
  uint32_t head() const { return rowHead; }

  const RunSizes &sizes() const { return run.sizes(); }
  /// The run as a kernel would receive it.
  const AttnJitKernelArgs &abi() const { return run.abi(); }

  BoundMod(const BoundMod &) = delete;
  BoundMod &operator=(const BoundMod &) = delete;

private:
  BoundMod(const KernelSignature &signature, const RunArgs &args,
           const RunSizes &sizes)
      : run(signature, args, sizes) {}
  Expected<void> makeHook(const ModProgram &mod, const Expr &expr,
                          std::optional<Hook> &hook);

  RunBindings run;
  std::optional<Hook> scoreHook, maskHook, probHook, sinkHook;
  uint32_t rowHead = 0;
  double magnitude = 0;
};

} // namespace attnjit

#endif // ATTNJIT_LIB_REFERENCE_BOUNDMOD_H
