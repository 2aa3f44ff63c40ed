//===- HookChecker.cpp - Checking hooks and used mods ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of ModChecker for what changes the hooks: `score = ...` and the
// like, and `use`, which brings those of another mod.
//
//===----------------------------------------------------------------------===//

#include "ModChecker.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

using namespace attnjit;

static constexpr uint32_t bit(Var var) {
  return 1u << static_cast<unsigned>(var);
}
static constexpr uint32_t kRowVars =
    bit(Var::B) | bit(Var::H) | bit(Var::Q) | bit(Var::QLocal);
static constexpr uint32_t kPositions =
    kRowVars | bit(Var::Kv) | bit(Var::KvLocal) | bit(Var::KvH);

//===----------------------------------------------------------------------===//
// Hooks
//===----------------------------------------------------------------------===//

void ModChecker::setSink(const Expr &sink, SourceSpan span) {
  if (file.hooks.sink) {
    diagnostics.add(DiagnosticKind::DuplicateStatement, span,
                    "the mod has a sink already",
                    "two sinks `x` and `y` are one sink "
                    "`log(exp(x) + exp(y))`");
    return;
  }
  file.hooks.sink = sink;
  if (file.hooks.normalize == Normalize::None)
    diagnostics.add(DiagnosticKind::NormalizeConflict, span,
                    "a sink adds to the sum that softmax divides by; without "
                    "softmax it has no meaning");
}

void ModChecker::checkHook(const Statement &statement) {
  std::string_view hook = statement.name.text;
  SourceSpan span = tree[statement.value].span;
  Hooks &hooks = file.hooks;
  file.lastHook = statement.span;
  auto checkAs = [&](std::string_view what, uint32_t allowed, Type type,
                     std::string_view subject) {
    Expr value = exprs.check(statement.value, {what, allowed});
    return exprs.convert(value, type, span, subject);
  };
  if (hook == "score") {
    hooks.score = checkAs("a score mod", kPositions | bit(Var::Score),
                          Type::F32, "`score`");
  } else if (hook == "prob") {
    hooks.prob =
        checkAs("a prob mod", kPositions | bit(Var::Prob), Type::F32, "`prob`");
  } else if (hook == "mask") {
    Expr mask = checkAs("a mask", kPositions, Type::Bool, "`mask`");
    hooks.mask =
        hooks.mask ? exprs.make(Op::And, {hooks.mask, mask}, span) : mask;
  } else {
    setSink(checkAs("a sink", kRowVars, Type::F32, "`sink`"), statement.span);
  }
}

//===----------------------------------------------------------------------===//
// Finding used mods
//===----------------------------------------------------------------------===//

/// Why a path may not be followed, or an empty text. A mod may come from
/// anywhere; it must not make the compiler read what lies elsewhere.
static std::string_view findPathProblem(std::string_view path) {
  if (path.empty())
    return "the path is empty";
  if (path.find('\\') != std::string_view::npos)
    return "directories of a path are parted by `/`";
  if (path.starts_with('/') || path.find(':') != std::string_view::npos)
    return "the path is absolute";
  for (size_t begin = 0; begin <= path.size();) {
    size_t end = std::min(path.find('/', begin), path.size());
    if (path.substr(begin, end - begin) == "..")
      return "the path leaves the directory of the mod";
    begin = end + 1;
  }
  return {};
}

