//===- RunBindings.h - What expressions read in a run -----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the checked arguments of a run; gives the values that an Interpreter
// reads for it: captures, sizes, and positions of the pair that is asked for.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_REFERENCE_RUNBINDINGS_H
#define ATTNJIT_REFERENCE_RUNBINDINGS_H

#include "attnjit/ABI/KernelArgs.h"
#include "attnjit/Expr/Interpreter.h"
#include "attnjit/Runtime/Kernel.h"

#include <vector>

namespace attnjit {

/// Values of one run, by the ordinals of the mod. Refers to the memory of the
/// captured tensors. Serves one thread.
class RunBindings {
public:
  /// `args` must have passed checkRunArgs or checkModArgs for `signature`,
  /// which is signatureOf(mod, ...).
  RunBindings(const KernelSignature &signature, const RunArgs &args,
              const RunSizes &sizes);

  /// Moves to (b, h), to its row i, to the key j of that; all local.
  void setHead(int64_t b, int64_t h);
  void setRow(int64_t i);
  void setKey(int64_t j);

  const Bindings &values() const { return bindings; }
  Bindings &values() { return bindings; }

  /// Added to the positions of the batch entry at hand.
  int32_t qOffset() const { return offsetOfQ; }
  int32_t kvOffset() const { return offsetOfKv; }

  const RunSizes &sizes() const { return runSizes; }
  /// The run as a kernel would receive it.
  const AttnJitKernelArgs &abi() const { return kernelArgs; }

  RunBindings(const RunBindings &) = delete;
  RunBindings &operator=(const RunBindings &) = delete;

private:
  void bindCaptures(const KernelSignature &signature);
  void bindSizes();

  const RunArgs args; ///< a copy: kernelArgs points into it
  const RunSizes runSizes;
  AttnJitKernelArgs kernelArgs = {};
  std::vector<uint64_t> slots;
  std::vector<AttnJitBuffer> bufferSlots;
  std::vector<Scalar> params;
  std::vector<BufferView> buffers;
  Bindings bindings;
  int32_t offsetOfQ = 0, offsetOfKv = 0;
};

} // namespace attnjit

#endif // ATTNJIT_REFERENCE_RUNBINDINGS_H
