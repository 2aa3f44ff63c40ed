//===- Process.h - Running other programs ---------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A program is started and waited for, at most for a given time; or it is
// started and talked to, a line at a time. What it does to itself (a signal, a
// hang) is a result here.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_PROCESS_H
#define ATTNJIT_TOOLS_SUPPORT_PROCESS_H

#include "attnjit/Support/Error.h"
#include "attnjit/Support/FileDescriptor.h"

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attnjit::tool {

/// A program with its arguments; one without a slash is looked for in PATH.
using CommandLine = std::vector<std::string>;

/// How a program ended.
struct ProcessEnd {
  int status = 0; ///< exit status, where no signal ended it
  int signal = 0; ///< 0: none
  bool timedOut = false;

  bool succeeded() const { return status == 0 && signal == 0 && !timedOut; }
  /// "exit status 1", "signal 11", "no end after its time".
  std::string text() const;
};

/// A child process with pipes to its standard input and from its standard
/// output. It is killed and waited for when this goes out of scope. Movable.
class ChildProcess {
public:
  /// Where the standard error of a child goes.
  enum class Errors { Drop, Pipe };

  /// `environment` holds NAME=VALUE, added to this process's own. An Error of
  /// kind Environment where the program cannot be started. Programs that end
  /// while they are written to raise SIGPIPE, which the caller has to ignore.
  static Expected<ChildProcess>
  start(const CommandLine &command, Errors errors,
        const std::vector<std::string> &environment = {});

  ChildProcess(ChildProcess &&other) noexcept;
  ChildProcess &operator=(ChildProcess &&) = delete;
  ~ChildProcess();

  /// Writes a line, whole or not at all as far as the child reads it.
  Expected<void> writeLine(std::string_view text);
  void closeInput() { input = FileDescriptor(); }

  /// The next line of standard output, without its end; an Error where the
  /// child closes it or lets `seconds` pass.
  Expected<std::string> readLine(double seconds);

  /// Reads all that comes until the child closes its outputs, and waits for
  /// its end; kills it after `seconds` (0: never).
  ProcessEnd finish(double seconds, std::string &output, std::string &errors);

private:
  ChildProcess() = default;
  ProcessEnd wait();

  pid_t pid = 0; ///< 0: none, or waited for
  FileDescriptor input, output, errors;
  std::string unread; ///< of standard output, behind the last line
};

/// What a finished program left.
struct ProcessResult {
  ProcessEnd end;
  std::string output, errors;
};

struct RunOptions {
  double timeoutSeconds = 0; ///< 0: none
  std::vector<std::string> environment = {};
};

/// Runs a program to its end, without input.
Expected<ProcessResult> runProcess(const CommandLine &command,
                                   const RunOptions &options = {});

/// The command as one types it into a shell.
std::string shellText(const CommandLine &command);

/// The file of a program in PATH; none where there is none.
std::optional<std::string> findProgram(std::string_view name);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_PROCESS_H
