//===- ModsCommand.cpp - attn-jit mods ------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Gives the list of the library's mods, or the text of one.
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "CommonOptions.h"

#include "support/ProcessClock.h"

#include "attnjit/Mods/Library.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

using namespace attnjit;
using namespace attnjit::tool;

namespace {

class ModsCommand final : public Command {
public:
  CLI::App *declare(CLI::App &app) override;
  Expected<int> run(const ProcessClock &clock) override;

private:
  Expected<Json> showOne() const;
  Json showAll() const;

  CommonOptions common;
  std::string name;
  Trace trace;
};

} // namespace

CLI::App *ModsCommand::declare(CLI::App &app) {
  CLI::App *command = app.add_subcommand(
      "mods", "List the mods of the library, or show the text of one");
  command->add_option("NAME", name, "A mod of the library");
  common.declare(*command);
  return command;
}

/// The hooks of a mod: "mask", "score", "prob", "sink", joined by commas.
static std::string kindOf(const LibraryMod &mod) {
  ParseResult parsed = parseMod(mod.text, withLibrary());
  std::string kind;
  auto add = [&](const Expr &hook, const char *word) {
    if (hook)
      kind += kind.empty() ? word : fmt::format(",{}", word);
  };
  if (const std::optional<ModProgram> &program = parsed.program) {
    add(program->score(), "score");
    add(program->mask(), "mask");
    add(program->prob(), "prob");
    add(program->sink(), "sink");
  }
  return kind;
}

static Json describe(const LibraryMod &mod, const std::string &kind) {
  return {{"name", mod.name},
          {"group", mod.group},
          {"kind", kind},
          {"summary", mod.summary()}};
}

Expected<Json> ModsCommand::showOne() const {
  const LibraryMod *mod = findLibraryMod(name);
  if (!mod)
    return fail(resolveLibraryMod(name).error());
  Json result = describe(*mod, kindOf(*mod));
  result["text"] = mod->text;
  if (!common.json)
    std::fwrite(mod->text.data(), 1, mod->text.size(), stdout);
  return result;
}

Json ModsCommand::showAll() const {
  size_t nameWidth = 0;
  for (const LibraryMod &mod : libraryMods())
    nameWidth = std::max(nameWidth, mod.name.size());
  Json list = Json::array();
  std::string text;
  for (const LibraryMod &mod : libraryMods()) {
    const std::string kind = kindOf(mod);
    list.push_back(describe(mod, kind));
    text += fmt::format("{:<{}}  {:<5}  {}\n", mod.name, nameWidth, kind,
                        mod.summary());
  }
  if (!common.json)
    std::fputs(text.c_str(), stdout);
  return {{"mods", std::move(list)}};
}

Expected<int> ModsCommand::run(const ProcessClock &clock) {
  Expected<Json> result = trace.time("show", [&]() -> Expected<Json> {
    return name.empty() ? showAll() : showOne();
  });
  if (!result)
    return fail(result.error());
  const TimingReport timing = {clock, trace.stages(), {}, clock.sinceExecMs()};
  if (common.timing)
    timing.print();
  if (common.json) {
    if (common.timing)
      (*result)["timing"] = timing.json();
    printJson(*result);
  }
  return kSuccess;
}

std::unique_ptr<Command> tool::makeModsCommand() {
  return std::make_unique<ModsCommand>();
}
