//===- GoldenFile.h - Golden cases on disk ----------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// JSON. Words are hexadecimal, eight digits each, in one list of distinct
// strings that cases refer to by number: many have the same inputs.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_GPU_GOLDENFILE_H
#define ATTNJIT_TEST_GPU_GOLDENFILE_H

#include "GoldenCase.h"

#include "attnjit/Support/Error.h"

namespace attnjit::golden {

struct GoldenFile {
  uint64_t seed = 0; ///< of the random inputs
  std::vector<GoldenCase> cases;
};

std::string toText(const GoldenFile &file);

/// An error names what is no text of the function above.
Expected<GoldenFile> fromText(const std::string &text);

/// An error names the file.
Expected<GoldenFile> readGoldenFile(const std::string &path);

} // namespace attnjit::golden

#endif // ATTNJIT_TEST_GPU_GOLDENFILE_H
