//===- Engine.cpp - The facade: from a mod to a kernel --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `requests` finds a kernel by what the caller passes (pointers and plain
// values: a microsecond); the store finds code by its key.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Engine/Engine.h"

#include "Compiler.h"
#include "KernelKey.h"
#include "KernelStore.h"
#include "Ptxas.h"
#include "attnjit/Analysis/ProbScaling.h"
#include "attnjit/Analysis/SplitMask.h"
#include "attnjit/Analysis/TileBounds.h"
#include "attnjit/Reference/Signature.h"

#include <fmt/format.h>

#include <chrono>
#include <mutex>
#include <unordered_map>

namespace attnjit {

namespace {
/// What a caller asked for. Hash-consing makes equal mods equal pointers.
struct Request {
  ModProgram mod;
  AttentionSpec spec;
  TargetSpec target;

  bool operator==(const Request &) const = default;
};

struct RequestHash {
  size_t operator()(const Request &request) const {
    size_t hash = 0;
    auto mix = [&](size_t value) {
      hash = (hash ^ value) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 32;
    };
    std::hash<Expr> expr;
    mix(expr(request.mod.score()));
    mix(expr(request.mod.mask()));
    mix(expr(request.mod.prob()));
    mix(expr(request.mod.sink()));
    mix(request.spec.D * 1024 + request.spec.Dv);
    mix(std::hash<std::string_view>()(request.target.name()));
    return hash;
  }
};

} // namespace

struct Engine::Impl {
  /// A kernel and what its entry points are compiled from.
  struct Known {
    Kernel kernel;
    std::shared_ptr<const KernelSource> source;
  };

  std::shared_ptr<KernelStore> store;
  std::shared_ptr<Executor> executor;

  std::mutex mutex;
  std::unordered_map<Request, Known, RequestHash> requests;

