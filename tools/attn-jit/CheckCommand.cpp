//===- CheckCommand.cpp - attn-jit check ----------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes mods; gives all diagnostics of all of them.
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "CommonOptions.h"

#include "support/ModFile.h"
#include "support/ProcessClock.h"

#include "attnjit/Support/Diagnostics.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>

using namespace attnjit;
using namespace attnjit::tool;

namespace {

class CheckCommand final : public Command {
public:
  CLI::App *declare(CLI::App &app) override;
  Expected<int> run(const ProcessClock &clock) override;

private:
  /// Whether the file is without fault; prints what is wrong.
  bool checkFile(const std::string &name);

  CommonOptions common;
  std::vector<std::string> mods;
  Trace trace;
  Json results = Json::array();
};

} // namespace

CLI::App *CheckCommand::declare(CLI::App &app) {
  CLI::App *command = app.add_subcommand("check", "Parse and type-check mods");
  command->add_option("MOD", mods, kModHelp)->required();
  common.declare(*command);
  return command;
}

static Json diagnosticJson(const Diagnostic &diagnostic) {
  return {{"kind", name(diagnostic.kind)},
          {"begin", diagnostic.span.begin},
          {"end", diagnostic.span.end},
          {"message", diagnostic.message},
          {"hint", diagnostic.hint}};
}

bool CheckCommand::checkFile(const std::string &name) {
  Expected<ModSource> source = readModSource(name);
  if (!source) {
    const std::string &message = source.error().message();
    std::fputs(fmt::format("attn-jit: error: {}\n", message).c_str(), stderr);
    results.push_back({{"file", name}, {"ok", false}, {"error", message}});
    return false;
  }
  ParseResult parsed = parseSource(*source, {});
  std::fputs(
      render(parsed.diagnostics, source->displayName, source->text).c_str(),
      stderr);
  Json diagnostics = Json::array();
  for (const Diagnostic &diagnostic : parsed.diagnostics)
    diagnostics.push_back(diagnosticJson(diagnostic));
  const bool ok = parsed.program.has_value();
  results.push_back({{"file", source->displayName},
                     {"ok", ok},
                     {"diagnostics", std::move(diagnostics)}});
  return ok;
}

Expected<int> CheckCommand::run(const ProcessClock &clock) {
  bool ok = true;
  trace.time("check", [&] {
    for (const std::string &name : mods)
      ok &= checkFile(name);
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

std::unique_ptr<Command> tool::makeCheckCommand() {
  return std::make_unique<CheckCommand>();
}
