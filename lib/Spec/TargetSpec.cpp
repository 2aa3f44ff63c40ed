//===- TargetSpec.cpp - The machine a kernel is compiled for --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Spec/TargetSpec.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

using namespace attnjit;

/// Whether processor and operating system (which must save the wide
/// registers) can execute code of that level.
static bool hostExecutes(CpuLevel level) {
#if defined(__x86_64__)
  switch (level) {
  case CpuLevel::V3:
    return __builtin_cpu_supports("x86-64-v3");
  case CpuLevel::V4:
    return __builtin_cpu_supports("x86-64-v4");
  }
#endif
  return false;
}

const std::vector<TargetSpec> &TargetSpec::all() {
  static const std::vector<TargetSpec> targets = {{CpuLevel::V3},
                                                  {CpuLevel::V4}};
  return targets;
}

Expected<TargetSpec> TargetSpec::host() {
  auto best = std::ranges::find_if(
      all().rbegin(), all().rend(),
      [](const TargetSpec &target) { return target.runsHere(); });
  if (best != all().rend())
    return *best;
  return fail(ErrorKind::Unsupported,
              "this machine cannot execute x86-64-v3 code; kernels need an "
              "x86-64 processor with AVX2, FMA and F16C");
}

Expected<TargetSpec> TargetSpec::parse(std::string_view name) {
  if (name == "host")
    return host();
  std::vector<std::string> known = {"`host`"};
  for (const TargetSpec &target : all()) {
    if (name == target.name())
      return target;
    known.push_back(fmt::format("`{}`", target.name()));
  }
  return fail(ErrorKind::InvalidArgument,
              fmt::format("unknown target `{}`; it should be one of {}", name,
                          fmt::join(known, ", ")));
}

std::string_view TargetSpec::name() const {
  switch (cpu) {
  case CpuLevel::V3:
    return "x86-64-v3";
  case CpuLevel::V4:
    return "x86-64-v4";
  }
  return "unknown";
}

bool TargetSpec::runsHere() const { return hostExecutes(cpu); }
