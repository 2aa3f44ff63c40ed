//===- Device.cpp - The machine that is checked ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Device.h"

#include <fmt/format.h>

using namespace attnjit;
using namespace attnjit::gpucheck;

/// The object that `attn-jit VERB --json` prints.
static Expected<Json> ask(const ToolSetup &setup, const char *verb) {
  constexpr double kSeconds = 60;
  const tool::CommandLine command = {setup.tool.native(), verb, "--json"};
  Expected<tool::ProcessResult> result =
      tool::runProcess(command, {.timeoutSeconds = kSeconds});
  if (!result)
    return fail(result.error());
  Json json = parseOutput(result->output);
  if (!result->end.succeeded() || json.is_null())
    return fail(ErrorKind::Internal,
                fmt::format("`{}` ended with {}: {}", tool::shellText(command),
                            result->end.text(), lastLine(result->errors)));
  return json;
}

/// A text under a key; empty where it is null or missing.
static std::string textAt(const Json &json, const char *key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>()
                                                   : std::string();
}

Expected<Device> gpucheck::findDevice(const ToolSetup &setup) {
  Expected<Json> target = ask(setup, "target");
  if (!target)
    return fail(target.error());
  if (setup.target == "cuda") {
    const Json gpus = target->value("gpus", Json::array());
    if (gpus.empty())
      return fail(ErrorKind::Unsupported,
                  "`attn-jit target` finds no NVIDIA GPU on this machine");
    std::string driver = textAt(*target, "driver");
    if (const std::string version = textAt(*target, "driver_version");
        !version.empty())
      driver = fmt::format("{} ({})", version, driver);
    return Device{textAt(gpus[0], "name"), textAt(gpus[0], "sm"), driver};
  }
  const Json cpu = target->value("cpu", Json::object());
  return Device{textAt(cpu, "name"),
                setup.target == "host" ? textAt(cpu, "target") : setup.target,
                ""};
}

Expected<std::vector<std::string>>
gpucheck::listLibrary(const ToolSetup &setup) {
  Expected<Json> mods = ask(setup, "mods");
  if (!mods)
    return fail(mods.error());
  std::vector<std::string> names;
  for (const Json &mod : mods->value("mods", Json::array()))
    names.push_back(textAt(mod, "name"));
  return names;
}
