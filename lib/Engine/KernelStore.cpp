//===- KernelStore.cpp - Code by key --------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `codes` finds code by its key, and holds a future while the first of several
// threads compiles it.
//
//===----------------------------------------------------------------------===//

#include "KernelStore.h"

#include "Compiler.h"
#include "KernelKey.h"
#include "attnjit/Spec/Schedule.h"
#include "attnjit/Target/CPU/Decode.h"
#include "attnjit/Target/CPU/Prefill.h"

#include <fmt/format.h>

namespace attnjit {

/// What the schedule of an entry point says of it.
static std::pair<EntryPoint, std::string>
planOf(const AttentionSpec &spec, const TargetSpec &target, Entry entry) {
  EntryPoint point;
  if (entry == Entry::Prefill) {
    auto schedule = PrefillSchedule::choose(spec, target);
    point.blockRows = schedule.blockQ;
    point.workspaceBytes = cpu::PrefillWorkspace::layout(spec, schedule).bytes;
    return {point, schedule.keyText()};
  }
  auto schedule = DecodeSchedule::choose(spec, target);
  auto layout = cpu::DecodeWorkspace::layout(spec, schedule);
  point.blockRows = schedule.blockRows;
  point.workspaceBytes = layout.bytes;
  point.partialWidth = layout.partialWidth;
  return {point, schedule.keyText()};
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

KernelStore::CodeResult
KernelStore::makeCode(const std::string &key, const KernelSource &source,
                      Entry entry, CompileReport &report, Trace &trace) {
  const std::string symbol = symbolOf(entry);
  const bool hasCost = hasCostFunction(source.mod, entry);
  if (disk) {
    auto bytes = trace.time("disk", [&] { return disk->load(key); });
    if (bytes) {
      std::string object(reinterpret_cast<const char *>(bytes->data()),
                         bytes->size());
      auto loaded = trace.time("load", [&] {
        return loadObject(std::move(object), symbol, hasCost);
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
  auto object = compileTo(source.mod, source.spec, source.target, entry,
                          Stage::Obj, nextDumpStem(), trace);
  if (!object)
    return fail(object.error());
  if (disk)
    trace.time("store",
               [&] { disk->store(key, std::as_bytes(std::span(*object))); });
  return trace.time(
      "load", [&] { return loadObject(std::move(*object), symbol, hasCost); });
}

KernelStore::CodeResult KernelStore::codeFor(const std::string &key,
                                             const KernelSource &source,
                                             Entry entry, CompileReport &report,
                                             Trace &trace) {
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
  CodeResult result = makeCode(key, source, entry, report, trace);
  if (!result) {
    // A full disk or exhausted memory may pass: the next request tries again.
    std::lock_guard lock(mutex);
    codes.erase(key);
  }
  promise.set_value(result);
  return result;
}

Expected<EntryPoint> KernelStore::get(const KernelSource &source, Entry entry,
                                      CompileReport &report, Trace &trace) {
  auto [point, scheduleText] = planOf(source.spec, source.target, entry);
  std::string key =
      kernelKey(source.mod, source.spec, scheduleText, source.target);
  CodeResult code = codeFor(key, source, entry, report, trace);
  if (!code)
    return fail(code.error());
  point.function = code->entry;
  point.cost = code->cost;
  point.code = code->code;
  return point;
}

} // namespace attnjit
