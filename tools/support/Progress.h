//===- Progress.h - A bar for work that takes long ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A bar on standard error, where that is a terminal, for work that takes
// longer than a second.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_PROGRESS_H
#define ATTNJIT_TOOLS_SUPPORT_PROGRESS_H

#include "support/Measure.h"

#include "attnjit/Runtime/Executor.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace attnjit::tool {

/// One piece of work. Any thread may report; the bar goes away at the end.
class Progress {
public:
  explicit Progress(std::string label);
  ~Progress();

  /// `share` of the work, in [0, 1], is done.
  void report(double share);

private:
  void draw(double share);

  const std::string label;
  const bool onTerminal;
  Stopwatch sinceStart;
  std::mutex drawing;
  double drawnAtMs = 0; ///< 0: nothing is drawn
};

/// Runs on another executor and reports the items that are done.
class ProgressExecutor final : public Executor {
public:
  ProgressExecutor(std::shared_ptr<Executor> inner, Progress &progress)
      : inner(std::move(inner)), progress(progress) {}

  int concurrency() const override { return inner->concurrency(); }
  void parallelFor(int64_t count,
                   const std::function<void(int64_t begin, int64_t end,
                                            int slot)> &body) override;

private:
  const std::shared_ptr<Executor> inner;
  Progress &progress;
};

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_PROGRESS_H
