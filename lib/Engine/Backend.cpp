//===- Backend.cpp - What follows from a kernel's target ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Backend.h"

#include "attnjit/Spec/Schedule.h"

namespace attnjit {

void describeKernel(const AttentionSpec &spec, const TargetSpec &target,
                    KernelSignature &signature) {
  if (!target.isGpu()) {
    signature.strip = PrefillSchedule::choose(spec, target).strip();
    return;
  }
  signature.deviceMemory = true;
  // Prefill alone has a kernel there.
  signature.prefillOnly = true;
}

} // namespace attnjit
