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
#include <exception>
#include <map>
#include <optional>
#include <thread>

using namespace attnjit;
using namespace attnjit::gpucheck;

namespace fs = std::filesystem;

// What takes this long hangs.
static constexpr double kCaseSeconds = 60, kProgramSeconds = 240;

/// The differential suite is cut into so many parts: what breaks its context
/// costs one, and time ends between two.
static constexpr int kDifferentialParts = 64;

/// Those of its tests that run kernels and judge them by the error bound, or by
/// what is infinite, NaN or dropped. The others have tolerances of their own,
/// for f32 on processors.
static constexpr const char *kDifferentialTests =
    "All/Mods.*:Decode.*:Concurrent.*:NonFinite.*:Dropout.*";

namespace {

/// By what a job is known to pass.
enum class Verdict {
  Status,     ///< its exit status, 0
  Json,       ///< the same, and its output is the tool's JSON, which says so
  GoogleTest, ///< its report; each of its tests counts
};

struct Job {
  std::string name;
  std::string what; ///< "cases": what is said of those that time left out
  tool::CommandLine command;
  Verdict verdict = Verdict::Status;
  double seconds = kCaseSeconds;
  std::vector<std::string> environment = {};
};

struct Outcome {
  Counts counts;
  std::vector<std::string> failures; ///< one line each

  static Outcome failed(const std::string &name, const std::string &why) {
    return {{.failed = 1}, {fmt::format("{}: {}", name, why)}};
  }
};

} // namespace

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

static void add(Counts &sum, const Counts &more) {
  sum.passed += more.passed;
  sum.failed += more.failed;
  sum.skipped += more.skipped;
}

/// What GoogleTest wrote with --gtest_output=json.
static Expected<Outcome> readReport(const fs::path &file,
                                    const std::string &program) {
  constexpr size_t kLimitBytes = 64 << 20;
  Expected<std::string> text = tool::readText(file, kLimitBytes);
  if (!text)
    return fail(text.error());
  const Json report = parseOutput(*text);
  if (!report.contains("testsuites"))
    return fail(ErrorKind::Internal, "its report is no report of GoogleTest");
  Outcome outcome;
  for (const Json &suite : report["testsuites"])
    for (const Json &test : suite.value("testsuite", Json::array())) {
      const std::string name = fmt::format(
          "{} {}.{}", program, suite.value("name", ""), test.value("name", ""));
      if (test.contains("failures")) {
        ++outcome.counts.failed;
        const std::string message =
            test["failures"][0].value("failure", std::string());
        outcome.failures.push_back(fmt::format("{}: {}", name, message));
      } else if (test.value("result", "") == "SKIPPED" ||
                 test.value("status", "") == "NOTRUN") {
        ++outcome.counts.skipped;
      } else {
        ++outcome.counts.passed;
      }
    }
  return outcome;
}

static Outcome runGoogleTest(const Job &job) {
  Expected<tool::TemporaryDirectory> directory =
      tool::TemporaryDirectory::create();
  if (!directory)
    return Outcome::failed(job.name, directory.error().message());
  const fs::path report = directory->path() / "report.json";
  tool::CommandLine command = job.command;
  command.push_back("--gtest_output=json:" + report.native());
  Expected<tool::ProcessResult> result = tool::runProcess(
      command, {.timeoutSeconds = job.seconds, .environment = job.environment});
  if (!result)
    return Outcome::failed(job.name, result.error().message());
  Expected<Outcome> outcome = readReport(report, job.name);
  // A program that breaks down leaves no report, or does so behind it.
  const std::string last = lastLine(result->errors + result->output);
  if (!outcome)
    return Outcome::failed(job.name,
                           fmt::format("{}, {}: {}", result->end.text(),
                                       outcome.error().message(), last));
  if (!result->end.succeeded() && outcome->failures.empty())
    return Outcome::failed(job.name,
                           fmt::format("{}: {}", result->end.text(), last));
  return *outcome;
}

static Outcome runCommand(const Job &job) {
  if (job.verdict == Verdict::GoogleTest)
    return runGoogleTest(job);
  Expected<tool::ProcessResult> result =
      tool::runProcess(job.command, {.timeoutSeconds = job.seconds,
                                     .environment = job.environment});
  if (!result)
    return Outcome::failed(job.name, result.error().message());
  if (!result->end.succeeded()) {
    // Where it was the check that failed, its last line says by how much.
    const std::string why = lastLine(result->errors);
    return Outcome::failed(job.name, fmt::format("{}{}{}", result->end.text(),
                                                 why.empty() ? "" : ": ", why));
  }
  if (job.verdict == Verdict::Json) {
    const Json json = parseOutput(result->output);
    const Json check = json.is_null() ? json : json.value("check", Json());
    if (!check.is_object() || !check.value("ok", false))
      return Outcome::failed(job.name, "nothing was checked: " +
                                           lastLine(result->output));
  }
  return {{.passed = 1}, {}};
}

static Outcome runJob(const Job &job) {
  try {
    return runCommand(job);
  } catch (const std::exception &error) {
    // A report that is JSON, but of another shape.
    return Outcome::failed(job.name, error.what());
  }
}

