//===- Command.h - What every subcommand is -------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A subcommand declares its arguments and does its work; `main` picks it and
// turns what it gives into the exit status:
//
//   0  success
//   1  a failed check or a bad input, with a message on standard error
//   2  a bad command line
//   3  `prove` has neither a proof nor a counterexample
//
// Results go to standard output or to files, text for people to standard
// error.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_ATTNJIT_COMMAND_H
#define ATTNJIT_TOOLS_ATTNJIT_COMMAND_H

#include "attnjit/Support/Error.h"

#include <memory>
#include <vector>

namespace CLI {
class App;
}

namespace attnjit::tool {

class ProcessClock;

inline constexpr int kSuccess = 0;
inline constexpr int kFailure = 1;
inline constexpr int kBadCommandLine = 2;
inline constexpr int kUndecided = 3;

class Command {
public:
  virtual ~Command() = default;

  /// Adds the subcommand to `app`, with arguments that are stored here, and
  /// gives it. Called once.
  virtual CLI::App *declare(CLI::App &app) = 0;

  /// Does the work with the arguments of the command line; gives the exit
  /// status. An Error is printed and means kFailure.
  virtual Expected<int> run(const ProcessClock &clock) = 0;
};

std::unique_ptr<Command> makeRunCommand();
std::unique_ptr<Command> makeCompileCommand();
std::unique_ptr<Command> makeCheckCommand();
std::unique_ptr<Command> makeFmtCommand();
std::unique_ptr<Command> makeMaskCommand();
std::unique_ptr<Command> makeExplainCommand();
std::unique_ptr<Command> makeDrawCommand();
std::unique_ptr<Command> makeProveCommand();
std::unique_ptr<Command> makeBenchCommand();
std::unique_ptr<Command> makeModsCommand();
std::unique_ptr<Command> makeCacheCommand();
std::unique_ptr<Command> makeTargetCommand();

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_ATTNJIT_COMMAND_H
