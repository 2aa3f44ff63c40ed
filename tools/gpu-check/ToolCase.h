//===- ToolCase.h - A run of the tool -------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A mod of the library at a shape, as `attn-jit run` and `bench` take it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_GPUCHECK_TOOLCASE_H
#define ATTNJIT_TOOLS_GPUCHECK_TOOLCASE_H

#include "support/Process.h"
#include "support/Shape.h"

#include "attnjit/Support/DType.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace attnjit::gpucheck {

using Json = nlohmann::ordered_json;
using tool::Shape;

/// What is run, on which target, is said by options of the whole check.
struct ToolCase {
  std::string mod;
  Shape shape;
  DType dtype = DType::BF16;
  /// Further options: --set, --q-offset and the like.
  std::vector<std::string> options = {};

  /// "causal bf16 B=1,Hq=4,...", and the options.
  std::string name() const;
  /// Behind `attn-jit VERB`.
  std::vector<std::string> arguments() const;
};

/// The sizes under their names.
Json shapeJson(const Shape &shape);

/// How the tool is called.
struct ToolSetup {
  std::filesystem::path tool;  ///< the binary attn-jit
  std::filesystem::path cache; ///< its --cache-dir
  std::string target;          ///< its --target

  /// `attn-jit VERB MOD --shape ... --target ... --json ...`.
  tool::CommandLine command(std::string_view verb,
                            const ToolCase &toolCase) const;
};

/// What the tool prints with --json; null where that is no object.
Json parseOutput(const std::string &output);

/// The last line that says something, for messages.
std::string lastLine(const std::string &text);

} // namespace attnjit::gpucheck

#endif // ATTNJIT_TOOLS_GPUCHECK_TOOLCASE_H