std::optional<ResolvedMod> ModChecker::resolve(const Statement &statement) {
  const Identifier &used = statement.used;
  std::string_view problem =
      statement.usesPath ? findPathProblem(used.text) : std::string_view();
  if (!problem.empty()) {
    diagnostics.add(DiagnosticKind::UsePathRefused, used.span,
                    std::string(problem),
                    "write a path to a file beside this one, or below it");
    return std::nullopt;
  }
  bool isTooDeep = context.openFiles.size() >= kMaxUseDepth;
  if (isTooDeep || context.usesLeft == 0) {
    diagnostics.add(
        DiagnosticKind::UseTooDeep, used.span,
        isTooDeep ? fmt::format("mods use each other deeper than {} files",
                                kMaxUseDepth)
                  : fmt::format("more than {} mods are used in all", kMaxUses));
    return std::nullopt;
  }
  --context.usesLeft;
  if (!context.options.resolve) {
    diagnostics.add(DiagnosticKind::UseNotFound, used.span,
                    "no other mods are at hand here");
    return std::nullopt;
  }
  Expected<ResolvedMod> found =
      context.options.resolve(used.text, statement.usesPath);
  if (!found) {
    diagnostics.add(DiagnosticKind::UseNotFound, used.span,
                    fmt::format("{} cannot be used: {}", quote(used.text),
                                found.error().message()));
    return std::nullopt;
  }
  auto open = std::ranges::find(context.openFiles, found->fileName);
  if (open != context.openFiles.end()) {
    std::string chain;
    for (; open != context.openFiles.end(); ++open)
      chain += *open + " -> ";
    diagnostics.add(
        DiagnosticKind::UseCycle, used.span,
        fmt::format("the mod uses itself: {}{}", chain, found->fileName));
    return std::nullopt;
  }
  return std::move(*found);
}

std::optional<CheckedFile> ModChecker::checkUsed(const Statement &statement,
                                                 const ResolvedMod &resolved) {
  std::vector<ConstantOverride> values;
  bool isRight = true;
  for (const SyntaxArgument &given : statement.overrides) {
    auto value =
        exprs.checkConstant(given.value, "the value of a const", std::nullopt);
    isRight &= value.has_value();
    values.push_back({std::string(given.name.text),
                      value.value_or(Scalar::i32(0)), given.name.span});
  }
  DiagnosticList found;
  context.openFiles.push_back(resolved.fileName);
  CheckedFile used = checkFile(resolved.text, values, context, found);
  context.openFiles.pop_back();
  std::vector<Diagnostic> list = found.take();
  bool isAboutUses =
      !list.empty() && (list[0].kind == DiagnosticKind::UseCycle ||
                        list[0].kind == DiagnosticKind::UseTooDeep);
  if (isAboutUses) {
    // A matter of the whole chain, the same at each of its links.
    diagnostics.add(list[0].kind, statement.used.span, list[0].message);
    return std::nullopt;
  }
  if (!list.empty()) {
    LineColumn place = locate(resolved.text, list[0].span.begin);
    std::string more = list.size() > 1
                           ? fmt::format("; {} more", list.size() - 1)
                           : std::string();
    diagnostics.add(DiagnosticKind::UsedModInvalid, statement.used.span,
                    fmt::format("{} has errors: {}:{}:{}: {}{}",
                                quote(statement.used.text), resolved.fileName,
                                place.line, place.column, list[0].message,
                                more),
                    list[0].hint);
    return std::nullopt;
  }
  size_t before = diagnostics.size();
  if (isRight)
    reportOverrides(values, used.constants, diagnostics);
  if (!isRight || diagnostics.size() != before)
    return std::nullopt;
  return used;
}

//===----------------------------------------------------------------------===//
// Composing
//===----------------------------------------------------------------------===//

void ModChecker::compose(const CheckedFile &used, SourceSpan span) {
  const Hooks &theirs = used.hooks;
  Hooks &ours = file.hooks;
  file.lastHook = span;
  auto apply = [&](const Expr &hook, Expr &current, Var var) {
    if (!hook)
      return;
    current = current
                  ? exprs.substituteWithin(hook, theirs.size,
                                           {{Expr::var(var), current}}, span)
                  : hook;
  };
  apply(theirs.score, ours.score, Var::Score);
  apply(theirs.prob, ours.prob, Var::Prob);
  if (theirs.mask)
    ours.mask = ours.mask ? exprs.make(Op::And, {ours.mask, theirs.mask}, span)
                          : theirs.mask;
  if (theirs.sink)
    setSink(theirs.sink, span);
  if (theirs.normalize)
    setNormalize(*theirs.normalize, span);
}

void ModChecker::checkUse(const Statement &statement) {
  std::optional<ResolvedMod> resolved = resolve(statement);
  std::optional<CheckedFile> used;
  if (resolved)
    used = checkUsed(statement, *resolved);
  if (!used)
    return declareBroken(statement);
  takeCaptures(*used, statement.used.span);
  if (!statement.name)
    return compose(*used, statement.used.span);
  declare(statement.name, {statement.name.span, false,
                           std::make_shared<const Hooks>(used->hooks)});
}
