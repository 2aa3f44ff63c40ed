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
#include <ranges>

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

/// In the order of GpuArch.
static constexpr GpuTraits kGpuTraits[] = {
    {"sm_80", 8, 0, 70, 163 * 1024, 164 * 1024},
    {"sm_86", 8, 6, 71, 99 * 1024, 100 * 1024},
    {"sm_89", 8, 9, 78, 99 * 1024, 100 * 1024},
    {"sm_90", 9, 0, 78, 227 * 1024, 228 * 1024},
    {"sm_100", 10, 0, 86, 227 * 1024, 228 * 1024},
    {"sm_120", 12, 0, 87, 99 * 1024, 100 * 1024},
};

const std::vector<TargetSpec> &TargetSpec::cpus() {
  static const std::vector<TargetSpec> targets = {{CpuLevel::V3},
                                                  {CpuLevel::V4}};
  return targets;
}

const std::vector<TargetSpec> &TargetSpec::gpus() {
  static const std::vector<TargetSpec> targets = {
      {GpuArch::Sm80}, {GpuArch::Sm86},  {GpuArch::Sm89},
      {GpuArch::Sm90}, {GpuArch::Sm100}, {GpuArch::Sm120}};
  return targets;
}

Expected<TargetSpec> TargetSpec::host() {
  auto best = std::ranges::find_if(
      cpus().rbegin(), cpus().rend(),
      [](const TargetSpec &target) { return target.runsHere(); });
  if (best != cpus().rend())
    return *best;
  return fail(ErrorKind::Unsupported,
              "this machine cannot execute x86-64-v3 code; kernels need an "
              "x86-64 processor with AVX2, FMA and F16C");
}

Expected<TargetSpec> TargetSpec::ofGpu(int major, int minor) {
  auto executes = [&](const TargetSpec &target) {
    const GpuTraits &traits = target.gpu();
    return traits.major == major && traits.minor <= minor;
  };
  // Of a major number that is not in the table, none does: but the driver
  // compiles PTX for lesser ones.
  auto compiles = [&](const TargetSpec &target) {
    return target.gpu().major <= major;
  };
  for (const TargetSpec &target : gpus() | std::views::reverse)
    if (executes(target))
      return target;
  for (const TargetSpec &target : gpus() | std::views::reverse)
    if (compiles(target))
      return target;
  return fail(ErrorKind::Unsupported,
              fmt::format("the GPU has compute capability {}.{}; kernels need "
                          "8.0 or later",
                          major, minor));
}

Expected<TargetSpec> TargetSpec::parse(std::string_view name) {
  if (name == "host")
    return host();
  std::vector<std::string> known = {"`host`"};
  for (const auto *targets : {&cpus(), &gpus()})
    for (const TargetSpec &target : *targets) {
      if (name == target.name())
        return target;
      known.push_back(fmt::format("`{}`", target.name()));
    }
  return fail(ErrorKind::InvalidArgument,
              fmt::format("unknown target `{}`; it should be one of {}", name,
                          fmt::join(known, ", ")));
}

std::string_view TargetSpec::name() const {
  if (isGpu())
    return gpu().name;
  return is(CpuLevel::V3) ? "x86-64-v3" : "x86-64-v4";
}

const GpuTraits &TargetSpec::gpu() const {
  return kGpuTraits[static_cast<size_t>(std::get<GpuArch>(machine))];
}

bool TargetSpec::runsHere() const {
  return !isGpu() && hostExecutes(std::get<CpuLevel>(machine));
}
