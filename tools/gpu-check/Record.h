//===- Record.h - What a check leaves behind ------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The JSON file of docs/benchmarks/gpu, written anew after each step, so that
// what ends a check early loses nothing of what it found.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_GPUCHECK_RECORD_H
#define ATTNJIT_TOOLS_GPUCHECK_RECORD_H

#include "Device.h"
#include "ToolCase.h"

#include <filesystem>
#include <string>

namespace attnjit::gpucheck {

/// How many tests ended how.
struct Counts {
  int passed = 0, failed = 0, skipped = 0;

  /// "3 passed, 1 failed, 2 skipped".
  std::string text() const;
};

class Record {
public:
  /// Of a check that begins now: `directory`/DATE-DEVICE.json.
  Record(const std::filesystem::path &directory, const Device &device,
         const std::string &commit);

  Counts tests;              ///< all of them
  Counts goldenInstructions; ///< those of single instructions, also in `tests`
  std::vector<std::string> failures; ///< one line each
  std::vector<std::string> skips;    ///< why tests were left out
  Json bench = Json::array();
  Json peers;            ///< what measured the others, and how long it took
  bool complete = false; ///< whether the check came to its end

  const std::filesystem::path &file() const { return path; }
  /// Replaces the file.
  Expected<void> write() const;

private:
  std::filesystem::path path;
  std::string date, commit;
  Device device;
};

} // namespace attnjit::gpucheck

#endif // ATTNJIT_TOOLS_GPUCHECK_RECORD_H
