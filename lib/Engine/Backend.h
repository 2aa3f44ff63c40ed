//===- Backend.h - From a mod to loaded code, by kind of machine -*- C++
//-*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What differs between code for a CPU and for a GPU outside of the compiler:
// which schedule names an entry point, what bytes the caches hold, and how they
// become something that runs.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_ENGINE_BACKEND_H
#define ATTNJIT_LIB_ENGINE_BACKEND_H

#include "attnjit/Engine/Engine.h"
#include "attnjit/Runtime/Cuda/Context.h"
#include "attnjit/Support/Trace.h"

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>

namespace attnjit {

/// What an entry point is compiled from.
struct KernelSource {
  CanonicalMod mod;
  AttentionSpec spec;
  TargetSpec target;
  size_t summaryRows; ///< of the table that its code reads on a GPU
};

/// Code that can run, and what the cache should hold instead of the bytes that
/// it was loaded from, where that is better.
struct LoadedEntry {
  EntryPoint point;
  std::optional<std::string> betterBytes;
};

/// Stateless towards callers; thread-safe.
class Backend {
public:
  virtual ~Backend() = default;

  /// Distinguishes the entry points and schedules of one spec in keys. Errors:
  /// Unsupported, for a spec that the target has no kernel for.
  virtual Expected<std::string> scheduleText(const AttentionSpec &spec,
                                             const TargetSpec &target,
                                             Entry entry) const = 0;

  /// Compiles an entry point to the bytes that caches hold.
  virtual Expected<std::string> compile(const KernelSource &source, Entry entry,
                                        const std::filesystem::path &dumpStem,
                                        Trace &trace) const = 0;

  /// Loads such bytes. An Error where they are of no use.
  virtual Expected<LoadedEntry> load(const std::string &bytes,
                                     const KernelSource &source, Entry entry,
                                     Trace &trace) const = 0;
};

/// Notes in a kernel's signature what follows from its target: where tensors
/// lie, and what `chooseEntry` goes by.
void describeKernel(const AttentionSpec &spec, const TargetSpec &target,
                    KernelSignature &signature);

/// Object files, run in this process.
const Backend &hostBackend();

/// The GPU of an engine, which is looked for when it is first needed.
class EngineGpu {
public:
  /// `driver` null: the machine's.
  EngineGpu(cuda::Driver::Ptr driver, int device)
      : driver(std::move(driver)), device(device) {}

  /// Its context; an Error where there is no driver or no such device.
  /// Thread-safe.
  Expected<cuda::Context::Ptr> context() const;

private:
  const cuda::Driver::Ptr driver;
  const int device;
  mutable std::mutex mutex;
  mutable cuda::Context::Ptr opened;
};

/// PTX and cubins, run on `gpu`, which must outlive it; its warnings go to
/// `warn`, which may be null.
std::unique_ptr<const Backend>
makeGpuBackend(const EngineGpu &gpu, bool usePtxas, WarningHandler warn);

} // namespace attnjit

#endif // ATTNJIT_LIB_ENGINE_BACKEND_H
