//===- MaskCommand.cpp - attn-jit mask ------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod and a shape; gives its mask mod as a boolean tensor.
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "CommonOptions.h"
#include "ProblemOptions.h"

#include "support/ModFile.h"
#include "support/Npy.h"
#include "support/ProcessClock.h"
#include "support/Progress.h"

#include "attnjit/Reference/Reference.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

using namespace attnjit;
using namespace attnjit::tool;

namespace {

class MaskCommand final : public Command {
public:
  CLI::App *declare(CLI::App &app) override;
  Expected<int> run(const ProcessClock &clock) override;

private:
  Expected<Array> materialize(const ModProgram &mod, Problem &problem);

  CommonOptions common;
  ProblemOptions options;
  std::string outFile;
  Trace trace;
};

} // namespace

CLI::App *MaskCommand::declare(CLI::App &app) {
  CLI::App *command = app.add_subcommand(
      "mask", "Write the mask mod as a boolean tensor [B, Hq, Sq, Skv]");
  options.declare(*command, kDefaultD)->required();
  command->add_option("-o,--out", outFile, "Where the tensor goes")
      ->type_name("FILE.npy")
      ->required();
  common.declare(*command);
  return command;
}

Expected<Array> MaskCommand::materialize(const ModProgram &mod,
                                         Problem &problem) {
  const Shape &shape = problem.shape();
  Expected<Array> mask =
      Array::allocate(DType::Bool, {shape.B, shape.Hq, shape.Sq, shape.Skv});
  if (!mask)
    return fail(Error(mask.error()).in("the mask"));
  Progress progress("evaluating the mask");
  ProgressExecutor executor(makeThreadedExecutor(options.threads), progress);
  problem.args().executor = &executor;
  Expected<void> done = materializeMask(mod, problem.args(), mask->view());
  problem.args().executor = nullptr;
  if (!done)
    return fail(done.error());
  return mask;
}

Expected<int> MaskCommand::run(const ProcessClock &clock) {
  options.request.contents = Contents::MaskOnly;
  Expected<LoadedProblem> loaded = options.load(trace);
  if (!loaded)
    return fail(loaded.error());
  auto &[mod, problem] = *loaded;
  Expected<Array> mask =
      trace.time("evaluate", [&] { return materialize(mod.program, problem); });
  if (!mask)
    return fail(mask.error());
  const double resultMs = clock.sinceExecMs();
  Expected<void> written =
      trace.time("write", [&] { return writeNpy(outFile, *mask); });
  if (!written)
    return fail(written.error());

  const int64_t kept =
      std::ranges::count(mask->elements<uint8_t>(), uint8_t(1));
  const double fraction =
      kept ? double(kept) / double(mask->view().elements()) : 0;
  std::fputs(fmt::format("{}: {:.2f} % of the pairs are kept\n",
                         mask->view().describe(), 100 * fraction)
                 .c_str(),
             stderr);
  const TimingReport timing = {clock, trace.stages(), {}, resultMs};
  if (common.timing)
    timing.print();
  if (common.json) {
    const Shape &shape = problem.shape();
    Json result = {{"out", outFile},
                   {"shape", {shape.B, shape.Hq, shape.Sq, shape.Skv}},
                   {"kept_fraction", fraction}};
    if (common.timing)
      result["timing"] = timing.json();
    printJson(result);
  }
  return kSuccess;
}

std::unique_ptr<Command> tool::makeMaskCommand() {
  return std::make_unique<MaskCommand>();
}
