//===- Engine.cpp - The facade: from a mod to a kernel --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two maps. `requests` finds a kernel by what the caller passes (pointers and
// plain values: a microsecond); `codes` finds code by its key, and holds a
// future while the first of several threads compiles it.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Engine/Engine.h"

#include "Compiler.h"
#include "KernelKey.h"
#include "ObjectLoader.h"
#include "attnjit/Reference/Signature.h"
#include "attnjit/Spec/Schedule.h"
#include "attnjit/Target/CPU/Prefill.h"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <future>
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
    return hash;
  }
};

using CodeResult = Expected<LoadedCode>;
} // namespace

struct Engine::Impl {
  EngineOptions options;
  std::shared_ptr<Executor> executor;
  std::optional<DiskCache> disk;

  std::atomic<int> dumps = 0; ///< compilations that were given a dump stem

  std::mutex mutex;
  std::unordered_map<Request, Kernel, RequestHash> requests;
  std::unordered_map<std::string, std::shared_future<CodeResult>> codes;

  std::filesystem::path nextDumpStem();
  Expected<Kernel> compile(const Request &request, CompileReport &report,
                           Trace &trace);
  CodeResult codeFor(const CanonicalMod &canonical, const Request &request,
                     const PrefillSchedule &schedule, CompileReport &report,
                     Trace &trace);
  CodeResult makeCode(const std::string &key, const CanonicalMod &canonical,
                      const Request &request, CompileReport &report,
                      Trace &trace);
};

/// What Kernel::run needs to know about the code for a request.
static KernelSignature signatureOf(const Request &request,
                                   const CanonicalMod &canonical,
                                   const PrefillSchedule &schedule) {
  KernelSignature signature = signatureOf(request.mod, request.spec);
  signature.paramSource = canonical.paramSource;
  signature.bufferSource = canonical.bufferSource;
  signature.blockQ = schedule.blockQ;
  signature.workspaceBytes =
      cpu::PrefillWorkspace::layout(request.spec, schedule).bytes;
  return signature;
}

/// `kernel`, `kernel-2`, ... in the dump directory: compilations, of which
/// several may run at once, do not share files. Empty where none are wanted.
std::filesystem::path Engine::Impl::nextDumpStem() {
  if (options.dumpDirectory.empty())
    return {};
  int number = ++dumps;
  return options.dumpDirectory /
         (number == 1 ? "kernel" : fmt::format("kernel-{}", number));
}

CodeResult Engine::Impl::makeCode(const std::string &key,
                                  const CanonicalMod &canonical,
                                  const Request &request, CompileReport &report,
                                  Trace &trace) {
  if (disk) {
    auto bytes = trace.time("disk", [&] { return disk->load(key); });
    if (bytes) {
      std::string object(reinterpret_cast<const char *>(bytes->data()),
                         bytes->size());
      auto loaded = trace.time("load", [&] {
        return loadObject(std::move(object), kPrefillSymbol);
      });
      if (loaded) {
        report.source = CacheSource::Disk;
        return loaded;
      }
      if (options.warn)
        options.warn(fmt::format("a cached kernel does not load and is "
                                 "compiled again: {}",
                                 loaded.error().message()));
    }
  }
  report.source = CacheSource::Compiled;
  auto object = compileTo(canonical, request.spec, request.target, Stage::Obj,
                          nextDumpStem(), trace);
  if (!object)
    return fail(object.error());
  if (disk)
    trace.time("store",
               [&] { disk->store(key, std::as_bytes(std::span(*object))); });
  return trace.time(
      "load", [&] { return loadObject(std::move(*object), kPrefillSymbol); });
}

CodeResult Engine::Impl::codeFor(const CanonicalMod &canonical,
                                 const Request &request,
                                 const PrefillSchedule &schedule,
                                 CompileReport &report, Trace &trace) {
  std::string key =
      kernelKey(canonical, request.spec, schedule, request.target);
  std::promise<CodeResult> promise;
  std::shared_future<CodeResult> future;
  {
    std::lock_guard lock(mutex);
    auto found = codes.find(key);
    if (found != codes.end())
      future = found->second;
    else
      codes.emplace(key, promise.get_future().share());
  }
  if (future.valid()) {
    report.source = CacheSource::Memory;
    return future.get();
  }
  CodeResult result = makeCode(key, canonical, request, report, trace);
  if (!result) {
    // A full disk or exhausted memory may pass: the next request tries again.
    std::lock_guard lock(mutex);
    codes.erase(key);
  }
  promise.set_value(result);
  return result;
}

Expected<Kernel> Engine::Impl::compile(const Request &request,
                                       CompileReport &report, Trace &trace) {
  {
    std::lock_guard lock(mutex);
    auto found = requests.find(request);
    if (found != requests.end()) {
      report.source = CacheSource::Memory;
      return found->second;
    }
  }
  if (auto checked = request.spec.check(); !checked)
    return fail(checked.error());
  if (!request.target.runsHere())
    return fail(ErrorKind::Unsupported,
                fmt::format("this machine cannot run code for `{}`",
                            request.target.name()));
  CanonicalMod canonical =
      trace.time("canonicalize", [&] { return canonicalize(request.mod); });
  PrefillSchedule schedule = PrefillSchedule::choose(request.spec);
  CodeResult code = codeFor(canonical, request, schedule, report, trace);
  if (!code)
    return fail(code.error());
  Kernel kernel(signatureOf(request, canonical, schedule), code->entry,
                code->code, executor);
  std::lock_guard lock(mutex);
  return requests.try_emplace(request, std::move(kernel)).first->second;
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
      impl->disk.emplace(std::move(*disk));
    else
      warn(fmt::format("no disk cache: {}", disk.error().message()));
  }
  impl->options = std::move(options);
  return Engine(std::move(impl));
}

Expected<Kernel> Engine::compile(const ModProgram &mod,
                                 const AttentionSpec &spec,
                                 CompileReport *report) {
  auto host = TargetSpec::host();
  if (!host)
    return fail(host.error());
  return compile(mod, spec, *host, report);
}

Expected<Kernel> Engine::compile(const ModProgram &mod,
                                 const AttentionSpec &spec,
                                 const TargetSpec &target,
                                 CompileReport *report) {
  auto start = std::chrono::steady_clock::now();
  Trace trace;
  CompileReport filled;
  auto kernel = impl->compile({mod, spec, target}, filled, trace);
  if (report) {
    filled.stages = trace.stages();
    filled.totalMs = std::chrono::duration<double, std::milli>(
                         std::chrono::steady_clock::now() - start)
                         .count();
    *report = std::move(filled);
  }
  return kernel;
}

Expected<std::string> Engine::emit(const ModProgram &mod,
                                   const AttentionSpec &spec,
                                   const TargetSpec &target, Stage stage) {
  if (auto checked = spec.check(); !checked)
    return fail(checked.error());
  Trace trace;
  return compileTo(canonicalize(mod), spec, target, stage, {}, trace);
}

const DiskCache *Engine::diskCache() const {
  return impl->disk ? &*impl->disk : nullptr;
}

} // namespace attnjit
