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
#include "attnjit/Runtime/Launcher.h"
#include "attnjit/Spec/Schedule.h"
#include "attnjit/Target/CPU/Decode.h"
#include "attnjit/Target/CPU/Prefill.h"

#include <fmt/format.h>

namespace attnjit {

namespace {
/// What the schedule of an entry point says of it.
struct Planned {
  EntryPoint point;
  int64_t workspaceBytes = 0;
  std::string scheduleText;
};
} // namespace

static Planned planOf(const AttentionSpec &spec, const TargetSpec &target,
                      Entry entry) {
  Planned planned;
  if (entry == Entry::Prefill) {
    auto schedule = PrefillSchedule::choose(spec, target);
    planned.point.blockRows = schedule.blockQ;
    planned.workspaceBytes =
        cpu::PrefillWorkspace::layout(spec, schedule).bytes;
    planned.scheduleText = schedule.keyText();
    return planned;
  }
  auto schedule = DecodeSchedule::choose(spec, target);
  auto layout = cpu::DecodeWorkspace::layout(spec, schedule);
  planned.point.blockRows = schedule.blockRows;
  planned.point.partialWidth = layout.partialWidth;
  planned.workspaceBytes = layout.bytes;
  planned.scheduleText = schedule.keyText();
  return planned;
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
  Planned planned = planOf(source.spec, source.target, entry);
  std::string key =
      kernelKey(source.mod, source.spec, planned.scheduleText, source.target);
  CodeResult code = codeFor(key, source, entry, report, trace);
  if (!code)
    return fail(code.error());
  planned.point.launcher = makeHostLauncher(
      {code->entry, code->cost, code->code, planned.workspaceBytes});
  return planned.point;
}

} // namespace attnjit
