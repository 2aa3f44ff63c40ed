//===- Main.cpp - Checks and measures attn-jit on a GPU -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// First the tests on the device, then the benchmark beside other
// implementations in the same session; the result is a record for
// docs/benchmarks/gpu. The exit status tells whether the tests passed: a slow
// kernel is a finding, not a failure.
//
//===----------------------------------------------------------------------===//

#include "Benchmark.h"
#include "DeviceTests.h"
#include "Record.h"
#include "TestCases.h"

#include "support/HostInfo.h"
#include "support/TemporaryDirectory.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>

using namespace attnjit;
using namespace attnjit::gpucheck;

namespace fs = std::filesystem;

// ctest and scripts know it as a skip.
static constexpr int kSkipped = 77;

namespace {
struct Options {
  bool testsOnly = false, benchOnly = false;
  std::string out = ".", target = "cuda", tool, peers, commit, filter;
  TestOptions tests;
  BenchOptions bench;
};
} // namespace

/// Half of the cores: each case has two threads. More contexts than a dozen
/// wait for each other on the device.
static int defaultJobs() {
  return std::clamp(tool::readCpuInfo().cores / 2, 1, 12);
}

static void declare(CLI::App &app, Options &options) {
  options.tests.jobs = defaultJobs();
  CLI::Option *testsOnly =
      app.add_flag("--tests-only", options.testsOnly, "Measure nothing");
  app.add_flag("--bench-only", options.benchOnly, "Test nothing")
      ->excludes(testsOnly);
  app.add_option("--out", options.out, "Where the record goes")
      ->type_name("DIR")
      ->check(CLI::ExistingDirectory)
      ->capture_default_str();
  app.add_option("--target", options.target,
                 "What kernels run on; without a GPU, a processor's target "
                 "tries this program itself")
      ->capture_default_str();
  app.add_option("--tool", options.tool,
                 "The attn-jit to run; the one beside this program unless "
                 "given")
      ->type_name("FILE");
  app.add_option("--peers", options.peers,
                 "gpu_peers.py; without it nothing else is measured")
      ->type_name("FILE");
  app.add_option("--commit", options.commit, "What is checked, for the record")
      ->type_name("TEXT");
  app.add_option("--filter", options.filter,
                 "Only cases with this in their name (mod, type, sizes)")
      ->type_name("TEXT");
  app.add_option("--jobs", options.tests.jobs, "Tests at once")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--test-seconds", options.tests.seconds,
                 "Tests that have not begun by then are skipped")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--bench-seconds", options.bench.seconds,
                 "Measurements that have not begun by then are left out")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

static Expected<void> test(const ToolSetup &setup, const Options &options,
                           Record &record) {
  Expected<std::vector<std::string>> library = listLibrary(setup);
  if (!library)
    return fail(library.error());
  std::vector<ToolCase> cases = testCases(*library);
  std::erase_if(cases, [&](const ToolCase &one) {
    return one.name().find(options.filter) == std::string::npos;
  });
  runDeviceTests(setup, cases, options.tests, record);
  for (const std::string &failure : record.failures)
    fmt::print("FAILED {}\n", failure);
  for (const std::string &reason : record.skips)
    fmt::print("[SKIP] {}\n", reason);
  fmt::print("{}\n", record.tests.text());
  std::fflush(stdout);
  return record.write();
}

static Expected<int> check(const Options &options) {
  Expected<tool::TemporaryDirectory> directory =
      tool::TemporaryDirectory::create();
  if (!directory)
    return fail(directory.error());
  ToolSetup setup = {options.tool, directory->path() / "cache", options.target};
  if (setup.tool.empty())
    setup.tool =
        fs::read_symlink("/proc/self/exe").replace_filename("attn-jit");
  Expected<Device> device = findDevice(setup);
  if (!device) {
    if (device.error().kind() != ErrorKind::Unsupported)
      return fail(device.error());
    fmt::print("[SKIP] {}\n", device.error().message());
    return kSkipped;
  }
  fmt::print("{}, {}{}{}\n", device->name, device->sm,
             device->driver.empty() ? "" : ", driver ", device->driver);
  std::fflush(stdout);

  Record record(options.out, *device, options.commit);
  Expected<std::vector<BenchCase>> cases = benchCases(directory->path());
  if (!cases)
    return fail(cases.error());
  std::erase_if(*cases, [&](const BenchCase &one) {
    return one.toolCase.name().find(options.filter) == std::string::npos;
  });
  // What it compiles, it compiles while the tests run.
  Peers peers(options.testsOnly ? "" : options.peers,
              {.cases = directory->path() / "peer-cases.json",
               .log = fs::path(options.out) / "peers.log"},
              *cases);
  Expected<void> ok;
  if (!options.benchOnly)
    ok = test(setup, options, record);
  if (ok && !options.testsOnly)
    ok = runBenchmark(setup, *cases, peers, options.bench, record);
  if (!ok)
    return fail(ok.error());
  record.complete = true;
  if (ok = record.write(); !ok)
    return fail(ok.error());
  fmt::print("record: {}\n", record.file().native());
  return record.tests.failed ? 1 : 0;
}

int main(int argc, char **argv) {
  // A peer that ends while it is written to is no reason to end.
  std::signal(SIGPIPE, SIG_IGN);
  CLI::App app("Checks attn-jit on this machine's GPU and measures it beside "
               "other implementations.",
               "attn-jit-gpu-check");
  Options options;
  try {
    declare(app, options);
    app.parse(argc, argv);
    Expected<int> status = check(options);
    if (status)
      return *status;
    std::fputs(
        fmt::format("attn-jit-gpu-check: error: {}\n", status.error().message())
            .c_str(),
        stderr);
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception &error) {
    std::fputs(
        fmt::format("attn-jit-gpu-check: error: {}\n", error.what()).c_str(),
        stderr);
  }
  return 1;
}
