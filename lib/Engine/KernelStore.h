//===- KernelStore.h - Code by key ------------------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes what determines an entry point; gives its code, loaded: from memory,
// from disk or compiled. Engine and Kernels share it, so that a Kernel can
// compile its other entry points when its Engine is gone.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_ENGINE_KERNELSTORE_H
#define ATTNJIT_LIB_ENGINE_KERNELSTORE_H

#include "Backend.h"
#include "attnjit/Engine/Engine.h"

#include <atomic>
#include <future>
#include <mutex>
#include <unordered_map>

namespace attnjit {

/// Thread-safe. One key is compiled once, however many ask at the same time.
class KernelStore {
public:
  KernelStore(EngineOptions options, std::optional<DiskCache> disk)
      : options(std::move(options)), disk(std::move(disk)),
        engineGpu(this->options.cudaDriver, this->options.cudaDevice),
        gpuBackend(makeGpuBackend(engineGpu, this->options.usePtxas,
                                  this->options.warn)) {}

  Expected<EntryPoint> get(const KernelSource &source, Entry entry,
                           CompileReport &report, Trace &trace);

  const DiskCache *diskCache() const { return disk ? &*disk : nullptr; }

  const EngineGpu &gpu() const { return engineGpu; }

  /// What compiles and loads code for a target.
  const Backend &backendFor(const TargetSpec &target) const;

private:
  using EntryResult = Expected<EntryPoint>;

  EntryResult entryFor(const std::string &key, const KernelSource &source,
                       Entry entry, CompileReport &report, Trace &trace);
  EntryResult makeEntry(const std::string &key, const KernelSource &source,
                        Entry entry, CompileReport &report, Trace &trace);
  std::filesystem::path nextDumpStem();

  const EngineOptions options;
  const std::optional<DiskCache> disk;
  const EngineGpu engineGpu;
  const std::unique_ptr<const Backend> gpuBackend;

  std::atomic<int> dumps = 0; ///< compilations that were given a dump stem
  std::mutex mutex;
  std::unordered_map<std::string, std::shared_future<EntryResult>> entries;
};

} // namespace attnjit

#endif // ATTNJIT_LIB_ENGINE_KERNELSTORE_H
