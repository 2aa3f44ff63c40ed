//===- Process.cpp - Running other programs -------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Process.h"

#include "support/Measure.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

using namespace attnjit;
using namespace attnjit::tool;

std::string ProcessEnd::text() const {
  if (timedOut)
    return "no end after its time";
  return signal ? fmt::format("signal {}", signal)
                : fmt::format("exit status {}", status);
}

static tl::unexpected<Error> systemError(std::string_view what, int code) {
  return fail(
      ErrorKind::Environment,
      fmt::format("{}: {}", what, std::generic_category().message(code)));
}

//===----------------------------------------------------------------------===//
// Starting
//===----------------------------------------------------------------------===//

namespace {

/// Both ends of a pipe that children do not inherit.
struct Pipe {
  FileDescriptor read, write;

  static Expected<Pipe> create() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
      return systemError("cannot make a pipe", errno);
    return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
  }
};

/// What posix_spawn is told, freed at the end.
class SpawnSettings {
public:
  SpawnSettings() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    // What this process ignores, its children do not.
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  }
  SpawnSettings(const SpawnSettings &) = delete;
  SpawnSettings &operator=(const SpawnSettings &) = delete;
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }

  void redirect(int from, int to) {
    ::posix_spawn_file_actions_adddup2(&actions, from, to);
  }
  void drop(int descriptor) {
    ::posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null",
                                       O_WRONLY, 0);
  }

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
};

} // namespace

/// Pointers to the texts, ending with null, as exec takes them.
static std::vector<char *> pointers(std::vector<std::string> &texts) {
  std::vector<char *> result;
  for (std::string &text : texts)
    result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// This process's environment with the values of `added`.
static std::vector<std::string>
mergedEnvironment(const std::vector<std::string> &added) {
  auto nameOf = [](std::string_view entry) {
    return entry.substr(0, entry.find('='));
  };
  std::vector<std::string> merged = added;
  for (char **entry = environ; *entry; ++entry)
    if (std::ranges::none_of(added, [&](const std::string &other) {
          return nameOf(other) == nameOf(*entry);
        }))
      merged.emplace_back(*entry);
  return merged;
}

Expected<ChildProcess>
ChildProcess::start(const CommandLine &command, Errors errors,
                    const std::vector<std::string> &environment) {
  Expected<Pipe> in = Pipe::create(), out = Pipe::create(),
                 err = Pipe::create();
  for (const Expected<Pipe> *pipe : {&in, &out, &err})
    if (!*pipe)
      return fail(pipe->error());
  SpawnSettings settings;
  settings.redirect(in->read.get(), STDIN_FILENO);
  settings.redirect(out->write.get(), STDOUT_FILENO);
  if (errors == Errors::Pipe)
    settings.redirect(err->write.get(), STDERR_FILENO);
  else
    settings.drop(STDERR_FILENO);
  std::vector<std::string> arguments = command;
  std::vector<std::string> variables = mergedEnvironment(environment);
  ChildProcess child;
  const int code = ::posix_spawnp(
      &child.pid, arguments[0].c_str(), &settings.actions, &settings.attributes,
      pointers(arguments).data(), pointers(variables).data());
  if (code != 0) {
    child.pid = 0;
    return systemError(fmt::format("cannot start `{}`", command[0]), code);
  }
  child.input = std::move(in->write);
  child.output = std::move(out->read);
  if (errors == Errors::Pipe)
    child.errors = std::move(err->read);
  return child;
}

ChildProcess::ChildProcess(ChildProcess &&other) noexcept
    : pid(std::exchange(other.pid, 0)), input(std::move(other.input)),
      output(std::move(other.output)), errors(std::move(other.errors)),
      unread(std::move(other.unread)) {}

ChildProcess::~ChildProcess() {
  if (!pid)
    return;
  ::kill(pid, SIGKILL);
  wait();
}

ProcessEnd ChildProcess::wait() {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  pid = 0;
  ProcessEnd end;
  if (WIFSIGNALED(status))
    end.signal = WTERMSIG(status);
  else
    end.status = WEXITSTATUS(status);
  return end;
}

//===----------------------------------------------------------------------===//
// Talking
//===----------------------------------------------------------------------===//

Expected<void> ChildProcess::writeLine(std::string_view text) {
  const std::string line = std::string(text) + "\n";
  for (size_t written = 0; written < line.size();) {
    const ssize_t count =
        ::write(input.get(), line.data() + written, line.size() - written);
    if (count < 0 && errno != EINTR)
      return systemError("cannot write to the process", errno);
    if (count > 0)
      written += static_cast<size_t>(count);
  }
  return {};
}

/// Reads what is there; nothing at the end of the file.
static std::string readSome(int descriptor) {
  char buffer[4096];
  while (true) {
    const ssize_t count = ::read(descriptor, buffer, sizeof(buffer));
    if (count < 0 && errno == EINTR)
      continue;
    return std::string(buffer, count > 0 ? static_cast<size_t>(count) : 0);
  }
}

/// Milliseconds until `seconds` (0: no end) have passed on the stopwatch, as
/// poll takes them.
static int leftMs(const Stopwatch &stopwatch, double seconds) {
  if (seconds == 0)
    return -1;
  return static_cast<int>(std::clamp(seconds * 1e3 - stopwatch.ms(), 0.0, 1e9));
}

Expected<std::string> ChildProcess::readLine(double seconds) {
  const Stopwatch stopwatch;
  while (true) {
    if (const size_t end = unread.find('\n'); end != std::string::npos) {
      std::string line = unread.substr(0, end);
      unread.erase(0, end + 1);
      return line;
    }
    pollfd wanted = {output.get(), POLLIN, 0};
    const int ready = ::poll(&wanted, 1, leftMs(stopwatch, seconds));
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0)
      return fail(ErrorKind::Environment,
                  fmt::format("no answer within {:.0f} s", seconds));
    std::string more = readSome(output.get());
    if (more.empty())
      return fail(ErrorKind::Environment, "the process ended");
    unread += more;
  }
}

