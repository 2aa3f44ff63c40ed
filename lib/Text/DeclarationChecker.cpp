//===- DeclarationChecker.cpp - Checking declarations ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of ModChecker for what gives a name a meaning: param, const,
// buffer, let, def.
//
//===----------------------------------------------------------------------===//

#include "ModChecker.h"
#include "Vocabulary.h"

#include "attnjit/Expr/Names.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

using namespace attnjit;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

void ModChecker::reportDuplicate(std::string_view name, SourceSpan span,
                                 const Symbol &earlier) {
  diagnostics.add(DiagnosticKind::DuplicateName, span,
                  fmt::format("{} is declared already", quote(name)),
                  fmt::format("see line {}; a name has one meaning in a file",
                              locate(source, earlier.span.begin).line));
}

void ModChecker::declare(const Identifier &name, Symbol symbol) {
  if (const Symbol *earlier = scope.find(name.text))
    return reportDuplicate(name.text, name.span, *earlier);
  scope.declare(name.text, std::move(symbol));
}

/// What a symbol for the capture means.
static Symbol makeSymbol(const ParamDecl &, const Expr &value, SourceSpan span,
                         bool isUsed) {
  return {span, isUsed, value};
}
static Symbol makeSymbol(const BufferDecl &decl, const Expr &, SourceSpan span,
                         bool isUsed) {
  return {span, isUsed, decl};
}

template <typename Decl>
void ModChecker::declareCapture(const Decl &decl, std::vector<Decl> &list,
                                SourceSpan span, bool isUsed,
                                const Expr &value) {
  if (const Symbol *earlier = scope.find(decl.name)) {
    bool crossesFiles = isUsed || earlier->isUsed;
    if (crossesFiles && std::ranges::find(list, decl) != list.end())
      return;
    if (!crossesFiles)
      return reportDuplicate(decl.name, span, *earlier);
    diagnostics.add(
        DiagnosticKind::CaptureClash, span,
        fmt::format("the captured {} is declared in another way in line {}",
                    quote(decl.name), locate(source, earlier->span.begin).line),
        "a used mod brings its captures by name; declarations of one name "
        "must be the same");
    return;
  }
  scope.declare(decl.name, makeSymbol(decl, value, span, isUsed));
  size_t count = file.params.size() + file.buffers.size();
  if (count >= static_cast<size_t>(kMaxCaptures)) {
    if (!std::exchange(captureLimitReported, true))
      diagnostics.add(DiagnosticKind::TooManyCaptures, span,
                      fmt::format("a mod captures at most {} params and "
                                  "buffers",
                                  kMaxCaptures));
    return;
  }
  list.push_back(decl);
}

void ModChecker::takeCaptures(const CheckedFile &used, SourceSpan span) {
  for (const ParamDecl &decl : used.params)
    declareCapture(decl, file.params, span, /*isUsed=*/true, Expr::param(decl));
  for (const BufferDecl &decl : used.buffers)
    declareCapture(decl, file.buffers, span, /*isUsed=*/true, Expr());
}

//===----------------------------------------------------------------------===//
// Scalars
//===----------------------------------------------------------------------===//

void ModChecker::checkParam(const Statement &statement) {
  ParamDecl decl;
  decl.name = statement.name.text;
  decl.type = *findScalarType(statement.type.text);
  if (statement.value != kNoSyntax) {
    decl.defaultValue =
        exprs.checkConstant(statement.value, "the default", decl.type);
    if (!decl.defaultValue)
      return declareBroken(statement);
  }
  declareCapture(decl, file.params, statement.name.span, /*isUsed=*/false,
                 Expr::param(decl));
}

void ModChecker::checkConst(const Statement &statement) {
  Type type = *findScalarType(statement.type.text);
  std::optional<Scalar> value =
      exprs.checkConstant(statement.value, "a const", type);
  for (ConstantOverride &override : overrides) {
    if (override.name != statement.name.text)
      continue;
    override.isDeclared = true;
    override.declaredType = type;
    bool converts = type == Type::F32 && override.value.type == Type::I32;
    override.fits = converts || override.value.type == type;
    if (converts)
      value = Scalar::f32(static_cast<float>(override.value.asI32()));
    else if (override.fits)
      value = override.value;
  }
  if (!value)
    return declareBroken(statement);
  declare(statement.name, {statement.name.span, false, Expr::constant(*value)});
  file.constants.push_back({std::string(statement.name.text), *value});
}

