//===- Parser.cpp - From .mod text to a ModProgram ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the text of one file; gives the mod that it describes, or all that is
// wrong with it.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Text/Parser.h"

#include "ModChecker.h"

#include <utility>

using namespace attnjit;

static Expected<ModProgram> makeProgram(CheckedFile file) {
  ModParts parts;
  parts.name = std::move(file.name);
  parts.score = file.hooks.score;
  parts.mask = file.hooks.mask;
  parts.prob = file.hooks.prob;
  parts.sink = file.hooks.sink;
  parts.normalize = file.hooks.normalize.value_or(Normalize::Softmax);
  parts.params = std::move(file.params);
  parts.buffers = std::move(file.buffers);
  return ModProgram::create(std::move(parts));
}

ParseResult attnjit::parseMod(std::string_view source,
                              const ParseOptions &options) {
  ParseContext context{options, {}};
  DiagnosticList diagnostics;
  std::vector<ConstantOverride> overrides;
  for (const auto &[name, value] : options.constants)
    overrides.push_back({name, value, {0, 0}});

  CheckedFile file = checkFile(source, overrides, context, diagnostics);
  reportOverrides(overrides, file.constants, diagnostics);

  ParseResult result;
  result.constants = std::move(file.constants);
  if (diagnostics.empty()) {
    SourceSpan lastHook = file.lastHook;
    Expected<ModProgram> program = makeProgram(std::move(file));
    if (program)
      result.program = std::move(*program);
    else
      diagnostics.add(DiagnosticKind::InvalidProgram, lastHook,
                      program.error().message());
  }
  result.diagnostics = diagnostics.take();
  return result;
}
