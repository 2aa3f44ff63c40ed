//===- CacheCommand.cpp - attn-jit cache ----------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Shows and tidies up the directory of compiled kernels.
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "CommonOptions.h"

#include "support/ProcessClock.h"

#include "attnjit/Cache/DiskCache.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <sstream>

using namespace attnjit;
using namespace attnjit::tool;

namespace {

/// What a verb gives: text for people, the same as JSON, and a status.
struct CacheResult {
  std::string text;
  Json json;
  int status = kSuccess;
};

class CacheCommand final : public Command {
public:
  CLI::App *declare(CLI::App &app) override;
  Expected<int> run(const ProcessClock &clock) override;

private:
  Expected<CacheResult> work() const;
  CacheResult list(const DiskCache &cache) const;
  CacheResult stats(const DiskCache &cache) const;
  CacheResult verify(const DiskCache &cache) const;
  CacheResult removed(const DiskCache::Stats &stats) const;

  CommonOptions common;
  int64_t maxBytes = DiskCache::Options().maxBytes;
  std::string verb;
};

} // namespace

CLI::App *CacheCommand::declare(CLI::App &app) {
  CLI::App *command =
      app.add_subcommand("cache", "Show or tidy up compiled kernels on disk");
  command->require_subcommand(1);
  // Options may stand before or behind the verb.
  command->fallthrough();
  struct Verb {
    const char *name, *description;
  };
  for (const Verb &entry :
       {Verb{"path", "Print the directory"}, Verb{"list", "List the kernels"},
        Verb{"stats", "Count kernels and bytes"},
        Verb{"verify", "Check every entry; fails where one is damaged"},
        Verb{"prune", "Remove damaged entries and the least recently used"},
        Verb{"clear", "Remove every entry"}}) {
    CLI::App *declared = command->add_subcommand(entry.name, entry.description);
    declared->fallthrough();
    declared->callback([this, entry] { verb = entry.name; });
    if (std::string_view(entry.name) == "prune")
      declared->add_option("--max-bytes", maxBytes, "Keep at most that much")
          ->type_name("N")
          ->check(CLI::NonNegativeNumber)
          ->capture_default_str();
  }
  common.declare(*command);
  return command;
}

/// What tells an entry from others of its list: the lines of its key after the
/// first (the build, mostly the same in all) up to the expressions.
static std::string entryTitle(const DiskCache::EntryInfo &entry) {
  if (!entry.valid)
    return "damaged: " + entry.problem;
  constexpr int kShownLines = 2;
  std::istringstream key(entry.key);
  std::string title, line;
  std::getline(key, line);
  for (int i = 0; i < kShownLines && std::getline(key, line); ++i)
    title += (i ? ", " : "") + line;
  return title;
}

CacheResult CacheCommand::list(const DiskCache &cache) const {
  CacheResult result = {"", Json::array()};
  for (const DiskCache::EntryInfo &entry : cache.list()) {
    result.text +=
        fmt::format("{}  {:8} bytes  {}\n", entry.file.filename().native(),
                    entry.sizeBytes, entryTitle(entry));
    result.json.push_back({{"file", entry.file.native()},
                           {"bytes", entry.sizeBytes},
                           {"last_used", entry.lastUsedUnixSeconds},
                           {"valid", entry.valid},
                           {"key", entry.key},
                           {"problem", entry.problem}});
  }
  result.json = {{"dir", cache.directory().native()},
                 {"entries", std::move(result.json)}};
  return result;
}

CacheResult CacheCommand::stats(const DiskCache &cache) const {
  const DiskCache::Stats stats = cache.stats();
  return {fmt::format("{}: {} entries, {} bytes\n", cache.directory().native(),
                      stats.entries, stats.bytes),
          {{"dir", cache.directory().native()},
           {"entries", stats.entries},
           {"bytes", stats.bytes}}};
}

CacheResult CacheCommand::verify(const DiskCache &cache) const {
  CacheResult result;
  int64_t entries = 0;
  Json damaged = Json::array();
  for (const DiskCache::EntryInfo &entry : cache.list()) {
    ++entries;
    if (entry.valid)
      continue;
    result.status = kFailure;
    result.text += fmt::format("{}: {}\n", entry.file.native(), entry.problem);
    damaged.push_back(
        {{"file", entry.file.native()}, {"problem", entry.problem}});
  }
  result.text +=
      fmt::format("{} entries, {} damaged\n", entries, damaged.size());
  result.json = {{"dir", cache.directory().native()},
                 {"entries", entries},
                 {"damaged", std::move(damaged)}};
  return result;
}

CacheResult CacheCommand::removed(const DiskCache::Stats &stats) const {
  return {
      fmt::format("removed {} entries, {} bytes\n", stats.entries, stats.bytes),
      {{"removed_entries", stats.entries}, {"removed_bytes", stats.bytes}}};
}

Expected<CacheResult> CacheCommand::work() const {
  DiskCache::Options options;
  options.directory = common.cacheDirectory;
  if (options.directory.empty())
    options.directory = DiskCache::defaultDirectory();
  if (options.directory.empty())
    return fail(ErrorKind::Environment,
                "there is no cache directory: none of --cache-dir, "
                "ATTNJIT_CACHE_DIR, XDG_CACHE_HOME and HOME is set");
  // Naming the directory neither creates nor judges it.
  if (verb == "path")
    return CacheResult{options.directory.native() + "\n",
                       {{"dir", options.directory.native()}}};
  options.warn = printWarning;
  options.maxBytes = maxBytes;
  Expected<DiskCache> cache = DiskCache::open(std::move(options));
  if (!cache)
    return fail(cache.error());
  if (verb == "list")
    return list(*cache);
  if (verb == "stats")
    return stats(*cache);
  if (verb == "verify")
    return verify(*cache);
  return removed(verb == "prune" ? cache->prune(maxBytes) : cache->clear());
}

Expected<int> CacheCommand::run(const ProcessClock &clock) {
  Trace trace;
  Expected<CacheResult> result = trace.time("cache", [&] { return work(); });
  if (!result)
    return fail(result.error());
  const TimingReport timing = {clock, trace.stages(), {}, clock.sinceExecMs()};
  if (common.timing)
    timing.print();
  if (common.json) {
    if (common.timing)
      result->json["timing"] = timing.json();
    printJson(result->json);
  } else {
    std::fputs(result->text.c_str(), stdout);
  }
  return result->status;
}

std::unique_ptr<Command> tool::makeCacheCommand() {
  return std::make_unique<CacheCommand>();
}
