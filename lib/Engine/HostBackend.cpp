//===- HostBackend.cpp - Object files, run in this process ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Backend.h"

#include "Compiler.h"
#include "ObjectLoader.h"
#include "attnjit/Runtime/Launcher.h"
#include "attnjit/Spec/Schedule.h"
#include "attnjit/Target/CPU/Decode.h"
#include "attnjit/Target/CPU/Prefill.h"

namespace attnjit {

namespace {
class HostBackend final : public Backend {
public:
  Expected<std::string> scheduleText(const AttentionSpec &spec,
                                     const TargetSpec &target,
                                     Entry entry) const override {
    return entry == Entry::Prefill
               ? PrefillSchedule::choose(spec, target).keyText()
               : DecodeSchedule::choose(spec, target).keyText();
  }
  Expected<std::string> compile(const KernelSource &source, Entry entry,
                                const std::filesystem::path &dumpStem,
                                Trace &trace) const override {
    return compileTo(source.mod, source.spec, source.target, entry, Stage::Obj,
                     dumpStem, trace);
  }
  Expected<LoadedEntry> load(const std::string &bytes,
                             const KernelSource &source, Entry entry,
                             Trace &trace) const override;
};
} // namespace

Expected<LoadedEntry> HostBackend::load(const std::string &bytes,
                                        const KernelSource &source, Entry entry,
                                        Trace &trace) const {
  Expected<LoadedCode> code = trace.time("load", [&] {
    return loadObject(bytes, symbolOf(entry),
                      hasCostFunction(source.mod, entry));
  });
  if (!code)
    return fail(code.error());
  HostCode host = {code->entry, code->cost, code->code, 0};
  EntryPoint point;
  if (entry == Entry::Prefill) {
    auto schedule = PrefillSchedule::choose(source.spec, source.target);
    point.blockRows = schedule.blockQ;
    host.workspaceBytes =
        cpu::PrefillWorkspace::layout(source.spec, schedule).bytes;
  } else {
    auto schedule = DecodeSchedule::choose(source.spec, source.target);
    auto layout = cpu::DecodeWorkspace::layout(source.spec, schedule);
    point.blockRows = schedule.blockRows;
    point.partialWidth = layout.partialWidth;
    host.workspaceBytes = layout.bytes;
  }
  point.launcher = makeHostLauncher(std::move(host));
  return LoadedEntry{std::move(point), std::nullopt};
}

const Backend &hostBackend() {
  static const HostBackend backend;
  return backend;
}

} // namespace attnjit
