//===- TargetCommand.cpp - attn-jit target --------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Says what this machine is, as far as kernels are concerned.
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "CommonOptions.h"

#include "support/HostInfo.h"
#include "support/Peak.h"
#include "support/ProcessClock.h"

#include "attnjit/Runtime/Cuda/Driver.h"
#include "attnjit/Spec/TargetSpec.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

using namespace attnjit;
using namespace attnjit::tool;

namespace {

class TargetCommand final : public Command {
public:
  CLI::App *declare(CLI::App &app) override;
  Expected<int> run(const ProcessClock &clock) override;

private:
  CommonOptions common;
};

} // namespace

CLI::App *TargetCommand::declare(CLI::App &app) {
  CLI::App *command = app.add_subcommand("target", "Say what this machine is");
  common.declare(*command);
  return command;
}

/// The best of a second of short slices; 0 where the target does not run here.
static double bestPeak(const TargetSpec &target) {
  constexpr int kSlices = 100;
  constexpr double kSliceSeconds = 0.01;
  double best = 0;
  for (int slice = 0; slice < kSlices; ++slice) {
    Expected<double> gflops = measureFmaPeak(target, 1, kSliceSeconds);
    if (!gflops)
      return 0;
    best = std::max(best, *gflops);
  }
  return best;
}

/// The GPUs and the driver, or why there are none.
static void describeGpus(std::string &text, Json &gpus, Json &driverVersion,
                         Json &moduleVersion) {
  const Expected<cuda::Driver::Ptr> &driver = cuda::Driver::system();
  if (!driver) {
    text += fmt::format("driver    {}\n", driver.error().message());
    return;
  }
  driverVersion = fmt::format("CUDA {}", (*driver)->version().text());
  const std::string module = readNvidiaModuleVersion();
  if (!module.empty())
    moduleVersion = module;
  text += fmt::format("driver    CUDA {}{}{}\n", (*driver)->version().text(),
                      module.empty() ? "" : ", version ", module);
  const Expected<int> count = (*driver)->deviceCount();
  if (!count)
    text += fmt::format("gpus      {}\n", count.error().message());
  for (int i = 0; i < count.value_or(0); ++i) {
    const Expected<cuda::DeviceInfo> device = (*driver)->device(i);
    if (!device) {
      text += fmt::format("gpu {}     {}\n", i, device.error().message());
      continue;
    }
    const Expected<TargetSpec> target =
        TargetSpec::ofGpu(device->major, device->minor);
    text +=
        fmt::format("gpu {}     {}, {}, {} multiprocessors, {:.1f} GB: {}\n", i,
                    device->name, device->sm(), device->multiprocessors,
                    double(device->memoryBytes) * 1e-9,
                    target ? fmt::format("target {}", target->name())
                           : target.error().message());
    gpus.push_back({{"name", device->name},
                    {"sm", device->sm()},
                    {"memory_bytes", device->memoryBytes},
                    {"multiprocessors", device->multiprocessors},
                    {"target", target ? Json(target->name()) : Json()}});
  }
}

Expected<int> TargetCommand::run(const ProcessClock &clock) {
  Trace trace;
  const CpuInfo cpu = readCpuInfo();
  const Expected<TargetSpec> host = TargetSpec::host();
  std::string text =
      fmt::format("cpu       {}\ntarget    {}\ncores     {}\nfeatures  {}\n",
                  cpu.name, host ? host->name() : host.error().message(),
                  cpu.cores, fmt::join(cpu.features, " "));
  double hostPeak = 0;
  Json targets = Json::array();
  for (const TargetSpec &target : TargetSpec::cpus()) {
    const double peak =
        trace.time("measure peak", [&] { return bestPeak(target); });
    if (host && target == *host)
      hostPeak = peak;
    text +=
        target.runsHere()
            ? fmt::format("{}: peak {:.1f} GFLOP/s, one thread, f32\n",
                          target.name(), peak)
            : fmt::format("{}: does not run on this machine\n", target.name());
    targets.push_back({{"name", target.name()},
                       {"runs_here", target.runsHere()},
                       {"peak_gflops_1t", peak}});
  }
  Json gpus = Json::array(), driver, driverVersion;
  describeGpus(text, gpus, driver, driverVersion);
  const TimingReport timing = {clock, trace.stages(), {}, clock.sinceExecMs()};
  if (common.timing)
    timing.print();
  if (!common.json) {
    std::fputs(text.c_str(), stdout);
    return kSuccess;
  }
  Json result = {{"cpu",
                  {{"name", cpu.name},
                   {"features", cpu.features},
                   {"cores", cpu.cores},
                   {"peak_gflops_1t", hostPeak},
                   {"target", host ? Json(host->name()) : Json()},
                   {"targets", std::move(targets)}}},
                 {"gpus", std::move(gpus)},
                 {"driver", std::move(driver)},
                 {"driver_version", std::move(driverVersion)}};
  if (common.timing)
    result["timing"] = timing.json();
  printJson(result);
  return kSuccess;
}

std::unique_ptr<Command> tool::makeTargetCommand() {
  return std::make_unique<TargetCommand>();
}
