//===- CommonOptions.h - Options of every subcommand ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// --cache-dir, --no-cache, --timing, --dump and --json: declared alike
// everywhere, so that a script may pass them to any subcommand.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_ATTNJIT_COMMONOPTIONS_H
#define ATTNJIT_TOOLS_ATTNJIT_COMMONOPTIONS_H

#include "attnjit/Engine/Engine.h"
#include "attnjit/Spec/TargetSpec.h"
#include "attnjit/Support/Error.h"
#include "attnjit/Support/Trace.h"

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace attnjit::tool {

class ProcessClock;

/// JSON whose keys keep the order in which they were set.
using Json = nlohmann::ordered_json;

/// What the option MOD is.
inline constexpr const char *kModHelp =
    "A .mod file, - for standard input, or the name of a library mod";

/// What every subcommand takes.
struct CommonOptions {
  std::string cacheDirectory; ///< empty: the default one
  bool noCache = false;
  bool timing = false;
  std::string dumpDirectory; ///< empty: no dump
  bool json = false;

  void declare(CLI::App &app);

  /// An engine with these options, its warnings on standard error.
  Expected<Engine> makeEngine(std::shared_ptr<Executor> executor) const;
};

/// What --target names: "cuda", the best target for this machine's GPU, or what
/// the library knows.
Expected<TargetSpec> parseTarget(const std::string &name);

/// One object on one line of standard output. Bytes that are no UTF-8 are
/// replaced.
void printJson(const Json &json);

/// "attn-jit: warning: ..." on standard error.
void printWarning(std::string_view message);

/// "miss", "disk" or "memory".
std::string_view cacheSourceName(CacheSource source);

/// Where the time of a command went.
struct TimingReport {
  const ProcessClock &clock;
  std::span<const StageTime> steps;         ///< of the command
  std::span<const StageTime> compileStages; ///< within its `compile`
  double resultMs = 0;                      ///< from exec to the first result

  Json json() const;
  /// A table on standard error.
  void print() const;
};

/// Adds `option` whose text `parse` reads (into what it captured); its Error
/// is one of the command line.
CLI::Option *
addParsed(CLI::App &app, const std::string &option,
          const std::string &description,
          std::function<Expected<void>(const std::string &text)> parse);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_ATTNJIT_COMMONOPTIONS_H