  std::optional<Known> find(const Request &request);
  Expected<Known> make(const Request &request, Trace &trace);
  Expected<Kernel> compile(const Request &request, Entry entry,
                           CompileReport &report, Trace &trace);
};

/// What Kernel::run needs to know about the code for a mod.
static KernelSignature signatureOf(const ModProgram &mod,
                                   const AttentionSpec &spec,
                                   const TargetSpec &target,
                                   const CanonicalMod &canonical) {
  KernelSignature signature = signatureOf(mod, spec);
  signature.paramSource = canonical.paramSource;
  signature.bufferSource = canonical.bufferSource;
  signature.prefillOnly =
      signature.softmax && !scalesWithProb(canonical.program.prob());
  describeKernel(spec, target, signature);
  const ModProgram inferred =
      inferMask(canonical.program,
                target.isGpu() ? FiniteScores::Unknown : FiniteScores::Tested);
  signature.asksForFiniteScores =
      inferred.params().size() > canonical.program.params().size();
  for (const RangeAxis &range :
       findRangeAxes(computeTileBounds(inferred.mask())))
    signature.ranges.push_back(
        {canonical.program.bufferOrdinal(range.buffer), range.axis});
  return signature;
}

std::optional<Engine::Impl::Known> Engine::Impl::find(const Request &request) {
  std::lock_guard lock(mutex);
  auto found = requests.find(request);
  if (found == requests.end())
    return std::nullopt;
  return found->second;
}

/// A kernel without any code yet.
Expected<Engine::Impl::Known> Engine::Impl::make(const Request &request,
                                                 Trace &trace) {
  if (auto checked = request.spec.check(); !checked)
    return fail(checked.error());
  if (!request.target.isGpu() && !request.target.runsHere())
    return fail(ErrorKind::Unsupported,
                fmt::format("this machine cannot run code for `{}`",
                            request.target.name()));
  CanonicalMod canonical =
      trace.time("canonicalize", [&] { return canonicalize(request.mod); });
  KernelSignature signature =
      signatureOf(request.mod, request.spec, request.target, canonical);
  auto source = std::make_shared<const KernelSource>(
      std::move(canonical), request.spec, request.target,
      signature.ranges.size() + (request.spec.maskTensor ? 1 : 0));
  EntrySource code = [store = store, source](Entry entry) {
    CompileReport report;
    Trace trace;
    return store->get(*source, entry, report, trace);
  };
  return Known{Kernel(std::move(signature), std::move(code), executor), source};
}

Expected<Kernel> Engine::Impl::compile(const Request &request, Entry entry,
                                       CompileReport &report, Trace &trace) {
  std::optional<Known> known = find(request);
  if (known && known->kernel.isReady(entry)) {
    report.source = CacheSource::Memory;
    return known->kernel;
  }
  if (!known) {
    Expected<Known> made = make(request, trace);
    if (!made)
      return fail(made.error());
    known = std::move(*made);
  }
  // The kernel asks the store again and finds the code in memory.
  auto point = store->get(*known->source, entry, report, trace);
  if (!point)
    return fail(point.error());
  if (auto prepared = known->kernel.prepare(entry); !prepared)
    return fail(prepared.error());
  std::lock_guard lock(mutex);
  return requests.try_emplace(request, std::move(*known)).first->second.kernel;
}

//===----------------------------------------------------------------------===//
// Engine
//===----------------------------------------------------------------------===//

Engine::Engine(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
Engine::Engine(Engine &&) noexcept = default;
Engine &Engine::operator=(Engine &&) noexcept = default;
Engine::~Engine() = default;

Expected<Engine> Engine::create(EngineOptions options) {
  auto host = TargetSpec::host();
  if (!host)
    return fail(host.error());
  auto impl = std::make_unique<Impl>();
  impl->executor = options.executor ? options.executor : makeThreadedExecutor();
  std::optional<DiskCache> cache;
  auto warn = [&](std::string_view text) {
    if (options.warn)
      options.warn(text);
  };
  if (options.diskCache && compilerBuildId().empty()) {
    warn("no disk cache: the compiler was linked without a build id");
  } else if (options.diskCache) {
    auto disk = DiskCache::open(
        {.directory = options.cacheDirectory, .warn = options.warn});
    if (disk)
      cache.emplace(std::move(*disk));
    else
      warn(fmt::format("no disk cache: {}", disk.error().message()));
  }
  impl->store =
      std::make_shared<KernelStore>(std::move(options), std::move(cache));
  return Engine(std::move(impl));
}

Expected<Kernel> Engine::compile(const ModProgram &mod,
                                 const AttentionSpec &spec,
                                 CompileReport *report, Entry entry) {
  auto host = TargetSpec::host();
  if (!host)
    return fail(host.error());
  return compile(mod, spec, *host, report, entry);
}

Expected<Kernel> Engine::compile(const ModProgram &mod,
                                 const AttentionSpec &spec,
                                 const TargetSpec &target,
                                 CompileReport *report, Entry entry) {
  auto start = std::chrono::steady_clock::now();
  Trace trace;
  CompileReport filled;
  auto kernel = impl->compile({mod, spec, target}, entry, filled, trace);
  if (report) {
    filled.stages = trace.stages();
    filled.totalMs = std::chrono::duration<double, std::milli>(
                         std::chrono::steady_clock::now() - start)
                         .count();
    *report = std::move(filled);
  }
  return kernel;
}

/// That code for the target has such a stage.
static Expected<void> checkStage(const TargetSpec &target, Stage stage) {
  if (stage == Stage::Obj && target.isGpu())
    return fail(ErrorKind::InvalidArgument,
                fmt::format("there is no object file for `{}`; its machine "
                            "code is the cubin",
                            target.name()));
  if (stage == Stage::Cubin && !target.isGpu())
    return fail(ErrorKind::InvalidArgument,
                fmt::format("there is no cubin for `{}`, which is no GPU",
                            target.name()));
  return {};
}

Expected<std::string> Engine::emit(const ModProgram &mod,
                                   const AttentionSpec &spec,
                                   const TargetSpec &target, Stage stage,
                                   Entry entry) {
  if (auto checked = spec.check(); !checked)
    return fail(checked.error());
  if (Expected<void> ok = checkStage(target, stage); !ok)
    return fail(ok.error());
  Trace trace;
  if (stage != Stage::Cubin)
    return compileTo(canonicalize(mod), spec, target, entry, stage, {}, trace);
  const auto ptxas = findPtxas();
  if (!ptxas)
    return fail(ErrorKind::Environment,
                "no `ptxas` in PATH, $CUDA_HOME/bin, $CUDA_PATH/bin or "
                "/usr/local/cuda/bin, which a cubin is made with");
  auto ptx =
      compileTo(canonicalize(mod), spec, target, entry, Stage::Asm, {}, trace);
  return ptx ? runPtxas(*ptxas, *ptx, target.name()) : ptx;
}

KernelSignature Engine::signature(const ModProgram &mod,
                                  const AttentionSpec &spec,
                                  const TargetSpec &target) {
  return signatureOf(mod, spec, target, canonicalize(mod));
}

const DiskCache *Engine::diskCache() const { return impl->store->diskCache(); }

Expected<std::shared_ptr<const cuda::Context>> Engine::gpu() {
  return impl->store->gpu().context();
}

Expected<TargetSpec> Engine::gpuTarget() {
  auto context = gpu();
  if (!context)
    return fail(context.error());
  const cuda::DeviceInfo &device = (*context)->device();
  Expected<TargetSpec> target = TargetSpec::ofGpu(device.major, device.minor);
  return target ? target : fail(Error(target.error()).in(device.describe()));
}

} // namespace attnjit
