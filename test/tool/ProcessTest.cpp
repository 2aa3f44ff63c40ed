//===- ProcessTest.cpp - Running other programs ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Process.h"
#include "support/Measure.h"
#include "support/TemporaryDirectory.h"

#include <gmock/gmock.h>

#include <csignal>
#include <fstream>

using namespace attnjit;
using namespace attnjit::tool;
using testing::HasSubstr;

namespace {

ProcessResult shell(const std::string &script, const RunOptions &options = {}) {
  Expected<ProcessResult> result = runProcess({"sh", "-c", script}, options);
  EXPECT_TRUE(result.has_value());
  return result.value_or(ProcessResult());
}

ChildProcess started(const std::string &script) {
  Expected<ChildProcess> child =
      ChildProcess::start({"sh", "-c", script}, ChildProcess::Errors::Drop, {});
  EXPECT_TRUE(child.has_value());
  return std::move(*child);
}

} // namespace

TEST(Process, GivesOutputsAndStatus) {
  ProcessResult result = shell("echo out; echo err >&2; exit 3");
  EXPECT_EQ(result.output, "out\n");
  EXPECT_EQ(result.errors, "err\n");
  EXPECT_FALSE(result.end.succeeded());
  EXPECT_EQ(result.end.text(), "exit status 3");
  EXPECT_TRUE(shell("true").end.succeeded());
}

TEST(Process, SignalIsAResult) {
  ProcessResult result = shell("kill -SEGV $$");
  EXPECT_FALSE(result.end.succeeded());
  EXPECT_EQ(result.end.text(), "signal 11");
}

TEST(Process, HangIsAResult) {
  Stopwatch stopwatch;
  ProcessResult result = shell("echo begun; exec sleep 600",
                               {.timeoutSeconds = 0.5, .environment = {}});
  EXPECT_TRUE(result.end.timedOut);
  EXPECT_EQ(result.output, "begun\n");
  EXPECT_LT(stopwatch.ms(), 60e3);
}

// A pipe holds 64 KB: who reads one to its end first waits for ever.
TEST(Process, BothOutputsMayBeLong) {
  ProcessResult result =
      shell("head -c 1000000 /dev/zero >&2; head -c 1000000 /dev/zero");
  EXPECT_EQ(result.output.size(), 1000000u);
  EXPECT_EQ(result.errors.size(), 1000000u);
}

TEST(Process, MissingProgramIsAnError) {
  Expected<ProcessResult> result = runProcess({"/missing/program"});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().kind(), ErrorKind::Environment);
  EXPECT_THAT(result.error().message(), HasSubstr("/missing/program"));
}

TEST(Process, EnvironmentIsAddedTo) {
  ::setenv("ATTNJIT_PROCESS_TEST", "old", 1);
  ProcessResult result =
      shell("echo $ATTNJIT_PROCESS_TEST $ATTNJIT_PROCESS_TEST_2; test -n $PATH",
            {.timeoutSeconds = 60,
             .environment = {"ATTNJIT_PROCESS_TEST=new",
                             "ATTNJIT_PROCESS_TEST_2=more"}});
  EXPECT_EQ(result.output, "new more\n");
  EXPECT_TRUE(result.end.succeeded());
}

TEST(Process, TalksLineByLine) {
  ChildProcess child =
      started("while read -r line; do echo \"<$line>\"; echo; done");
  for (const char *line : {"a", "b c"}) {
    ASSERT_TRUE(child.writeLine(line).has_value());
    Expected<std::string> answer = child.readLine(60);
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(*answer, "<" + std::string(line) + ">");
    EXPECT_EQ(child.readLine(60).value_or("?"), "");
  }
  child.closeInput();
  Expected<std::string> end = child.readLine(60);
  ASSERT_FALSE(end.has_value());
  EXPECT_THAT(end.error().message(), HasSubstr("ended"));
}

TEST(Process, SilenceIsAnError) {
  ChildProcess child = started("exec sleep 600");
  Expected<std::string> answer = child.readLine(0.1);
  ASSERT_FALSE(answer.has_value());
  EXPECT_THAT(answer.error().message(), HasSubstr("no answer"));
  // The child does not outlive this.
}

TEST(Process, WritingToTheDeadIsAnError) {
  std::signal(SIGPIPE, SIG_IGN);
  ChildProcess child = started("exit 0");
  EXPECT_FALSE(child.readLine(60).has_value());
  // Of a process's files one is closed after the other.
  Stopwatch stopwatch;
  bool failed = false;
  while (!failed && stopwatch.ms() < 60e3)
    failed = !child.writeLine("are you there");
  EXPECT_TRUE(failed);
}

TEST(Process, CommandsAreQuotedForTheShell) {
  const CommandLine command = {
      "printf", "%s|", "plain-1.0=x", "two words", "it's", "$HOME", ""};
  EXPECT_EQ(shell(shellText(command)).output,
            "plain-1.0=x|two words|it's|$HOME||");
  EXPECT_EQ(shellText({"a", "b=c"}), "a b=c");
}

TEST(Process, FindsProgramsInThePath) {
  EXPECT_TRUE(findProgram("sh").has_value());
  EXPECT_FALSE(findProgram("attn-jit-no-such-program").has_value());
}

TEST(TemporaryDirectory, IsGoneAtTheEnd) {
  std::filesystem::path path;
  {
    Expected<TemporaryDirectory> directory = TemporaryDirectory::create();
    ASSERT_TRUE(directory.has_value());
    path = directory->path();
    std::ofstream(path / "file") << "contents";
    TemporaryDirectory moved = std::move(*directory);
    EXPECT_TRUE(std::filesystem::exists(path / "file"));
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}
