//===- RangeSummaries.h - Extremes of captured buffers ----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the captured buffers of a run; gives the summaries that its kernel
// reads of them (docs/kernel-abi.md has the layout): of every row along an
// axis, the least and the greatest elements of aligned blocks of 4, 8, 16, ...
// elements. One pass over the buffers, on all threads; of a GPU's buffers the
// GPU makes it (Cuda/SummaryLaunch.h).
//
// A summary of a buffer whose contents the caller names by a version is kept
// for runs to come. Private to lib/Runtime.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_RUNTIME_RANGESUMMARIES_H
#define ATTNJIT_LIB_RUNTIME_RANGESUMMARIES_H

#include "attnjit/ABI/KernelArgs.h"
#include "attnjit/Runtime/Kernel.h"

#include <array>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace attnjit {

/// What is summarised: the elements at one address, seen along one axis.
struct SummarySource {
  const void *data = nullptr;
  DType dtype = DType::I32;
  int axis = 0;
  std::array<int64_t, kMaxBufferRank> size = {}, stride = {};

  bool operator==(const SummarySource &) const = default;

  /// Entries of a row: the least power of two that is 8 or more and not below
  /// the axis' size.
  int64_t padded() const;
  int64_t rows() const;
  int64_t entries() const { return rows() * padded(); }
};

/// Writes the entries of `sources` to the memory of each, on `executor`, or on
/// the calling thread where they are few.
Expected<void> summarize(std::span<const SummarySource> sources,
                         std::span<int32_t *const> to, Executor &executor,
                         int slots);

/// Summaries that later runs may read, by source and version; thread-safe.
class SummaryCache {
public:
  using Entries = std::shared_ptr<const std::vector<int32_t>>;

  /// Null where there is none.
  Entries find(const SummarySource &source, uint64_t version);
  /// Takes the place of the oldest where there are too many.
  void keep(const SummarySource &source, uint64_t version, Entries entries);

private:
  /// A mod seldom has more than three buffers of which bounds ask; a server may
  /// take turns with several batches.
  static constexpr size_t kMostKept = 32;
  struct Kept {
    SummarySource source;
    uint64_t version;
    Entries entries;
  };
  std::mutex mutex;
  std::vector<Kept> kept; ///< oldest first
};

/// A summary that a run has use for.
struct WantedSummary {
  SummarySource source;
  uint64_t version; ///< of the contents; 0: they may be others each run
  int slot;         ///< of the buffer; unused for the mask tensor
  size_t row;       ///< of the table
};

/// The summaries of one run; memory is kept for the next.
class RunSummaries {
public:
  /// Finds what checked arguments want, `buffers` by slot; the table has no
  /// entries yet. Throws std::bad_alloc.
  void find(const KernelSignature &signature, const RunArgs &args,
            const RunSizes &sizes, std::span<const AttnJitBuffer> buffers);
  std::span<const WantedSummary> wanted() const { return wantedRows; }
  /// Puts a summary into the table.
  void enter(const WantedSummary &wanted, const int32_t *entries) {
    rows[wanted.row] = {entries, wanted.source.padded()};
  }

  /// Finds and computes them, on `executor`. An Error where memory is lacking,
  /// or, with `args.checkVersions`, where a buffer is not what its version
  /// says.
  Expected<void> make(const KernelSignature &signature, const RunArgs &args,
                      const RunSizes &sizes,
                      std::span<const AttnJitBuffer> buffers,
                      Executor &executor, int slots, SummaryCache &cache);

  /// As AttnJitKernelArgs::summaries has them; empty: the kernel asks for none.
  std::span<const AttnJitRangeSummary> table() const { return rows; }
  /// Lets go of what runs share. The table is no longer valid.
  void release() {
    rows.clear();
    shared.clear();
  }

private:
  Expected<void> makeOwn(Executor &executor, int slots);
  Expected<void> makeShared(const WantedSummary &wanted,
                            const KernelSignature &, bool check,
                            Executor &executor, int slots, SummaryCache &cache);
  void addMask(const Tensor &mask, const RunSizes &sizes);

  std::vector<AttnJitRangeSummary> rows;
  std::vector<WantedSummary> wantedRows;
  std::vector<SummaryCache::Entries> shared;
  std::vector<SummarySource> sources;
  std::vector<int32_t *> targets;
  std::unique_ptr<int32_t[]> memory;
  int64_t capacity = 0;
};

} // namespace attnjit

#endif // ATTNJIT_LIB_RUNTIME_RANGESUMMARIES_H
