//===- FmtCommand.cpp - attn-jit fmt --------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes mods; gives their canonical layout, on standard output or in place.
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "CommonOptions.h"

#include "support/ModFile.h"
#include "support/ProcessClock.h"

#include "attnjit/Support/AtomicFile.h"
#include "attnjit/Support/Diagnostics.h"
#include "attnjit/Text/Formatter.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>

using namespace attnjit;
using namespace attnjit::tool;

namespace {

class FmtCommand final : public Command {
public:
  CLI::App *declare(CLI::App &app) override;
  Expected<int> run(const ProcessClock &clock) override;

private:
  Expected<void> formatFile(const std::string &name);

  CommonOptions common;
  std::vector<std::string> mods;
  bool inPlace = false;
  Trace trace;
  Json results = Json::array();
};

} // namespace

CLI::App *FmtCommand::declare(CLI::App &app) {
  CLI::App *command = app.add_subcommand("fmt", "Lay out mods canonically");
  command->add_option("MOD", mods, kModHelp)->required();
  command->add_flag("--in-place", inPlace,
                    "Replace the files instead of printing them");
  common.declare(*command);
  return command;
}

Expected<void> FmtCommand::formatFile(const std::string &name) {
  if (inPlace && name == "-")
    return fail(ErrorKind::InvalidArgument,
                "standard input cannot be formatted in place");
  Expected<ModSource> source = readModSource(name);
  if (!source)
    return fail(source.error());
  if (inPlace && source->isFromLibrary)
    return fail(ErrorKind::InvalidArgument,
                fmt::format("`{}` is a mod of the library, which is not "
                            "formatted in place",
                            name));
  FormatResult formatted = formatMod(source->text);
  if (!formatted.diagnostics.empty()) {
    std::fputs(render(formatted.diagnostics, source->displayName, source->text)
                   .c_str(),
               stderr);
    return fail(ErrorKind::InvalidMod,
                fmt::format("`{}` is left as it is", source->displayName));
  }
  const bool changed = formatted.text != source->text;
  Json result = {
      {"file", source->displayName}, {"ok", true}, {"changed", changed}};
  if (inPlace && changed) {
    if (Expected<void> ok =
            writeFileAtomically(name, std::string_view(formatted.text));
        !ok)
      return ok;
  } else if (!inPlace && common.json) {
    result["text"] = formatted.text;
  } else if (!inPlace) {
    std::fwrite(formatted.text.data(), 1, formatted.text.size(), stdout);
  }
  results.push_back(std::move(result));
  return {};
}

Expected<int> FmtCommand::run(const ProcessClock &clock) {
  bool ok = true;
  trace.time("format", [&] {
    for (const std::string &name : mods) {
      Expected<void> done = formatFile(name);
      if (done)
        continue;
      ok = false;
      const std::string &message = done.error().message();
      std::fputs(fmt::format("attn-jit: error: {}\n", message).c_str(), stderr);
      results.push_back({{"file", name}, {"ok", false}, {"error", message}});
    }
  });
  const TimingReport timing = {clock, trace.stages(), {}, clock.sinceExecMs()};
  if (common.timing)
    timing.print();
  if (common.json) {
    Json result = {{"ok", ok}, {"files", std::move(results)}};
    if (common.timing)
      result["timing"] = timing.json();
    printJson(result);
  }
  return ok ? kSuccess : kFailure;
}

std::unique_ptr<Command> tool::makeFmtCommand() {
  return std::make_unique<FmtCommand>();
}
