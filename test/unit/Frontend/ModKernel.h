//===- ModKernel.h - A mod's regions as machine code ------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes an `attn.forward` module; gives a function that evaluates each of its
// regions once, on scalars or on vectors of 8 pairs, with positions that become
// known at loops of different depth.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_FRONTEND_MODKERNEL_H
#define ATTNJIT_TEST_UNIT_FRONTEND_MODKERNEL_H

#include "attnjit/ABI/KernelArgs.h"
#include "attnjit/Support/Error.h"

#include "mlir/IR/BuiltinOps.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>

namespace attnjit::test {

inline constexpr int kLanes = 8;
inline constexpr size_t kPositions = 15;
inline constexpr size_t kMaxFrameCaptures = 8;

/// What compiled code reads and writes. Arrays by lane; what does not vary is
/// read from lane 0.
struct ModFrame {
  float value[kLanes]; ///< score or prob
  int32_t positions[kPositions][kLanes];
  int32_t extents[8];
  uint64_t params[kMaxFrameCaptures]; ///< the value in the low bytes
  struct Buffer {
    const void *base;
    int32_t last[4];
    int64_t stride[4];
    /// Along each axis; null: none.
    AttnJitRangeSummary summaries[4];
  } buffers[kMaxFrameCaptures];
  /// By region and yielded value; f32 as bits, i1 as 0 or 1.
  uint32_t results[5][2][kLanes];
};

/// How the code is emitted.
struct ModKernelForm {
  bool vectors = false; ///< vector<8> for what varies
  /// Whether each position is a vector; the hook's value always is one.
  std::array<bool, kPositions> varies = {};
  /// Whether what varies is said to be consecutive.
  bool runs = false;
  /// Depth, 0 to 2, of the loop that makes each position known.
  std::array<int, kPositions> level = {};
};

class ModKernel {
public:
  /// Compiles the regions of the one `attn.forward` in a copy of `module`.
  static Expected<ModKernel> compile(mlir::ModuleOp module,
                                     const ModKernelForm &form);

  void operator()(ModFrame &frame) const { entry(&frame); }

private:
  void (*entry)(void *) = nullptr;
  std::shared_ptr<const void> code;
};

/// A context with all dialects that a ModKernel needs.
std::unique_ptr<mlir::MLIRContext> makeModKernelContext();

} // namespace attnjit::test

#endif // ATTNJIT_TEST_UNIT_FRONTEND_MODKERNEL_H
