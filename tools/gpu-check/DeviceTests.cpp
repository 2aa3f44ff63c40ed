//===- DeviceTests.cpp - The tests of a device ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "DeviceTests.h"

#include "TestCases.h"

#include "support/Measure.h"
#include "support/Progress.h"
#include "support/ReadFile.h"
#include "support/TemporaryDirectory.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <span>
#include <thread>

using namespace attnjit;
using namespace attnjit::gpucheck;

namespace fs = std::filesystem;

// A case takes about a second; what takes this long hangs.
static constexpr double kCaseSeconds = 60;

namespace {

/// A command that passes by exit status 0.
struct Job {
  std::string name;
  tool::CommandLine command;
  /// Whether its output is the tool's JSON alone, which must say so, too.
  bool givesJson = false;
};

/// Why a job failed; empty where it passed.
using Failure = std::string;

} // namespace

static Failure runJob(const Job &job) {
  Expected<tool::ProcessResult> result =
      tool::runProcess(job.command, {.timeoutSeconds = kCaseSeconds});
  if (!result)
    return result.error().message();
  if (result->end.succeeded()) {
    const Json json = parseOutput(result->output);
    const Json check = json.is_null() ? json : json.value("check", Json());
    return !job.givesJson || (check.is_object() && check.value("ok", false))
               ? Failure()
               : "nothing was checked: " + lastLine(result->output);
  }
  // Where it was the check that failed, its last line says by how much.
  std::string why = lastLine(result->errors);
  return fmt::format("{}{}{}", result->end.text(), why.empty() ? "" : ": ",
                     why);
}

