//===- Main.cpp - The attn-jit tool ---------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads the command line, lets the subcommand work, and gives its exit status.
// The subcommands stand in files of their own; docs/tool.md is their page.
//
//===----------------------------------------------------------------------===//

#include "Command.h"

#include "support/ProcessClock.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <new>

using namespace attnjit;
using namespace attnjit::tool;

static constexpr const char *kVersion = "attn-jit " ATTNJIT_VERSION;

static int printError(std::string_view message) {
  std::fputs(fmt::format("attn-jit: error: {}\n", message).c_str(), stderr);
  return kFailure;
}

/// Results that did not reach standard output are no success.
static int finish(int status) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0)
    return status;
  return printError("cannot write to standard output");
}

static int runCommandLine(int argc, char **argv, const ProcessClock &clock) {
  CLI::App app("Compiles attention variants, written as .mod files, into fused "
               "kernels; runs, checks and measures them.",
               "attn-jit");
  app.set_version_flag("--version", kVersion);
  app.require_subcommand(1);
  struct Entry {
    std::unique_ptr<Command> command;
    CLI::App *app;
  };
  std::vector<Entry> entries;
  for (auto make : {makeRunCommand, makeCompileCommand, makeCheckCommand,
                    makeFmtCommand, makeMaskCommand, makeExplainCommand,
                    makeDrawCommand, makeProveCommand, makeBenchCommand,
                    makeModsCommand, makeCacheCommand, makeTargetCommand}) {
    std::unique_ptr<Command> command = make();
    CLI::App *declared = command->declare(app);
    declared->set_version_flag("--version", kVersion);
    entries.push_back({std::move(command), declared});
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError &error) {
    // Help and version are "errors" of code 0.
    return app.exit(error) == 0 ? finish(kSuccess) : kBadCommandLine;
  }
  for (const Entry &entry : entries)
    if (entry.app->parsed()) {
      Expected<int> status = entry.command->run(clock);
      return status ? finish(*status) : printError(status.error().message());
    }
  return kBadCommandLine;
}

int main(int argc, char **argv) {
  const ProcessClock clock;
  // The tool itself throws nothing; the standard library and the command line
  // and JSON libraries may.
  try {
    return runCommandLine(argc, argv, clock);
  } catch (const std::bad_alloc &) {
    return printError("out of memory");
  } catch (const std::exception &error) {
    return printError(error.what());
  }
}
