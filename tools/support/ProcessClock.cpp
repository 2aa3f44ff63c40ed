//===- ProcessClock.cpp - Time since this process began -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/ProcessClock.h"

#include <sys/resource.h>

using namespace attnjit::tool;

static double toMs(const timeval &time) {
  return static_cast<double>(time.tv_sec) * 1e3 +
         static_cast<double>(time.tv_usec) * 1e-3;
}

ProcessClock::ProcessClock() {
  rusage usage = {};
  if (::getrusage(RUSAGE_SELF, &usage) == 0)
    beforeMainMs = toMs(usage.ru_utime) + toMs(usage.ru_stime);
}
