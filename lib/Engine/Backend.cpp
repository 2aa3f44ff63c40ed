//===- Backend.cpp - What follows from a kernel's target ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Backend.h"

#include "attnjit/Spec/GpuSchedule.h"
#include "attnjit/Spec/Schedule.h"

namespace attnjit {

void describeKernel(const AttentionSpec &spec, const TargetSpec &target,
                    KernelSignature &signature) {
  if (!target.isGpu()) {
    signature.strip = PrefillSchedule::choose(spec, target).strip();
    return;
  }
  signature.deviceMemory = true;
  // A tile of a warp, though prefill has several: a run of more queries than
  // two tiles of decode reads keys once for each of them. A spec that has no
  // kernel is refused when it is compiled.
  if (auto schedule = GpuSchedule::choose(spec, target, Entry::Decode))
    signature.strip = schedule->blockRows();
}

} // namespace attnjit
