//===- RunStatePool.h - Memory of runs, kept for the next -------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What one run of a kernel needs besides its arguments: room for captured
// values and a workspace per executor slot. Two runs at once never share a
// RunState; a warm run takes one that is there and allocates nothing.
// Private to lib/Runtime.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_RUNTIME_RUNSTATEPOOL_H
#define ATTNJIT_LIB_RUNTIME_RUNSTATEPOOL_H

#include "RangeSummaries.h"
#include "attnjit/ABI/KernelArgs.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <vector>

namespace attnjit {

/// Alignment of workspaces: a cache line, and a full vector register.
inline constexpr int64_t kWorkspaceAlignment = 64;

/// Memory of one run.
class RunState {
public:
  std::vector<uint64_t> params;
  std::vector<AttnJitBuffer> buffers;
  RunSummaries summaries;
  std::vector<uint32_t> costs; ///< by work item
  std::vector<int64_t> order;  ///< of work items; empty: as they are numbered

  /// Makes room for `slots` workspaces of `bytes` each; false where there is
  /// no memory for them.
  bool reserveWorkspaces(int64_t slots, int64_t bytes);

  /// Makes room for partial results of `floats`, and for `cells` counters of
  /// arrivals, all zero; false where there is no memory for them.
  bool reservePartials(int64_t floats, int64_t cells);

  /// After a run that did not end well: its counters may be anything.
  void forgetArrivals() { arrivals.clear(); }

  float *partials() const { return partialBlock.get(); }
  uint32_t *arrivalCounters() { return arrivals.data(); }

  /// The workspace of a slot; null where `bytes` was 0.
  void *workspace(int64_t slot) const {
    return bytesPerSlot == 0 ? nullptr : block.get() + slot * bytesPerSlot;
  }

private:
  friend class RunStatePool;
  struct Free {
    void operator()(std::byte *memory) const {
      ::operator delete[](memory, std::align_val_t(kWorkspaceAlignment));
    }
  };
  std::unique_ptr<std::byte[], Free> block;
  std::unique_ptr<float[]> partialBlock;
  int64_t partialFloats = 0;
  /// Every run leaves zeros behind.
  std::vector<uint32_t> arrivals;
  int64_t blockBytes = 0;
  int64_t bytesPerSlot = 0;
  std::unique_ptr<RunState> next; ///< in the pool's list
};

/// A stack of unused RunStates. Thread-safe.
class RunStatePool {
public:
  RunStatePool() = default;
  ~RunStatePool();

  /// An unused state, or a new one; null where there is no memory.
  std::unique_ptr<RunState> take();
  /// Gives a state back. Does not allocate.
  void giveBack(std::unique_ptr<RunState> state);

private:
  std::mutex mutex;
  std::unique_ptr<RunState> unused;
};

/// A RunState of a pool for the length of a scope.
class PooledRunState {
public:
  explicit PooledRunState(RunStatePool &pool)
      : pool(pool), state(pool.take()) {}
  ~PooledRunState() {
    if (!state)
      return;
    state->summaries.release();
    pool.giveBack(std::move(state));
  }
  PooledRunState(const PooledRunState &) = delete;
  PooledRunState &operator=(const PooledRunState &) = delete;

  RunState *get() const { return state.get(); }

private:
  RunStatePool &pool;
  std::unique_ptr<RunState> state;
};

} // namespace attnjit

#endif // ATTNJIT_LIB_RUNTIME_RUNSTATEPOOL_H
