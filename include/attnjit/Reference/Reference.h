//===- Reference.h - Naive attention in f64 -------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The definition of docs/semantics.md, executed: one row at a time, in f64,
// with the unsimplified mod through the Interpreter. The oracle of every
// kernel; written for clarity.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_REFERENCE_REFERENCE_H
#define ATTNJIT_REFERENCE_REFERENCE_H

#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Runtime/Kernel.h"
#include "attnjit/Support/Error.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace attnjit {

/// One row of the result, and what the error bound needs.
struct ReferenceRow {
  std::vector<double> out; ///< [Dv]
  /// [Dv]: sum_j |p'_j v_j|, with |p'_j| + kFlushedProb for |p'_j|, or for
  /// `normalize = none` max(1, |p'_j|); more where a prob mod amplifies the
  /// error of its probability. Keys that dropout drops do not count.
  std::vector<double> absSum;
  double lse = 0;
  /// M: largest |intermediate| of the score mod, over the keys whose weight
  /// would not be 0 in f32 for any score within the error of theirs.
  double magnitude = 0;
};

/// The row (b, h, i), local indices. `args` as for Kernel::run, checked by
/// `checkRunArgs` first; `out` and `lse` of the args are not touched.
/// One object per thread.
class Reference {
public:
  /// Prepares a mod for these arguments; an Error where a capture is missing
  /// or an argument is wrong. Keeps references to the tensors' memory.
  static Expected<Reference> create(const ModProgram &mod, const RunArgs &args);

  /// Computes one row into `row` (resized).
  void computeRow(int64_t b, int64_t h, int64_t i, ReferenceRow &row);

  const RunSizes &sizes() const;

  Reference(Reference &&) noexcept;
  Reference &operator=(Reference &&) noexcept;
  ~Reference();

private:
  struct Impl;
  explicit Reference(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

/// Result of comparing a run's `out` and `lse` with the Reference.
struct CheckReport {
  double maxAbsError = 0;
  /// Worst error / bound of docs/numerics.md; passes at <= 1.
  double worstBoundRatio = 0;
  int64_t rowsChecked = 0;
  int64_t rowsTotal = 0;
  bool ok = true;
  /// Where the worst ratio was found: "out[b, h, i, d]: got x, want y".
  std::string worst;
};

/// Which rows to check.
struct CheckOptions {
  /// Rows are sampled, evenly and by `seed`, where checking all would take
  /// more than about this many (query, key) pairs.
  int64_t maxPairs = 50'000'000;
  uint64_t seed = 1;
  /// Runs the comparison; null: serial.
  Executor *executor = nullptr;
};

/// Compares the contents of args.out (and args.lse) with the Reference within
/// the bound of docs/numerics.md.
Expected<CheckReport> checkAgainstReference(const ModProgram &mod,
                                            const RunArgs &args,
                                            const CheckOptions &options = {});

/// `mask_mod` as a bool tensor: out[b,h,i,j] for the sizes and captures of
/// `args`, whose q, k and v may have null data; mask tensor not applied. `out`
/// is bool [B, Hq, Sq, Skv]. Runs on args.executor; null: on all cores.
Expected<void> materializeMask(const ModProgram &mod, const RunArgs &args,
                               const Tensor &out);

/// `score_mod` on a whole tensor of scores: f32 [B, Hq, Sq, Skv] in and out
/// (they may be the same memory, with the same strides). As above otherwise.
Expected<void> applyScoreMod(const ModProgram &mod, const RunArgs &args,
                             const Tensor &scores, const Tensor &out);

} // namespace attnjit

#endif // ATTNJIT_REFERENCE_REFERENCE_H
