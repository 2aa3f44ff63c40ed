//===- Executor.h - Who runs a kernel's work items ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel's work is a range of independent items. An Executor decides on
// which threads, in which order and in which pieces they run; results do not
// depend on its choice.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_EXECUTOR_H
#define ATTNJIT_RUNTIME_EXECUTOR_H

#include "attnjit/Support/Error.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace attnjit {

/// Runs work items. Implementations must be callable from several threads at
/// once.
class Executor {
public:
  virtual ~Executor() = default;

  /// Upper bound of pieces that run at the same time, >= 1. A run takes
  /// workspace for that many.
  virtual int concurrency() const = 0;

  /// Calls `body(begin, end, slot)` on pieces that cover [0, count) once each,
  /// in any order, and returns when all are done. Calls that overlap in time
  /// have different `slot` in [0, concurrency()). `body` does not throw.
  virtual void parallelFor(int64_t count,
                           const std::function<void(int64_t begin, int64_t end,
                                                    int slot)> &body) = 0;
};

/// Runs the items of `body` on `executor`, which may be a caller's own: an
/// Error where it breaks the contract above (InvalidArgument for a concurrency
/// below 1, Internal for the rest). `body` sees lawful pieces alone, and slots
/// in [0, slots), where `slots` is the concurrency that the caller has prepared
/// for. Allocates nothing of its own.
Expected<void>
runItems(Executor &executor, int slots, int64_t count,
         const std::function<void(int64_t begin, int64_t end, int slot)> &body);

/// Runs everything on the calling thread.
std::shared_ptr<Executor> makeSerialExecutor();

/// oneTBB with that many threads; 0: as many as the machine has. Threads are
/// shared with other users of oneTBB in the process.
std::shared_ptr<Executor> makeThreadedExecutor(int threads = 0);

} // namespace attnjit

#endif // ATTNJIT_RUNTIME_EXECUTOR_H
