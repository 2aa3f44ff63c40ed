//===- CommonOptions.cpp - Options of every subcommand --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CommonOptions.h"

#include "support/ProcessClock.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>

using namespace attnjit;
using namespace attnjit::tool;

void CommonOptions::declare(CLI::App &app) {
  constexpr const char *kGroup = "Common options";
  app.add_option("--cache-dir", cacheDirectory,
                 "Keep compiled kernels there instead of "
                 "$ATTNJIT_CACHE_DIR, $XDG_CACHE_HOME/attn-jit or "
                 "~/.cache/attn-jit")
      ->type_name("DIR")
      ->group(kGroup);
  app.add_flag("--no-cache", noCache,
               "Neither load compiled kernels from disk nor store them")
      ->group(kGroup);
  app.add_flag("--timing", timing, "Show where the time went")->group(kGroup);
  app.add_option("--dump", dumpDirectory,
                 "Write every stage of compilations there; implies --no-cache")
      ->type_name("DIR")
      ->group(kGroup);
  app.add_flag("--json", json,
               "Give the result as one JSON object on standard output")
      ->group(kGroup);
}

Expected<Engine>
CommonOptions::makeEngine(std::shared_ptr<Executor> executor) const {
  EngineOptions options;
  // A kernel from disk has no stages to show.
  options.diskCache = !noCache && dumpDirectory.empty();
  options.cacheDirectory = cacheDirectory;
  options.executor = std::move(executor);
  options.warn = printWarning;
  options.dumpDirectory = dumpDirectory;
  return Engine::create(std::move(options));
}

Expected<TargetSpec> tool::parseTarget(const std::string &name) {
  if (name != "cuda")
    return TargetSpec::parse(name);
  EngineOptions options;
  options.diskCache = false;
  Expected<Engine> engine = Engine::create(std::move(options));
  return engine ? engine->gpuTarget() : fail(engine.error());
}

void tool::printJson(const Json &json) {
  std::string text =
      json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  std::fputs(text.c_str(), stdout);
}

void tool::printWarning(std::string_view message) {
  // One call: warnings may come from several threads.
  std::fputs(fmt::format("attn-jit: warning: {}\n", message).c_str(), stderr);
}

std::string_view tool::cacheSourceName(CacheSource source) {
  switch (source) {
  case CacheSource::Compiled:
    return "miss";
  case CacheSource::Disk:
    return "disk";
  case CacheSource::Memory:
    return "memory";
  }
  return "";
}

Json TimingReport::json() const {
  auto list = [](std::span<const StageTime> times) {
    Json stages = Json::array();
    for (const StageTime &time : times)
      stages.push_back({{"stage", time.stage}, {"ms", time.ms}});
    return stages;
  };
  return {{"exec_to_main_ms", clock.execToMainMs()},
          {"exec_to_result_ms", resultMs},
          {"steps", list(steps)},
          {"compile_stages", list(compileStages)}};
}

void TimingReport::print() const {
  std::string text = "timing, ms\n";
  auto line = [&](std::string_view name, double ms, int indent) {
    text +=
        fmt::format("{:{}}{:<{}}{:9.3f}\n", "", indent, name, 30 - indent, ms);
  };
  line("exec to main", clock.execToMainMs(), 2);
  for (const StageTime &step : steps) {
    line(step.stage, step.ms, 2);
    if (step.stage == "compile")
      for (const StageTime &stage : compileStages)
        line(stage.stage, stage.ms, 4);
  }
  line("exec to first result", resultMs, 2);
  std::fputs(text.c_str(), stderr);
}

CLI::Option *
tool::addParsed(CLI::App &app, const std::string &option,
                const std::string &description,
                std::function<Expected<void>(const std::string &text)> parse) {
  return app.add_option_function<std::string>(
      option,
      [option, parse = std::move(parse)](const std::string &text) {
        // How CLI11 is told.
        if (Expected<void> ok = parse(text); !ok)
          throw CLI::ValidationError(option, ok.error().message());
      },
      description);
}
