//===- Record.cpp - What a check leaves behind ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Record.h"

#include "attnjit/Support/AtomicFile.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cctype>
#include <ctime>

using namespace attnjit;
using namespace attnjit::gpucheck;

std::string Counts::text() const {
  return fmt::format("{} passed, {} failed, {} skipped", passed, failed,
                     skipped);
}

/// A device's name as part of a file's: letters, digits and hyphens.
static std::string fileName(const std::string &name) {
  std::string result;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)))
      result += c;
    else if (!result.empty() && result.back() != '-')
      result += '-';
  return result;
}

Record::Record(const std::filesystem::path &directory, const Device &device,
               const std::string &commit)
    : commit(commit), device(device) {
  const std::tm now = fmt::gmtime(std::time(nullptr));
  date = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", now);
  path = directory /
         fmt::format("{}-{}.json", date.substr(0, 10), fileName(device.name));
}

Expected<void> Record::write() const {
  const Json record = {{"device", device.name},
                       {"sm", device.sm},
                       {"driver", device.driver},
                       {"commit", commit},
                       {"date", date},
                       {"complete", complete},
                       {"tests",
                        {{"passed", tests.passed},
                         {"failed", tests.failed},
                         {"skipped", tests.skipped}}},
                       {"failures", failures},
                       {"skips", skips},
                       {"golden_instructions",
                        {{"passed", goldenInstructions.passed},
                         {"failed", goldenInstructions.failed}}},
                       {"bench", bench},
                       {"peers", peers}};
  return writeFileAtomically(
      path, record.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}
