//===- Main.cpp - The project's benchmark ---------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Measures the figures that the project holds itself to in one run; prints
// them and writes a record for docs/benchmarks. A figure below its target is a
// finding, not a failure: the exit status tells only whether all was measured.
//
//===----------------------------------------------------------------------===//

#include "Figure.h"
#include "Scenarios.h"

#include "support/HostInfo.h"

#include "attnjit/Support/AtomicFile.h"

#include <CLI/CLI.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <exception>

using namespace attnjit;
using namespace attnjit::bench;

namespace fs = std::filesystem;

namespace {
struct Options {
  double seconds = 60;
  double modSeconds = 30;
  double decodeSeconds = 30;
  double sparsitySeconds = 120;
  double startupSeconds = 10;
  std::string tool, record, commit, sweep;
};
} // namespace

static void declare(CLI::App &app, Options &options) {
  app.add_option("--seconds", options.seconds,
                 "How long to measure kernels; 0 leaves a part out")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--mod-seconds", options.modSeconds,
                 "How long to measure mods against the plain kernel")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--decode-seconds", options.decodeSeconds,
                 "How long to measure decoding")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--sparsity-seconds", options.sparsitySeconds,
                 "How long to measure the decisions about tiles")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--startup-seconds", options.startupSeconds,
                 "How long to measure start-up")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--tool", options.tool,
                 "The attn-jit to start; the one beside this program unless "
                 "given")
      ->type_name("FILE");
  app.add_option("--json", options.record, "Where the record goes")
      ->type_name("FILE");
  app.add_option("--sweep", options.sweep,
                 "Measure nothing but run times over queries and keys; the "
                 "picture, with the numbers beside it as .json")
      ->type_name("FILE.svg");
  app.add_option("--commit", options.commit,
                 "What was measured, for the record")
      ->type_name("TEXT");
}

static Json recordOf(const Options &options, std::span<const Figure> figures) {
  const tool::CpuInfo cpu = tool::readCpuInfo();
  Json record = {{"date", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                                      fmt::gmtime(std::time(nullptr)))},
                 {"cpu", cpu.name},
                 {"cores", cpu.cores},
                 {"features", cpu.features},
                 {"commit", options.commit},
                 {"seconds", options.seconds},
                 {"figures", Json::array()}};
  for (const Figure &figure : figures)
    record["figures"].push_back(figure.json());
  return record;
}

/// The time of a sweep is that of kernels.
static Expected<void> drawSweep(const Options &options) {
  Expected<Sweep> sweep = measureSweep(options.seconds);
  if (!sweep)
    return fail(sweep.error());
  Json record = recordOf(options, {});
  record.erase("figures");
  record["sweep"] = sweep->json();
  fs::path numbers = fs::path(options.sweep).replace_extension(".json");
  if (auto ok = writeFileAtomically(options.sweep, sweep->svg()); !ok)
    return ok;
  return writeFileAtomically(numbers, record.dump() + "\n");
}

static Expected<void> measureAll(const Options &options) {
  fs::path tool = options.tool;
  if (tool.empty())
    tool = fs::read_symlink("/proc/self/exe").replace_filename("attn-jit");
  std::vector<Figure> figures;
  auto measure = [&](double seconds, auto &&part) -> Expected<void> {
    if (seconds == 0)
      return {};
    Expected<std::vector<Figure>> more = part(seconds);
    if (!more)
      return fail(more.error());
    figures.insert(figures.end(), more->begin(), more->end());
    return {};
  };
  if (auto ok = measure(options.seconds, measureKernels); !ok)
    return ok;
  if (auto ok = measure(options.modSeconds, measureMods); !ok)
    return ok;
  if (auto ok = measure(options.decodeSeconds, measureDecode); !ok)
    return ok;
  if (auto ok = measure(options.sparsitySeconds, measureSparsity); !ok)
    return ok;
  auto startup = [&](double s) { return measureStartup(tool, s); };
  if (auto ok = measure(options.startupSeconds, startup); !ok)
    return ok;
  printTable(figures);
  if (options.record.empty())
    return {};
  return writeFileAtomically(options.record,
                             recordOf(options, figures).dump(2) + "\n");
}

int main(int argc, char **argv) {
  CLI::App app("Measures attn-jit's figures, interleaved with what they are "
               "compared with.",
               "attn-jit-bench");
  Options options;
  try {
    declare(app, options);
    app.parse(argc, argv);
    Expected<void> ok =
        options.sweep.empty() ? measureAll(options) : drawSweep(options);
    if (!ok) {
      std::fputs(
          fmt::format("attn-jit-bench: error: {}\n", ok.error().message())
              .c_str(),
          stderr);
      return 1;
    }
    return 0;
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception &error) {
    std::fputs(fmt::format("attn-jit-bench: error: {}\n", error.what()).c_str(),
               stderr);
    return 1;
  }
}
