//===- TargetSpec.cpp - The machine a kernel is compiled for --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Spec/TargetSpec.h"

#include <fmt/format.h>

using namespace attnjit;

/// Whether processor and operating system (which must save the wide
/// registers) can execute code of that level.
static bool hostExecutes(CpuLevel level) {
#if defined(__x86_64__)
  switch (level) {
  case CpuLevel::V3:
    return __builtin_cpu_supports("x86-64-v3");
  }
#endif
  return false;
}

Expected<TargetSpec> TargetSpec::host() {
  if (hostExecutes(CpuLevel::V3))
    return TargetSpec{CpuLevel::V3};
  return fail(ErrorKind::Unsupported,
              "this machine cannot execute x86-64-v3 code; kernels need an "
              "x86-64 processor with AVX2, FMA and F16C");
}

Expected<TargetSpec> TargetSpec::parse(std::string_view name) {
  if (name == "host")
    return host();
  if (name == TargetSpec{CpuLevel::V3}.name())
    return TargetSpec{CpuLevel::V3};
  return fail(ErrorKind::InvalidArgument,
              fmt::format("unknown target `{}`; it should be `host` or "
                          "`x86-64-v3`",
                          name));
}

std::string_view TargetSpec::name() const {
  switch (cpu) {
  case CpuLevel::V3:
    return "x86-64-v3";
  }
  return "unknown";
}

bool TargetSpec::runsHere() const { return hostExecutes(cpu); }