/// Runs the jobs, `options.jobs` at once, and counts them.
static void runJobs(const std::vector<Job> &jobs, const TestOptions &options,
                    Record &record) {
  const tool::Stopwatch stopwatch;
  tool::Progress progress("tests");
  std::vector<std::optional<Outcome>> outcomes(jobs.size());
  std::atomic<size_t> next = 0, done = 0;
  auto work = [&] {
    for (size_t i; (i = next++) < jobs.size();) {
      if (stopwatch.ms() > options.seconds * 1e3)
        return;
      outcomes[i] = runJob(jobs[i]);
      progress.report(double(++done) / double(jobs.size()));
    }
  };
  std::vector<std::jthread> threads;
  for (int i = 0; i < options.jobs; ++i)
    threads.emplace_back(work);
  threads.clear();

  std::map<std::string, int> late;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const std::optional<Outcome> &outcome = outcomes[i];
    if (!outcome) {
      ++record.tests.skipped;
      ++late[jobs[i].what];
      continue;
    }
    add(record.tests, outcome->counts);
    if (jobs[i].name.starts_with("GoldenInstruction"))
      add(record.goldenInstructions, outcome->counts);
    record.failures.insert(record.failures.end(), outcome->failures.begin(),
                           outcome->failures.end());
  }
  for (const auto &[what, count] : late)
    record.skips.push_back(
        fmt::format("{} {}: {:.0f} s were over", count, what, options.seconds));
}

//===----------------------------------------------------------------------===//
// What is run
//===----------------------------------------------------------------------===//

/// Two threads a case: the reference takes most of its time.
static tool::CommandLine checkCommand(const ToolSetup &setup,
                                      const ToolCase &toolCase) {
  tool::CommandLine command = setup.command("run", toolCase);
  command.insert(command.end(), {"--check", "--threads", "2"});
  return command;
}

/// The programs beside the tool. Where there is no differential suite, `record`
/// says so.
static void addPrograms(const ToolSetup &setup, std::vector<Job> &jobs,
                        Record &record) {
  std::vector<fs::path> programs;
  std::error_code ignored;
  for (const fs::directory_entry &entry :
       fs::directory_iterator(setup.tool.parent_path(), ignored))
    if (const std::string name = entry.path().filename().native();
        name.find("Gpu") != std::string::npos && name.ends_with("Tests"))
      programs.push_back(entry.path());
  std::ranges::sort(programs);
  for (const fs::path &program : programs)
    jobs.push_back({program.filename().native(),
                    "test programs",
                    {program.native()},
                    Verdict::GoogleTest,
                    kProgramSeconds});
  const fs::path suite = setup.tool.parent_path() / "DifferentialTest";
  if (!fs::exists(suite, ignored)) {
    ++record.tests.skipped;
    record.skips.push_back("there is no DifferentialTest beside the tool");
    return;
  }
  for (int part = 0; part < kDifferentialParts; ++part)
    jobs.push_back(
        {fmt::format("DifferentialTest, part {} of {}", part,
                     kDifferentialParts),
         "parts of the differential suite",
         {suite.native(), fmt::format("--gtest_filter={}", kDifferentialTests)},
         Verdict::GoogleTest,
         kProgramSeconds,
         {"ATTNJIT_TEST_TARGET=" + setup.target,
          fmt::format("GTEST_TOTAL_SHARDS={}", kDifferentialParts),
          fmt::format("GTEST_SHARD_INDEX={}", part)}});
}

/// Where compute-sanitizer is not installed, `record` says so.
static void addSanitizer(const ToolSetup &setup, std::vector<Job> &jobs,
                         Record &record) {
  constexpr const char *kProgram = "compute-sanitizer";
  std::optional<std::string> sanitizer = tool::findProgram(kProgram);
  if (const std::string usual = "/usr/local/cuda/bin/compute-sanitizer";
      !sanitizer && fs::exists(usual))
    sanitizer = usual;
  const std::vector<ToolCase> cases = sanitizerCases();
  for (const char *check : {"memcheck", "racecheck"})
    for (const ToolCase &toolCase : cases) {
      if (!sanitizer) {
        ++record.tests.skipped;
        continue;
      }
      Job job = {fmt::format("{} {}", check, toolCase.name()),
                 "cases under compute-sanitizer",
                 {*sanitizer, "--tool", check, "--error-exitcode", "3"}};
      const tool::CommandLine checked = checkCommand(setup, toolCase);
      job.command.insert(job.command.end(), checked.begin(), checked.end());
      jobs.push_back(std::move(job));
    }
  if (!sanitizer)
    record.skips.push_back("compute-sanitizer is not installed");
}

void gpucheck::runDeviceTests(const ToolSetup &setup,
                              const std::vector<ToolCase> &cases,
                              const TestOptions &options, Record &record) {
  std::vector<Job> jobs;
  // Elsewhere there is nothing that they could look at.
  if (setup.target == "cuda") {
    addPrograms(setup, jobs, record);
    addSanitizer(setup, jobs, record);
  }
  for (const ToolCase &toolCase : cases)
    jobs.push_back({toolCase.name(), "cases", checkCommand(setup, toolCase),
                    Verdict::Json});
  runJobs(jobs, options, record);
}
