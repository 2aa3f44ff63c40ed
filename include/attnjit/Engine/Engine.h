//===- Engine.h - The facade: from a mod to a kernel ------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// An Engine compiles mods, keeps what it compiled, and reuses the disk cache.
//
//   auto engine = Engine::create();
//   auto kernel = engine->compile(mod, AttentionSpec::of(128));
//   auto done = kernel->run(args);
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_ENGINE_ENGINE_H
#define ATTNJIT_ENGINE_ENGINE_H

#include "attnjit/Cache/DiskCache.h"
#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Runtime/Kernel.h"
#include "attnjit/Spec/AttentionSpec.h"
#include "attnjit/Spec/TargetSpec.h"
#include "attnjit/Support/Error.h"
#include "attnjit/Support/Trace.h"

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attnjit {

namespace cuda {
class Context;
class Driver;
} // namespace cuda

struct EngineOptions {
  /// Whether kernels are stored on and loaded from disk.
  bool diskCache = true;
  /// Empty: DiskCache::defaultDirectory().
  std::filesystem::path cacheDirectory;
  /// Runs work items; null: oneTBB with all cores.
  std::shared_ptr<Executor> executor;
  /// Receives warnings (a damaged cache entry, an unusable cache directory);
  /// null: dropped.
  WarningHandler warn;
  /// Where set, every stage of every compilation is written there as files:
  /// kernel.mod, kernel.attn.mlir, ... for the first, kernel-2.mod, ... for the
  /// next.
  std::filesystem::path dumpDirectory;
  /// The GPU that kernels for GPU targets run on; see CUDA_VISIBLE_DEVICES for
  /// what the number means.
  int cudaDevice = 0;
  /// Whether `ptxas`, where it is found, makes the machine code for GPUs and
  /// the cache keeps it; false: the driver does, for each process anew as far
  /// as its own cache does not help.
  bool usePtxas = true;
  /// Null: libcuda.so.1, opened when a GPU is first asked for.
  std::shared_ptr<const cuda::Driver> cudaDriver;
};

/// Where a kernel came from.
enum class CacheSource { Compiled, Disk, Memory };

/// What one call of Engine::compile did.
struct CompileReport {
  CacheSource source = CacheSource::Compiled;
  double totalMs = 0;
  std::vector<StageTime> stages;
};

/// Stages that `Engine::emit` can show. Asm is PTX for a GPU, whose last stage
/// is Cubin instead of Obj.
enum class Stage { Expr, Attn, Mlir, Llvm, Asm, Obj, Cubin };

/// Thread-safe: any number of threads may compile; one key is compiled once,
/// however many ask for it at the same time.
class Engine {
public:
  /// An Error where the machine cannot run any target.
  static Expected<Engine> create(EngineOptions options = {});

  /// The kernel for `mod`, with the code of `entry` from memory, from disk or
  /// compiled; the other entry points follow when a run first needs them, also
  /// when the Engine is gone. `report` is of this call. Errors: InvalidArgument
  /// (spec out of range), Unsupported (this target or entry point cannot do
  /// it; the message names the hook or type).
  Expected<Kernel> compile(const ModProgram &mod, const AttentionSpec &spec,
                           CompileReport *report = nullptr,
                           Entry entry = Entry::Prefill);
  /// For another target than this machine's best. A kernel for a GPU can be
  /// compiled on any machine; where it cannot run, its runs say why.
  Expected<Kernel> compile(const ModProgram &mod, const AttentionSpec &spec,
                           const TargetSpec &target,
                           CompileReport *report = nullptr,
                           Entry entry = Entry::Prefill);

  /// Text or bytes of a stage, without running, loading or caching anything;
  /// `target` need not run on this machine. A cubin needs `ptxas` to be found.
  static Expected<std::string> emit(const ModProgram &mod,
                                    const AttentionSpec &spec,
                                    const TargetSpec &target, Stage stage,
                                    Entry entry = Entry::Prefill);

  /// The signature of the kernel for `mod`, without compiling it: tells with
  /// `chooseEntry` which entry point a run will take.
  static KernelSignature signature(const ModProgram &mod,
                                   const AttentionSpec &spec,
                                   const TargetSpec &target);

  /// The GPU of the engine. Errors: Environment (no driver, no GPU, no
  /// context), InvalidArgument (no such device).
  Expected<std::shared_ptr<const cuda::Context>> gpu();

  /// The best target for that GPU; also Unsupported, for one that is too old.
  Expected<TargetSpec> gpuTarget();

  /// The disk cache, or null where there is none.
  const DiskCache *diskCache() const;

  Engine(Engine &&) noexcept;
  Engine &operator=(Engine &&) noexcept;
  ~Engine();

private:
  struct Impl;
  explicit Engine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace attnjit

#endif // ATTNJIT_ENGINE_ENGINE_H