void ModChecker::checkLet(const Statement &statement) {
  Expr value = exprs.check(statement.value, {"a `let`"});
  if (isError(value))
    return declareBroken(statement);
  declare(statement.name, {statement.name.span, false, value});
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

std::optional<Dim> ModChecker::checkDim(const SyntaxDim &dim) {
  if (dim.value == kNoSyntax)
    return Dim::any();
  const SyntaxNode &node = tree[dim.value];
  if (node.kind == SyntaxNode::Kind::Name)
    if (std::optional<Size> size = findSize(node.name.text)) {
      if (*size != Size::BGlobal && *size != Size::HqGlobal)
        return Dim::of(*size);
      diagnostics.add(
          DiagnosticKind::InvalidDimension, dim.span,
          fmt::format("`{}` is no size of a buffer", node.name.text),
          "a dimension is a constant, `B`, `Hq`, `Hkv`, `Sq`, "
          "`Skv`, `D` or `?`");
      return std::nullopt;
    }
  auto extent = exprs.checkConstant(dim.value, "a dimension", Type::I32);
  if (!extent)
    return std::nullopt;
  if (extent->asI32() >= 0)
    return Dim::fixed(extent->asI32());
  diagnostics.add(DiagnosticKind::InvalidDimension, dim.span,
                  fmt::format("the dimension is {}; it cannot be negative",
                              extent->asI32()));
  return std::nullopt;
}

bool ModChecker::checkRange(const Statement &statement, BufferDecl &decl) {
  SourceSpan span =
      join(tree[statement.rangeLo].span, tree[statement.rangeHi].span);
  Type type = decl.valueType();
  if (type == Type::Bool) {
    diagnostics.add(DiagnosticKind::InvalidBufferFact, span,
                    "the values of a bool buffer have no range");
    return false;
  }
  auto lo = exprs.checkConstant(statement.rangeLo, "an end of the range", type);
  auto hi = exprs.checkConstant(statement.rangeHi, "an end of the range", type);
  if (!lo || !hi)
    return false;
  bool isOrdered = type == Type::F32 ? lo->asF32() <= hi->asF32()
                                     : lo->asI32() <= hi->asI32();
  if (!isOrdered) {
    diagnostics.add(DiagnosticKind::InvalidBufferFact, span,
                    "the range of the values is empty",
                    "write the smaller end first; both ends belong to it");
    return false;
  }
  decl.range.emplace(*lo, *hi);
  return true;
}

void ModChecker::checkBuffer(const Statement &statement) {
  BufferDecl decl;
  decl.name = statement.name.text;
  decl.element = *parseDType(statement.type.text);
  bool isRight = true;
  for (const SyntaxDim &dim : statement.dims) {
    if (decl.dims.size() == static_cast<size_t>(kMaxBufferRank)) {
      diagnostics.add(
          DiagnosticKind::InvalidDimension, dim.span,
          fmt::format("a buffer has at most {} dimensions", kMaxBufferRank));
      isRight = false;
      break;
    }
    std::optional<Dim> checked = checkDim(dim);
    isRight &= checked.has_value();
    decl.dims.push_back(checked.value_or(Dim::any()));
  }
  if (statement.rangeLo != kNoSyntax)
    isRight &= checkRange(statement, decl);
  decl.sorted = static_cast<bool>(statement.sorted);
  decl.grad = static_cast<bool>(statement.grad);
  if (decl.sorted && statement.dims.empty()) {
    diagnostics.add(DiagnosticKind::InvalidBufferFact, statement.sorted.span,
                    "a buffer without dimensions has nothing to sort");
    isRight = false;
  }
  if (decl.grad && decl.valueType() != Type::F32) {
    diagnostics.add(
        DiagnosticKind::InvalidBufferFact, statement.grad.span,
        fmt::format("a buffer of {} has no gradient", name(decl.element)),
        "its elements must be `f32`, `f16` or `bf16`");
    isRight = false;
  }
  if (!isRight)
    return declareBroken(statement);
  declareCapture(decl, file.buffers, statement.name.span, /*isUsed=*/false,
                 Expr());
}

//===----------------------------------------------------------------------===//
// Defs
//===----------------------------------------------------------------------===//

/// The hole that a parameter leaves; no text can hold a name with a blank.
static Expr makeHole(const Identifier &name, Type type) {
  ParamDecl decl;
  decl.name = fmt::format("parameter {}", name.text);
  decl.type = type;
  return Expr::param(decl);
}

void ModChecker::checkDef(const Statement &statement) {
  auto definition = std::make_shared<Definition>();
  // Bindings end in the reverse order in which they were made.
  std::vector<std::unique_ptr<Scope::Binding>> bindings;
  bool isRight = true;
  for (const SyntaxParameter &parameter : statement.parameters) {
    if (const Symbol *earlier = scope.find(parameter.name.text)) {
      reportDuplicate(parameter.name.text, parameter.name.span, *earlier);
      isRight = false;
    }
    definition->holes.push_back(
        makeHole(parameter.name, *findScalarType(parameter.type.text)));
    bindings.push_back(std::make_unique<Scope::Binding>(
        scope, parameter.name.text, definition->holes.back(),
        parameter.name.span));
  }
  definition->body = exprs.check(statement.value, {"a `def`"});
  while (!bindings.empty())
    bindings.pop_back();
  if (!isRight || isError(definition->body))
    return declareBroken(statement);
  definition->bodySize = countNodes(definition->body);
  if (!ParseContext::spend(context.nodesLeft, definition->bodySize)) {
    exprs.reportTooLarge(statement.span);
    return declareBroken(statement);
  }
  declare(statement.name,
          {statement.name.span, false,
           std::shared_ptr<const Definition>(std::move(definition))});
}