/// Runs the jobs, `options.jobs` at once, and counts them.
static void runJobs(std::span<const Job> jobs, const TestOptions &options,
                    const std::string &what, Record &record) {
  const tool::Stopwatch stopwatch;
  tool::Progress progress(what);
  std::vector<std::optional<Failure>> failures(jobs.size());
  std::atomic<size_t> next = 0, done = 0;
  auto work = [&] {
    for (size_t i; (i = next++) < jobs.size();) {
      if (stopwatch.ms() > options.seconds * 1e3)
        return;
      failures[i] = runJob(jobs[i]);
      progress.report(double(++done) / double(jobs.size()));
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < options.jobs; ++i)
    threads.emplace_back(work);
  threads.clear();

  int late = 0;
  for (size_t i = 0; i < jobs.size(); ++i)
    if (!failures[i]) {
      ++late;
    } else if (failures[i]->empty()) {
      ++record.tests.passed;
    } else {
      ++record.tests.failed;
      record.failures.push_back(
          fmt::format("{}: {}", jobs[i].name, *failures[i]));
    }
  if (late) {
    record.tests.skipped += late;
    record.skips.push_back(fmt::format("{} of {}: {:.0f} s were over", late,
                                       what, options.seconds));
  }
}

/// Two threads a case: the reference takes most of its time.
static tool::CommandLine checkCommand(const ToolSetup &setup,
                                      const ToolCase &toolCase) {
  tool::CommandLine command = setup.command("run", toolCase);
  command.insert(command.end(), {"--check", "--threads", "2"});
  return command;
}

void gpucheck::runCases(const ToolSetup &setup,
                        const std::vector<ToolCase> &cases,
                        const TestOptions &options, Record &record) {
  std::vector<Job> jobs;
  for (const ToolCase &toolCase : cases)
    jobs.push_back({toolCase.name(), checkCommand(setup, toolCase), true});
  runJobs(jobs, options, "cases", record);
}

//===----------------------------------------------------------------------===//
// Test programs
//===----------------------------------------------------------------------===//

/// Adds what GoogleTest wrote with --gtest_output=json.
static Expected<Counts> readReport(const fs::path &file,
                                   const std::string &program, Record &record) {
  constexpr size_t kLimitBytes = 64 << 20;
  Expected<std::string> text = tool::readText(file, kLimitBytes);
  if (!text)
    return fail(text.error());
  const Json report = parseOutput(*text);
  if (!report.contains("testsuites"))
    return fail(ErrorKind::Internal, "its report is no report of GoogleTest");
  Counts counts;
  for (const Json &suite : report["testsuites"])
    for (const Json &test : suite.value("testsuite", Json::array())) {
      const std::string name = fmt::format(
          "{} {}.{}", program, suite.value("name", ""), test.value("name", ""));
      if (test.contains("failures")) {
        ++counts.failed;
        const std::string message =
            test["failures"][0].value("failure", std::string());
        record.failures.push_back(fmt::format("{}: {}", name, message));
      } else if (test.value("result", "") == "SKIPPED" ||
                 test.value("status", "") == "NOTRUN") {
        ++counts.skipped;
      } else {
        ++counts.passed;
      }
    }
  return counts;
}

static Expected<Counts> runProgram(const fs::path &program, double seconds,
                                   Record &record) {
  Expected<tool::TemporaryDirectory> directory =
      tool::TemporaryDirectory::create();
  if (!directory)
    return fail(directory.error());
  const fs::path report = directory->path() / "report.json";
  Expected<tool::ProcessResult> result = tool::runProcess(
      {program.native(), "--gtest_output=json:" + report.native()},
      {.timeoutSeconds = seconds});
  if (!result)
    return fail(result.error());
  Expected<Counts> counts =
      readReport(report, program.filename().native(), record);
  // A program that breaks down leaves no report.
  if (!counts)
    return fail(ErrorKind::Internal,
                fmt::format("{}, {}: {}", result->end.text(),
                            counts.error().message(),
                            lastLine(result->errors + result->output)));
  return counts;
}

static void add(Counts &sum, const Counts &more) {
  sum.passed += more.passed;
  sum.failed += more.failed;
  sum.skipped += more.skipped;
}

void gpucheck::runTestPrograms(const ToolSetup &setup,
                               const TestOptions &options, Record &record) {
  std::vector<fs::path> programs;
  std::error_code ignored;
  for (const fs::directory_entry &entry :
       fs::directory_iterator(setup.tool.parent_path(), ignored))
    if (const std::string name = entry.path().filename().native();
        name.find("Gpu") != std::string::npos && name.ends_with("Tests"))
      programs.push_back(entry.path());
  std::ranges::sort(programs);
  for (const fs::path &program : programs) {
    const std::string name = program.filename().native();
    Expected<Counts> counts = runProgram(program, options.seconds, record);
    if (!counts) {
      record.failures.push_back(
          fmt::format("{}: {}", name, counts.error().message()));
      counts = Counts{.failed = 1};
    }
    add(record.tests, *counts);
    if (name.starts_with("GoldenInstruction"))
      add(record.goldenInstructions, *counts);
  }
}

//===----------------------------------------------------------------------===//
// compute-sanitizer
//===----------------------------------------------------------------------===//

void gpucheck::runSanitizer(const ToolSetup &setup, const TestOptions &options,
                            Record &record) {
  constexpr const char *kProgram = "compute-sanitizer";
  std::optional<std::string> sanitizer = tool::findProgram(kProgram);
  if (const std::string usual = "/usr/local/cuda/bin/compute-sanitizer";
      !sanitizer && fs::exists(usual))
    sanitizer = usual;
  std::vector<Job> jobs;
  for (const char *check : {"memcheck", "racecheck"})
    for (const ToolCase &toolCase : sanitizerCases()) {
      Job job = {fmt::format("{} {}", check, toolCase.name()),
                 {sanitizer.value_or(kProgram), "--tool", check,
                  "--error-exitcode", "3"}};
      const tool::CommandLine checked = checkCommand(setup, toolCase);
      job.command.insert(job.command.end(), checked.begin(), checked.end());
      jobs.push_back(std::move(job));
    }
  if (!sanitizer) {
    record.tests.skipped += static_cast<int>(jobs.size());
    record.skips.push_back("compute-sanitizer is not installed");
    return;
  }
  runJobs(jobs, options, "cases under compute-sanitizer", record);
}
