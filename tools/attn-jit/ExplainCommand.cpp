//===- ExplainCommand.cpp - attn-jit explain ------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod and a shape; says what the compiler knows of it: which tiles of
// the mask are skipped, what is computed less than once a pair, what is proven.
// Looks at no more than a small part of the pairs, unless it is told to.
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "CommonOptions.h"
#include "Explanation.h"
#include "ProblemOptions.h"

#include "support/MaskPlane.h"
#include "support/ModFile.h"
#include "support/ProcessClock.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>

using namespace attnjit;
using namespace attnjit::tool;

namespace {

class ExplainCommand final : public Command {
public:
  CLI::App *declare(CLI::App &app) override;
  Expected<int> run(const ProcessClock &clock) override;

private:
  CommonOptions common;
  ProblemOptions options;
  ExplainOptions explain;
  Trace trace;
};

} // namespace

CLI::App *ExplainCommand::declare(CLI::App &app) {
  CLI::App *command = app.add_subcommand(
      "explain", "Say what the compiler knows of a mod: tiles that it skips, "
                 "what it hoists and proves");
  options.declare(*command, kDefaultD)->required();
  declareDType(*command, options.request.dtype);
  declareTile(*command, explain.tile);
  command->add_flag("--brute-force", explain.bruteForce,
                    "Also count the tiles by evaluating the mask at every "
                    "pair, and say where the analysis is not exact");
  declarePlane(*command, explain.plane);
  common.declare(*command);
  return command;
}

Expected<int> ExplainCommand::run(const ProcessClock &clock) {
  options.request.contents = Contents::MaskOnly;
  Expected<LoadedProblem> loaded = options.load(trace);
  if (!loaded)
    return fail(loaded.error());
  auto &[mod, problem] = *loaded;
  explain.threads = options.threads;
  Expected<Explanation> explanation = trace.time("explain", [&] {
    return Explanation::create(mod.program, problem, explain);
  });
  if (!explanation)
    return fail(explanation.error());
  const TimingReport timing = {clock, trace.stages(), {}, clock.sinceExecMs()};
  if (common.timing)
    timing.print();
  if (common.json) {
    Json result = explanation->json();
    if (common.timing)
      result["timing"] = timing.json();
    printJson(result);
  } else {
    std::fputs(explanation->text().c_str(), stdout);
  }
  if (!explanation->isSound()) {
    std::fputs("attn-jit: error: a tile is not what the analysis says; this is "
               "a bug, or a buffer that breaks its declaration\n",
               stderr);
    return kFailure;
  }
  return kSuccess;
}

std::unique_ptr<Command> tool::makeExplainCommand() {
  return std::make_unique<ExplainCommand>();
}
