//===- Startup.cpp - From exec to the first result ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Starts the tool as a user does, and takes the time that it reports: what it
// used before main, and what passed from there to the result in memory.
//
//===----------------------------------------------------------------------===//

#include "Scenarios.h"

#include "support/Process.h"
#include "support/Progress.h"
#include "support/TemporaryDirectory.h"

#include "attnjit/Support/AtomicFile.h"

#include <fmt/format.h>

#include <system_error>

using namespace attnjit;
using namespace attnjit::bench;

namespace fs = std::filesystem;
using Sense = Target::Sense;

static constexpr const char *kMod = "score = 50.0 * tanh(score / 50.0)\n"
                                    "mask = q >= kv and q - kv < 1024\n";

/// What a process writes to standard output.
static Expected<std::string> outputOf(const tool::CommandLine &command) {
  Expected<tool::ProcessResult> result = tool::runProcess(command);
  if (!result)
    return fail(result.error());
  if (!result->end.succeeded())
    return fail(ErrorKind::Internal,
                fmt::format("`{} {}` failed with {}: {}", command[0],
                            command[1], result->end.text(), result->errors));
  return std::move(result->output);
}

/// Milliseconds from exec to the first result of `attn-jit run`.
static Expected<double> measureRun(const fs::path &tool, const fs::path &mod,
                                   const fs::path &cache,
                                   std::string_view expectedSource) {
  Expected<std::string> text = outputOf(
      {tool.native(), "run", mod.native(), "--shape", "Hq=1,Sq=256,D=128",
       "--threads", "1", "--timing", "--json", "--cache-dir", cache.native()});
  if (!text)
    return fail(text.error());
  const Json result = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!result.is_object() || result.value("cache", "") != expectedSource)
    return fail(ErrorKind::Internal,
                fmt::format("the tool should have found the kernel in `{}`; it "
                            "says {}",
                            expectedSource, *text));
  return result["timing"]["exec_to_result_ms"].get<double>();
}

Expected<std::vector<Figure>> bench::measureStartup(const fs::path &tool,
                                                    double seconds) {
  Expected<tool::TemporaryDirectory> directory =
      tool::TemporaryDirectory::create();
  if (!directory)
    return fail(directory.error());
  const fs::path mod = directory->path() / "startup.mod";
  const fs::path cache = directory->path() / "cache";
  if (Expected<void> ok = writeFileAtomically(mod, std::string_view(kMod)); !ok)
    return fail(ok.error());
  // In turn: an empty cache, then what that run has stored.
  const tool::Contestant contestants[] = {
      {"cold",
       [&]() -> Expected<double> {
         std::error_code ignored;
         fs::remove_all(cache, ignored);
         return measureRun(tool, mod, cache, "miss");
       }},
      {"cached", [&] { return measureRun(tool, mod, cache, "disk"); }}};
  tool::Progress progress("measuring start-up");
  auto rounds = tool::interleave(
      contestants, {.seconds = seconds,
                    .progress = [&](double share) { progress.report(share); }});
  if (!rounds)
    return fail(rounds.error());
  return std::vector<Figure>{
      timeFigure("exec to first result, cold", "ms", (*rounds)[0],
                 Target{Sense::AtMost, 300}),
      timeFigure("exec to first result, from the disk cache", "ms",
                 (*rounds)[1], Target{Sense::AtMost, 60})};
}