ProcessEnd ChildProcess::finish(double seconds, std::string &outputText,
                                std::string &errorText) {
  closeInput();
  outputText = std::exchange(unread, {});
  errorText.clear();
  const Stopwatch stopwatch;
  // poll leaves out negative descriptors.
  std::array<pollfd, 2> wanted = {pollfd{output.get(), POLLIN, 0},
                                  pollfd{errors.get(), POLLIN, 0}};
  std::array<std::string *, 2> texts = {&outputText, &errorText};
  bool timedOut = false;
  while (wanted[0].fd >= 0 || wanted[1].fd >= 0) {
    const int ready =
        ::poll(wanted.data(), wanted.size(), leftMs(stopwatch, seconds));
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0) {
      timedOut = true;
      ::kill(pid, SIGKILL);
      break;
    }
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (wanted[i].fd < 0 || !wanted[i].revents)
        continue;
      const std::string more = readSome(wanted[i].fd);
      *texts[i] += more;
      if (more.empty())
        wanted[i].fd = -1;
    }
  }
  ProcessEnd end = wait();
  end.timedOut = timedOut;
  return end;
}

//===----------------------------------------------------------------------===//
// Running to the end
//===----------------------------------------------------------------------===//

Expected<ProcessResult> tool::runProcess(const CommandLine &command,
                                         const RunOptions &options) {
  Expected<ChildProcess> child = ChildProcess::start(
      command, ChildProcess::Errors::Pipe, options.environment);
  if (!child)
    return fail(child.error());
  ProcessResult result;
  result.end =
      child->finish(options.timeoutSeconds, result.output, result.errors);
  return result;
}

std::string tool::shellText(const CommandLine &command) {
  std::string text;
  for (const std::string &word : command) {
    const bool plain =
        !word.empty() && word.find_first_not_of(
                             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVW"
                             "XYZ0123456789_-+=,./:@") == std::string::npos;
    std::string quoted = "'";
    for (const char c : word)
      quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    text += (text.empty() ? "" : " ") + (plain ? word : quoted + "'");
  }
  return text;
}

std::optional<std::string> tool::findProgram(std::string_view name) {
  const char *path = std::getenv("PATH");
  std::string_view rest = path ? path : "";
  while (!rest.empty()) {
    const size_t end = rest.find(':');
    const std::string file = fmt::format("{}/{}", rest.substr(0, end), name);
    if (::access(file.c_str(), X_OK) == 0)
      return file;
    rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
  }
  return std::nullopt;
}
