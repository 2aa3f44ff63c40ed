//===- ModChecker.cpp - From statements to the parts of a mod -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Walks over the statements of a file, and says what holds for all of it.
//
//===----------------------------------------------------------------------===//

#include "ModChecker.h"

#include "Token.h"

#include "attnjit/Expr/Visitor.h"
#include "attnjit/Support/Suggest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

using namespace attnjit;

LineColumn attnjit::locate(std::string_view source, size_t offset) {
  std::string_view before = source.substr(0, offset);
  size_t lineStart = before.rfind('\n') + 1; // npos + 1 is 0
  auto isCodePoint = [](char c) { return (c & 0xC0) != 0x80; };
  return {static_cast<size_t>(std::ranges::count(before, '\n')) + 1,
          static_cast<size_t>(
              std::ranges::count_if(before.substr(lineStart), isCodePoint)) +
              1};
}

void ModChecker::checkModName(const Statement &statement) {
  if (file.name.empty()) {
    file.name = statement.name.text;
    return;
  }
  diagnostics.add(DiagnosticKind::DuplicateStatement, statement.span,
                  "the mod has a name already");
}

void ModChecker::setNormalize(Normalize normalize, SourceSpan span) {
  std::optional<Normalize> &current = file.hooks.normalize;
  if (current && *current != normalize) {
    diagnostics.add(DiagnosticKind::NormalizeConflict, span,
                    "the mod is normalized in another way already");
    return;
  }
  current = normalize;
  if (file.hooks.sink && normalize == Normalize::None)
    diagnostics.add(DiagnosticKind::NormalizeConflict, span,
                    "a sink adds to the sum that softmax divides by; without "
                    "softmax it has no meaning");
}

void ModChecker::checkNormalize(const Statement &statement) {
  if (file.hooks.normalize) {
    diagnostics.add(DiagnosticKind::DuplicateStatement, statement.span,
                    "`normalize` is given already");
    return;
  }
  setNormalize(statement.name.text == "none" ? Normalize::None
                                             : Normalize::Softmax,
               statement.span);
}

void ModChecker::declareBroken(const Statement &statement) {
  if (statement.kind == Statement::Kind::Use)
    exprs.silenceUnknownNames();
  if (statement.kind == Statement::Kind::Hook) {
    // What follows would build on a value that is not there.
    if (statement.name.text == "score")
      file.hooks.score = errorExpr();
    if (statement.name.text == "prob")
      file.hooks.prob = errorExpr();
    return;
  }
  for (ConstantOverride &override : overrides)
    if (statement.kind == Statement::Kind::Const &&
        override.name == statement.name.text) {
      override.isDeclared = true;
      override.declaredType = override.value.type;
    }
  bool declaresName = statement.kind != Statement::Kind::Mod &&
                      statement.kind != Statement::Kind::Normalize;
  if (statement.name && declaresName)
    declare(statement.name, {statement.name.span, false, std::monostate()});
}

void ModChecker::check(const Statement &statement) {
  if (statement.isBroken)
    return declareBroken(statement);
  switch (statement.kind) {
  case Statement::Kind::Mod:
    return checkModName(statement);
  case Statement::Kind::Param:
    return checkParam(statement);
  case Statement::Kind::Const:
    return checkConst(statement);
  case Statement::Kind::Buffer:
    return checkBuffer(statement);
  case Statement::Kind::Let:
    return checkLet(statement);
  case Statement::Kind::Def:
    return checkDef(statement);
  case Statement::Kind::Use:
    return checkUse(statement);
  case Statement::Kind::Hook:
    return checkHook(statement);
  case Statement::Kind::Normalize:
    return checkNormalize(statement);
  }
}

CheckedFile ModChecker::run() {
  for (const Statement &statement : tree.statements)
    check(statement);
  const Hooks &hooks = file.hooks;
  file.hooks.size = topologicalOrder(std::array{hooks.score, hooks.mask,
                                                hooks.prob, hooks.sink})
                        .size();
  return std::move(file);
}

void attnjit::reportOverrides(const std::vector<ConstantOverride> &overrides,
                              const std::vector<ConstantInfo> &declared,
                              DiagnosticList &diagnostics) {
  for (const ConstantOverride &override : overrides) {
    if (!override.isDeclared) {
      Suggestion suggestion(override.name);
      for (const ConstantInfo &constant : declared)
        suggestion.offer(constant.name);
      diagnostics.add(
          DiagnosticKind::UnknownConstant, override.span,
          fmt::format("the mod has no const {}", quote(override.name)),
          suggestion.hint());
    } else if (!override.fits) {
      diagnostics.add(
          DiagnosticKind::TypeMismatch, override.span,
          fmt::format("const {} is {}, not {}", quote(override.name),
                      name(override.declaredType), name(override.value.type)));
    }
  }
}

CheckedFile attnjit::checkFile(std::string_view source,
                               std::vector<ConstantOverride> &overrides,
                               ParseContext &context,
                               DiagnosticList &diagnostics) {
  if (!checkFileSize(source, diagnostics))
    return {};
  std::vector<Token> tokens = lex(source, diagnostics);
  SyntaxTree tree = parseSyntax(tokens, diagnostics);
  return ModChecker(source, tree, overrides, context, diagnostics).run();
}
