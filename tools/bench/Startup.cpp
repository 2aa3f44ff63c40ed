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

#include "support/Progress.h"

#include "attnjit/Support/AtomicFile.h"
#include "attnjit/Support/FileDescriptor.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

using namespace attnjit;
using namespace attnjit::bench;

namespace fs = std::filesystem;
using Sense = Target::Sense;

static constexpr const char *kMod = "score = 50.0 * tanh(score / 50.0)\n"
                                    "mask = q >= kv and q - kv < 1024\n";

namespace {

/// A fresh directory that is gone at the end.
class TemporaryDirectory {
public:
  static Expected<TemporaryDirectory> create() {
    std::string path =
        (fs::temp_directory_path() / "attn-jit-bench-XXXXXX").native();
    if (!::mkdtemp(path.data()))
      return fail(ErrorKind::Environment,
                  fmt::format("cannot create `{}`: {}", path,
                              std::generic_category().message(errno)));
    return TemporaryDirectory(path);
  }
  TemporaryDirectory(TemporaryDirectory &&other) noexcept {
    std::swap(directory, other.directory);
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    if (!directory.empty())
      fs::remove_all(directory, ignored);
  }
  const fs::path &path() const { return directory; }

private:
  explicit TemporaryDirectory(fs::path path) : directory(std::move(path)) {}
  fs::path directory;
};

} // namespace

/// What a process writes to standard output; its standard error is dropped.
static Expected<std::string> outputOf(std::vector<std::string> arguments) {
  std::vector<char *> argv;
  for (std::string &argument : arguments)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return fail(ErrorKind::Environment, "cannot make a pipe");
  FileDescriptor readEnd(ends[0]), writeEnd(ends[1]);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, writeEnd.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null",
                                     O_WRONLY, 0);
  pid_t child = 0;
  const int code =
      ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (code != 0)
    return fail(ErrorKind::Environment,
                fmt::format("cannot start `{}`: {}", arguments[0],
                            std::generic_category().message(code)));
  writeEnd = FileDescriptor();
  std::string text;
  char buffer[4096];
  for (ssize_t count; (count = ::read(readEnd.get(), buffer, sizeof(buffer)));)
    if (count > 0)
      text.append(buffer, static_cast<size_t>(count));
    else if (errno != EINTR)
      break;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
    return fail(ErrorKind::Internal,
                fmt::format("`{} {}` failed", arguments[0], arguments[1]));
  return text;
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
  Expected<TemporaryDirectory> directory = TemporaryDirectory::create();
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
