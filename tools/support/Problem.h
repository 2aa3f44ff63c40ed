//===- Problem.h - The tensors and values of a run ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod and a request in the words of options; gives arguments for
// Kernel::run and the memory behind them. What the arguments must be like, the
// library checks.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_PROBLEM_H
#define ATTNJIT_TOOLS_SUPPORT_PROBLEM_H

#include "support/Array.h"
#include "support/Settings.h"
#include "support/Shape.h"

#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Runtime/Kernel.h"
#include "attnjit/Spec/AttentionSpec.h"
#include "attnjit/Spec/TargetSpec.h"

#include <optional>
#include <string>
#include <vector>

namespace attnjit::tool {

/// Which tensors a problem needs.
enum class Contents {
  Run,      ///< all of them
  MaskOnly, ///< shapes of q, k and v, without memory; captures with contents
};

/// A problem in the words of options.
struct ProblemRequest {
  Contents contents = Contents::Run;
  /// Random tensors of this shape; else q, k and v come from files.
  std::optional<Shape> shape;
  std::string q, k, v;
  /// Of random tensors. Of files it is what uint16 elements are read as.
  std::optional<DType> dtype;
  uint64_t randomSeed = 0;
  std::string mask; ///< .npy of bool or uint8; empty: none
  std::vector<Setting> settings;
  std::optional<float> scale;
  /// An i32, or the name of a .npy file of i32[B]; empty: 0.
  std::string qOffset, kvOffset;
  std::optional<DropoutArg> dropout;
  bool lse = false; ///< whether the run gives an lse
};

/// Arguments of a run and what they point to. Moving it keeps them valid.
class Problem {
public:
  /// Reads and makes the tensors. Captured buffers that are not set get random
  /// contents where the tensors are random; a `?` dimension is then
  /// max(Sq, Skv), and integers lie in [0, max(Sq, Skv)) unless their range is
  /// declared. The mod's declarations must outlive the Problem.
  static Expected<Problem> create(const ModProgram &mod,
                                  const ProblemRequest &request);

  const AttentionSpec &spec() const { return attentionSpec; }
  const Shape &shape() const { return sizes; }
  /// The entry point that a run of the problem takes on a target.
  Entry entry(const ModProgram &mod, const TargetSpec &target) const;
  RunArgs &args() { return runArgs; }
  const RunArgs &args() const { return runArgs; }
  const Array &out() const { return outArray; }
  const Array &lse() const { return lseArray; }

  Problem(Problem &&) = default;
  Problem &operator=(Problem &&) = default;

private:
  Problem() = default;

  Expected<void> makeInputs(const ProblemRequest &request);
  Expected<void> makeRandomInputs(const ProblemRequest &request);
  Expected<void> readInputs(const ProblemRequest &request);
  Expected<void> makeOutputs(const ProblemRequest &request);
  Expected<void> readMask(const ProblemRequest &request);
  Expected<OffsetArg> readOffset(const char *option, const std::string &text);
  Expected<void> addSettings(const ModProgram &mod,
                             const ProblemRequest &request);
  Expected<void> addRandomBuffers(const ModProgram &mod,
                                  const ProblemRequest &request);
  bool hasCapture(std::string_view name) const;
  /// Keeps the memory; gives the view.
  Tensor keep(Array array);

  AttentionSpec attentionSpec;
  Shape sizes;
  RunArgs runArgs;
  Array outArray, lseArray;
  std::vector<Array> inputs;
};

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_PROBLEM_H
