//===- KernelStore.cpp - Code by key --------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `entries` finds an entry point by its key, and holds a future while the first
// of several threads compiles it.
//
//===----------------------------------------------------------------------===//

#include "KernelStore.h"

#include "KernelKey.h"

#include <fmt/format.h>

namespace attnjit {

const Backend &KernelStore::backendFor(const TargetSpec &target) const {
  return target.isGpu() ? *gpuBackend : hostBackend();
}

/// `kernel`, `kernel-2`, ... in the dump directory: compilations, of which
/// several may run at once, do not share files. Empty where none are wanted.
std::filesystem::path KernelStore::nextDumpStem() {
  if (options.dumpDirectory.empty())
    return {};
  int number = ++dumps;
  return options.dumpDirectory /
         (number == 1 ? "kernel" : fmt::format("kernel-{}", number));
}

KernelStore::EntryResult
KernelStore::makeEntry(const std::string &key, const KernelSource &source,
                       Entry entry, CompileReport &report, Trace &trace) {
  const Backend &backend = backendFor(source.target);
  auto store = [&](const std::string &bytes) {
    if (disk)
      trace.time("store",
                 [&] { disk->store(key, std::as_bytes(std::span(bytes))); });
  };
  if (disk) {
    auto stored = trace.time("disk", [&] { return disk->load(key); });
    if (stored) {
      const std::string bytes(reinterpret_cast<const char *>(stored->data()),
                              stored->size());
      Expected<LoadedEntry> loaded = backend.load(bytes, source, entry, trace);
      if (loaded) {
        report.source = CacheSource::Disk;
        if (loaded->betterBytes)
          store(*loaded->betterBytes);
        return std::move(loaded->point);
      }
      if (options.warn)
        options.warn(fmt::format("a cached kernel does not load and is "
                                 "compiled again: {}",
                                 loaded.error().message()));
    }
  }
  report.source = CacheSource::Compiled;
  Expected<std::string> bytes =
      backend.compile(source, entry, nextDumpStem(), trace);
  if (!bytes)
    return fail(bytes.error());
  Expected<LoadedEntry> loaded = backend.load(*bytes, source, entry, trace);
  if (!loaded)
    return fail(loaded.error());
  store(loaded->betterBytes.value_or(*bytes));
  return std::move(loaded->point);
}

KernelStore::EntryResult
KernelStore::entryFor(const std::string &key, const KernelSource &source,
                      Entry entry, CompileReport &report, Trace &trace) {
  std::promise<EntryResult> promise;
  std::shared_future<EntryResult> future;
  {
    std::lock_guard lock(mutex);
    auto found = entries.find(key);
    if (found != entries.end())
      future = found->second;
    else
      entries.emplace(key, promise.get_future().share());
  }
  if (future.valid()) {
    report.source = CacheSource::Memory;
    return future.get();
  }
  EntryResult result = makeEntry(key, source, entry, report, trace);
  if (!result) {
    // A full disk or exhausted memory may pass: the next request tries again.
    std::lock_guard lock(mutex);
    entries.erase(key);
  }
  promise.set_value(result);
  return result;
}

Expected<EntryPoint> KernelStore::get(const KernelSource &source, Entry entry,
                                      CompileReport &report, Trace &trace) {
  Expected<std::string> schedule =
      backendFor(source.target).scheduleText(source.spec, source.target, entry);
  if (!schedule)
    return fail(schedule.error());
  return entryFor(kernelKey(source.mod, source.spec, *schedule, source.target),
                  source, entry, report, trace);
}

} // namespace attnjit
