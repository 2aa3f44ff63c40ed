//===- ProcessClock.h - Time since this process began ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A user waits from the moment a command is given, not from `main` on: loading
// shared libraries comes first.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_PROCESSCLOCK_H
#define ATTNJIT_TOOLS_SUPPORT_PROCESSCLOCK_H

#include "support/Measure.h"

namespace attnjit::tool {

/// Made as the first thing in `main`.
class ProcessClock {
public:
  ProcessClock();

  /// From exec to the construction of this object, as the processor time that
  /// was used by then: Linux tells when a process began only to 10 ms. Time
  /// spent waiting for the disk is missing.
  double execToMainMs() const { return beforeMainMs; }
  /// From exec until now.
  double sinceExecMs() const { return beforeMainMs + sinceMain.ms(); }

private:
  double beforeMainMs = 0;
  Stopwatch sinceMain;
};

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_PROCESSCLOCK_H
