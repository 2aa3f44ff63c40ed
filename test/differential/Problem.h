//===- Problem.h - The memory of one run ----------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod, a shape and a seed; gives arguments of a run, each tensor in
// guarded memory of its own (slices of a fused tensor share theirs), filled
// with data. Gaps between rows hold NaN, and gaps of outputs are watched.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_DIFFERENTIAL_PROBLEM_H
#define ATTNJIT_TEST_DIFFERENTIAL_PROBLEM_H

#include "GuardedMemory.h"
#include "RandomExpr.h"
#include "Shape.h"

#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Runtime/Kernel.h"
#include "attnjit/Spec/AttentionSpec.h"

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace attnjit::test {

/// What captured values look like.
enum class Captures {
  Plausible,   ///< in their declared range, near the sizes of the run
  Interesting, ///< any, mostly where operations change their behaviour
};

class Problem {
public:
  Problem(const ModProgram &mod, const Shape &shape, uint64_t seed,
          Captures captures = Captures::Plausible);

  RunArgs args;

  /// The spec of a kernel for these arguments.
  AttentionSpec spec() const;
  const Shape &shape() const { return sizes; }

  /// Fills the outputs, gaps included, with the canary.
  void clearOutputs();
  /// The outputs' memory, gaps included, as the run has left it.
  std::vector<std::byte> outputBytes() const;
  /// Whether the outputs' gaps still hold the canary.
  bool areGapsUntouched() const;

  /// A tensor in new guarded memory. `strides` may be zero or negative.
  Tensor allocate(DType dtype, std::span<const int64_t> shape,
                  std::span<const int64_t> strides);
  Tensor allocate(DType dtype, std::initializer_list<int64_t> shape);

  /// The captured buffer of that name.
  Tensor buffer(std::string_view name) const;
  void setBuffer(std::string_view name, const Tensor &tensor);
  void setParam(std::string_view name, Scalar value);

  Random random;

private:
  void makeInputs();
  void makeOutputs();
  void makeMask();
  void makeOffsets();
  void makeDropout();
  void makeCaptures(Captures style);
  void fillInputs();
  void fillPlausible(const BufferDecl &decl, const Tensor &tensor);
  void fillInteresting(const Tensor &tensor);
  Tensor bufferFor(const BufferDecl &decl, Captures style);
  Scalar paramFor(const ParamDecl &decl, Captures style);
  CaptureArg &capture(std::string_view name);

  ModProgram mod; ///< owns the captures' names
  Shape sizes;
  std::vector<std::unique_ptr<GuardedMemory>> memory;
  GuardedMemory *outMemory = nullptr, *lseMemory = nullptr;
};

/// Calls `visit(index, address)` for each element, in row-major order.
void forEachElement(
    const Tensor &tensor,
    const std::function<void(const std::array<int64_t, kMaxRank> &index,
                             std::byte *address)> &visit);

/// Rounds `value` to an element of a tensor of f32, f16 or bf16.
void put(const Tensor &tensor, std::byte *address, float value);

/// The address of an element; `index` has the tensor's rank.
template <typename T>
T &at(const Tensor &tensor, std::initializer_list<int64_t> index) {
  int64_t offset = 0;
  int axis = 0;
  for (int64_t i : index)
    offset += i * tensor.stride[axis++];
  return static_cast<T *>(tensor.data)[offset];
}

/// Standard normal, the same on every machine.
double normal(Random &random);

} // namespace attnjit::test

#endif // ATTNJIT_TEST_DIFFERENTIAL_PROBLEM_H
