//===- GpuBackend.cpp - PTX and cubins, run on a GPU ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The compiler gives PTX. Where ptxas is found, it makes the cubin, for the
// device at hand or else for the target; where it is not, or the driver does
// not take what it makes, the driver compiles the PTX and keeps the result
// itself.
//
//===----------------------------------------------------------------------===//

#include "Backend.h"

#include "Compiler.h"
#include "GpuArtifact.h"
#include "Ptxas.h"
#include "attnjit/Runtime/Cuda/CudaLauncher.h"
#include "attnjit/Spec/GpuSchedule.h"

#include <fmt/format.h>

#include <tuple>

namespace attnjit {

Expected<cuda::Context::Ptr> EngineGpu::context() const {
  std::lock_guard lock(mutex);
  if (opened)
    return opened;
  cuda::Driver::Ptr used = driver;
  if (!used) {
    const auto &system = cuda::Driver::system();
    if (!system)
      return fail(system.error());
    used = *system;
  }
  Expected<cuda::Context::Ptr> context =
      cuda::Context::open(std::move(used), device);
  if (context)
    opened = *context;
  return context;
}

namespace {
class GpuBackend final : public Backend {
public:
  GpuBackend(const EngineGpu &gpu, bool usePtxas, WarningHandler warn)
      : gpu(gpu), usePtxas(usePtxas), warn(std::move(warn)) {}

  Expected<std::string> scheduleText(const AttentionSpec &spec,
                                     const TargetSpec &target,
                                     Entry entry) const override {
    Expected<GpuSchedule> schedule = GpuSchedule::choose(spec, target, entry);
    if (!schedule)
      return fail(schedule.error());
    return fmt::format("{} {}", nameOf(entry), schedule->keyText());
  }
  Expected<std::string> compile(const KernelSource &source, Entry entry,
                                const std::filesystem::path &dumpStem,
                                Trace &trace) const override;
  Expected<LoadedEntry> load(const std::string &bytes,
                             const KernelSource &source, Entry entry,
                             Trace &trace) const override;

private:
  Expected<std::shared_ptr<const cuda::CudaLauncher>>
  loadOn(const cuda::Context::Ptr &context, GpuArtifact &artifact,
         const cuda::CudaEntry &entry, bool &changed, Trace &trace) const;
  Expected<void> assemble(GpuArtifact &artifact, std::string_view sm,
                          Trace &trace) const;

  std::optional<std::filesystem::path> ptxas() const {
    return usePtxas ? findPtxas() : std::nullopt;
  }

  const EngineGpu &gpu;
  const bool usePtxas;
  const WarningHandler warn;
};
} // namespace

Expected<std::string> GpuBackend::compile(const KernelSource &source,
                                          Entry entry,
                                          const std::filesystem::path &dumpStem,
                                          Trace &trace) const {
  GpuArtifact artifact;
  Expected<std::string> ptx = compileTo(source.mod, source.spec, source.target,
                                        entry, Stage::Asm, dumpStem, trace);
  if (!ptx)
    return fail(ptx.error());
  artifact.ptx = std::move(*ptx);
  return artifact.toBytes();
}

/// Gives the artifact a cubin for `sm`, where ptxas is found.
Expected<void> GpuBackend::assemble(GpuArtifact &artifact, std::string_view sm,
                                    Trace &trace) const {
  const auto program = ptxas();
  if (!program)
    return fail(ErrorKind::Environment, "no ptxas");
  auto cubin =
      trace.time("ptxas", [&] { return runPtxas(*program, artifact.ptx, sm); });
  if (!cubin)
    return fail(cubin.error());
  artifact.cubin = std::move(*cubin);
  artifact.sm = sm;
  return {};
}

/// Loads a cubin for the device where there is or can be one, else the PTX.
Expected<std::shared_ptr<const cuda::CudaLauncher>>
GpuBackend::loadOn(const cuda::Context::Ptr &context, GpuArtifact &artifact,
                   const cuda::CudaEntry &entry, bool &changed,
                   Trace &trace) const {
  auto load = [&](const std::string &image) {
    return trace.time("load", [&] {
      return cuda::CudaLauncher::create(context, image, entry);
    });
  };
  const std::string sm = context->device().sm();
  if (artifact.sm != sm)
    // Where it does not succeed, the driver shows what is wrong with the PTX.
    changed = assemble(artifact, sm, trace).has_value();
  if (artifact.sm == sm)
    // It may be of a ptxas that is newer than the driver.
    if (auto launcher = load(artifact.cubin))
      return launcher;
  return load(artifact.ptx);
}

/// Why code for a target cannot run on a device; nothing where it can.
static std::optional<Error> whyNotOn(const cuda::DeviceInfo &device,
                                     const TargetSpec &target) {
  const GpuTraits &needs = target.gpu();
  if (std::tie(device.major, device.minor) >=
      std::tie(needs.major, needs.minor))
    return std::nullopt;
  return Error(ErrorKind::Unsupported,
               fmt::format("{} cannot run code for `{}`", device.describe(),
                           target.name()));
}

Expected<LoadedEntry> GpuBackend::load(const std::string &bytes,
                                       const KernelSource &source, Entry entry,
                                       Trace &trace) const {
  std::optional<GpuArtifact> artifact = GpuArtifact::fromBytes(bytes);
  if (!artifact)
    return fail(ErrorKind::Internal, "the entry holds no GPU kernel");
  Expected<GpuSchedule> schedule =
      GpuSchedule::choose(source.spec, source.target, entry);
  if (!schedule)
    return fail(schedule.error());
  LoadedEntry loaded;
  loaded.point.blockRows = schedule->blockRows();
  loaded.point.partialWidth = schedule->partialWidth();

  bool changed = false;
  Expected<cuda::Context::Ptr> context = gpu.context();
  std::optional<Error> refused =
      context ? whyNotOn((*context)->device(), source.target)
              : std::optional(context.error());
  if (refused) {
    // It can be cached for a machine that runs it.
    if (artifact->sm.empty() && ptxas()) {
      Expected<void> done = assemble(*artifact, source.target.name(), trace);
      changed = done.has_value();
      if (!done && warn)
        warn(fmt::format("no cubin: {}", done.error().message()));
    }
    loaded.point.launcher = makeRefusingLauncher(std::move(*refused));
  } else {
    const cuda::CudaEntry code = {symbolOf(entry),
                                  static_cast<int>(schedule->threads()),
                                  schedule->sharedBytes(),
                                  source.mod.bufferSource.size(),
                                  source.mod.paramSource.size(),
                                  source.summaryRows};
    auto launcher = loadOn(*context, *artifact, code, changed, trace);
    if (!launcher)
      return fail(launcher.error());
    loaded.point.wantedItems = (*launcher)->residentBlocks();
    loaded.point.launcher = std::move(*launcher);
  }
  if (changed)
    loaded.betterBytes = artifact->toBytes();
  return loaded;
}

std::unique_ptr<const Backend>
makeGpuBackend(const EngineGpu &gpu, bool usePtxas, WarningHandler warn) {
  return std::make_unique<GpuBackend>(gpu, usePtxas, std::move(warn));
}

} // namespace attnjit
