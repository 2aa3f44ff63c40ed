//===- Trace.h - Where the time of a call went ------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Wall-clock times of named stages, collected by whoever wants to know.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_SUPPORT_TRACE_H
#define ATTNJIT_SUPPORT_TRACE_H

#include <chrono>
#include <string_view>
#include <vector>

namespace attnjit {

/// A stage of one call and its wall-clock time.
struct StageTime {
  std::string_view stage; ///< a literal
  double ms = 0;
};

/// Stages in order of their end. One per call; not shared between threads.
class Trace {
public:
  /// Runs `work` and records its time under `stage` (a literal).
  template <typename Work> auto time(std::string_view stage, Work &&work) {
    struct Recorder {
      Trace &trace;
      std::string_view stage;
      std::chrono::steady_clock::time_point start =
          std::chrono::steady_clock::now();
      ~Recorder() {
        std::chrono::duration<double, std::milli> elapsed =
            std::chrono::steady_clock::now() - start;
        trace.times.push_back({stage, elapsed.count()});
      }
    } recorder{*this, stage};
    return work();
  }

  const std::vector<StageTime> &stages() const { return times; }

private:
  std::vector<StageTime> times;
};

} // namespace attnjit

#endif // ATTNJIT_SUPPORT_TRACE_H
