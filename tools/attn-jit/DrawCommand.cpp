//===- DrawCommand.cpp - attn-jit draw ------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod and a shape; gives a picture of its mask, score or tiles.
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "CommonOptions.h"
#include "Picture.h"
#include "ProblemOptions.h"

#include "support/ModFile.h"
#include "support/ProcessClock.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>

using namespace attnjit;
using namespace attnjit::tool;

namespace {

class DrawCommand final : public Command {
public:
  CLI::App *declare(CLI::App &app) override;
  Expected<int> run(const ProcessClock &clock) override;

private:
  CommonOptions common;
  ProblemOptions options;
  PictureOptions picture;
  std::string outFile;
  Trace trace;
};

} // namespace

CLI::App *DrawCommand::declare(CLI::App &app) {
  CLI::App *command = app.add_subcommand(
      "draw", "Draw the mask, the score mod or the tiles of a mod as a .png "
              "or .svg");
  options.declare(*command, kDefaultD)->required();
  command->add_option("-o,--out", outFile, "Where the picture goes")
      ->type_name("FILE.png|FILE.svg")
      ->required();
  command
      ->add_option("--what", picture.what,
                   "mask: the keys that each query keeps; score: values of "
                   "the score mod; tiles: what the kernel skips")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, PictureOf>{{"mask", PictureOf::Mask},
                                           {"score", PictureOf::Score},
                                           {"tiles", PictureOf::Tiles}}))
      ->type_name("mask|score|tiles")
      ->option_text("mask|score|tiles");
  command
      ->add_option("--score", picture.score,
                   "What --what score applies the score mod to")
      ->type_name("X")
      ->capture_default_str();
  declareTile(*command, picture.tile);
  declarePlane(*command, picture.plane);
  common.declare(*command);
  return command;
}

Expected<int> DrawCommand::run(const ProcessClock &clock) {
  if (!outFile.ends_with(".png") && !outFile.ends_with(".svg"))
    return fail(ErrorKind::InvalidArgument,
                fmt::format("-o is `{}`; its name should end in .png or .svg",
                            outFile));
  options.request.contents = Contents::MaskOnly;
  Expected<LoadedProblem> loaded = options.load(trace);
  if (!loaded)
    return fail(loaded.error());
  auto &[mod, problem] = *loaded;
  Expected<Drawing> drawing = trace.time(
      "draw", [&] { return drawMod(mod.program, problem, picture); });
  if (!drawing)
    return fail(drawing.error());
  Expected<void> written =
      trace.time("write", [&] { return drawing->write(outFile); });
  if (!written)
    return fail(written.error());
  const TimingReport timing = {clock, trace.stages(), {}, clock.sinceExecMs()};
  if (common.timing)
    timing.print();
  if (common.json) {
    Json result = {{"out", outFile}};
    if (common.timing)
      result["timing"] = timing.json();
    printJson(result);
  }
  return kSuccess;
}

std::unique_ptr<Command> tool::makeDrawCommand() {
  return std::make_unique<DrawCommand>();
}
