//===- CallChecker.cpp - Checking calls, subscripts and reductions --------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The part of ExprChecker for what takes arguments: functions, defs, buffers,
// the hooks of used mods, reductions.
//
//===----------------------------------------------------------------------===//

#include "ExprChecker.h"
#include "Vocabulary.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

using namespace attnjit;

static std::string plural(size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::optional<std::vector<Expr>>
ExprChecker::checkArguments(const SyntaxNode &node, size_t count) {
  auto arguments = tree.argumentsOf(node);
  std::vector<Expr> values;
  bool isWrong = false;
  for (const SyntaxArgument &argument : arguments) {
    values.push_back(checkNode(argument.value));
    isWrong |= isError(values.back());
    if (!argument.name)
      continue;
    report(DiagnosticKind::WrongArguments, argument.name.span,
           fmt::format("{} takes its arguments by position",
                       quote(node.name.text)));
    return std::nullopt;
  }
  if (arguments.size() != count) {
    report(DiagnosticKind::WrongArguments, node.span,
           fmt::format("{} takes {}, not {}", quote(node.name.text),
                       plural(count, "argument"), arguments.size()));
    return std::nullopt;
  }
  return isWrong ? std::nullopt : std::optional(std::move(values));
}

//===----------------------------------------------------------------------===//
// Functions and defs
//===----------------------------------------------------------------------===//

Expr ExprChecker::checkFunction(const SyntaxNode &node, Op op, int arity) {
  auto values = checkArguments(node, static_cast<size_t>(arity));
  if (!values)
    return errorExpr();
  switch (arity) {
  case 1:
    return make(op, {(*values)[0]}, node.span);
  case 2:
    return make(op, {(*values)[0], (*values)[1]}, node.span);
  default:
    return make(op, {(*values)[0], (*values)[1], (*values)[2]}, node.span);
  }
}

/// `clamp(x, lo, hi)` is min(max(x, lo), hi).
Expr ExprChecker::checkClamp(const SyntaxNode &node) {
  auto values = checkArguments(node, 3);
  if (!values)
    return errorExpr();
  Expr raised = make(Op::Max, {(*values)[0], (*values)[1]}, node.span);
  return make(Op::Min, {raised, (*values)[2]}, node.span);
}

Expr ExprChecker::checkDefinition(const SyntaxNode &node,
                                  const Definition &definition) {
  auto values = checkArguments(node, definition.holes.size());
  if (!values)
    return errorExpr();
  std::vector<std::pair<Expr, Expr>> replacements;
  for (size_t i = 0; i < values->size(); ++i) {
    SyntaxId argument = tree.argumentsOf(node)[i].value;
    const Expr &hole = definition.holes[i];
    Expr value =
        convert((*values)[i], hole->type(), tree[argument].span,
                fmt::format("argument {} of {}", i + 1, quote(node.name.text)));
    replacements.emplace_back(hole, value);
  }
  return admit(substituteWithin(definition.body, definition.bodySize,
                                std::move(replacements), node.span),
               node.span);
}

Expr ExprChecker::checkCall(const SyntaxNode &node) {
  std::string_view name = node.name.text;
  if (name == "clamp")
    return checkClamp(node);
  if (std::optional<Function> function = findFunction(name))
    return checkFunction(node, function->op, function->arity);
  const Symbol *symbol = scope.find(name);
  if (symbol) {
    if (std::holds_alternative<std::monostate>(symbol->meaning))
      return errorExpr();
    if (const auto *definition =
            std::get_if<std::shared_ptr<const Definition>>(&symbol->meaning))
      return checkDefinition(node, **definition);
  }
  std::string hint;
  if (findReduceKind(name))
    hint = fmt::format("write `{}(i in 0..4: ...)`", name);
  else if (symbol && std::holds_alternative<BufferDecl>(symbol->meaning))
    hint = fmt::format("a buffer is read as `{}[i]`", name);
  else if (!symbol)
    hint = scope.suggest(name, functionWords());
  if (!symbol && unknownNamesAreSilent)
    return errorExpr();
  return report(DiagnosticKind::UnknownFunction, node.name.span,
                fmt::format("{} is not a function", quote(name)),
                std::move(hint));
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

Expr ExprChecker::checkSubscript(const SyntaxNode &node) {
  auto arguments = tree.argumentsOf(node);
  const SyntaxNode &base = tree[arguments[0].value];
  const Symbol *symbol = checkBase(arguments[0].value);
  std::vector<Expr> subscripts;
  bool isWrong = false;
  for (const SyntaxArgument &argument : arguments.subspan(1)) {
    Expr subscript = convert(checkNode(argument.value), Type::I32,
                             tree[argument.value].span, "a subscript");
    isWrong |= isError(subscript);
    if (argument.name) {
      report(DiagnosticKind::WrongArguments, argument.name.span,
             "subscripts are given by position");
      isWrong = true;
    }
    subscripts.push_back(std::move(subscript));
  }
  if (!symbol)
    return errorExpr();
  const auto *buffer = std::get_if<BufferDecl>(&symbol->meaning);
  if (!buffer)
    return report(DiagnosticKind::NotABuffer, base.span,
                  fmt::format("{} is not a buffer", quote(base.name.text)));
  if (subscripts.size() != buffer->dims.size())
    return report(DiagnosticKind::WrongSubscriptCount, node.span,
                  fmt::format("buffer {} takes {}, not {}", quote(buffer->name),
                              plural(buffer->dims.size(), "subscript"),
                              subscripts.size()));
  if (isWrong)
    return errorExpr();
  if (place->isCompileTime)
    return report(DiagnosticKind::NotConstant, node.span,
                  fmt::format("a buffer is known only when the kernel runs; "
                              "{} is a compile-time value",
                              place->what));
  Expr load = Expr::load(*buffer, subscripts);
  return isError(load)
             ? report(DiagnosticKind::NestedTooDeep, node.span, load->message())
             : load;
}

//===----------------------------------------------------------------------===//
// Used mods
//===----------------------------------------------------------------------===//

const Symbol *ExprChecker::checkBase(SyntaxId id) {
  const SyntaxNode &base = tree[id];
  if (base.kind == SyntaxNode::Kind::Subscript) {
    if (!isError(checkNode(id)))
      report(DiagnosticKind::NotABuffer, base.span,
             "an element of a buffer takes no subscript",
             "several subscripts are written `NAME[i, j]`");
    return nullptr;
  }
  bool isDeclarable = base.kind == SyntaxNode::Kind::Name &&
                      !findVar(base.name.text) && !findSize(base.name.text);
  if (!isDeclarable) {
    if (!isError(checkNode(id)))
      report(DiagnosticKind::NotABuffer, base.span,
             "this is a value; only the name of a buffer takes subscripts, and "
             "only that of a used mod has members");
    return nullptr;
  }
  const Symbol *symbol = scope.find(base.name.text);
  if (!symbol) {
    reportUnknown(base.name);
    return nullptr;
  }
  return std::holds_alternative<std::monostate>(symbol->meaning) ? nullptr
                                                                 : symbol;
}

std::optional<std::vector<std::pair<Expr, Expr>>>
ExprChecker::checkReplacements(const SyntaxNode &node) {
  std::vector<std::pair<Expr, Expr>> replacements;
  bool isWrong = false;
  for (const SyntaxArgument &argument : tree.argumentsOf(node).subspan(1)) {
    std::optional<Var> var = findVar(argument.name.text);
    bool isOwn = var && name(*var) == node.name.text; // score of score, prob
    bool isPosition =
        var == Var::B || var == Var::H || var == Var::Q || var == Var::Kv;
    bool isRepeated =
        var && std::ranges::any_of(replacements, [&](const auto &pair) {
          return pair.first == Expr::var(*var);
        });
    if (!(isOwn || isPosition) || isRepeated) {
      SourceSpan span =
          argument.name ? argument.name.span : tree[argument.value].span;
      bool hasOwn = node.name.text == "score" || node.name.text == "prob";
      report(DiagnosticKind::WrongArguments, span,
             isRepeated
                 ? fmt::format("{} is given twice", quote(argument.name.text))
             : argument.name
                 ? fmt::format("`{}` has no argument {}", node.name.text,
                               quote(argument.name.text))
                 : "the arguments of a used mod are given by name",
             hasOwn ? fmt::format("its arguments are `{}`, `q`, `kv`, `b`, `h`",
                                  node.name.text)
                    : "its arguments are `q`, `kv`, `b`, `h`");
      isWrong = true;
      continue;
    }
    Expr value = convert(checkNode(argument.value), typeOf(*var),
                         tree[argument.value].span,
                         fmt::format("argument `{}`", name(*var)));
    isWrong |= isError(value);
    replacements.emplace_back(Expr::var(*var), std::move(value));
  }
  return isWrong ? std::nullopt : std::optional(std::move(replacements));
}

Expr ExprChecker::checkMember(const SyntaxNode &node) {
  SyntaxId baseId = tree.argumentsOf(node)[0].value;
  const Symbol *symbol = checkBase(baseId);
  if (!symbol)
    return errorExpr();
  const auto *used =
      std::get_if<std::shared_ptr<const Hooks>>(&symbol->meaning);
  std::string base = quote(tree[baseId].name.text);
  if (!used)
    return report(DiagnosticKind::UnknownMember, tree[baseId].span,
                  fmt::format("{} is not a used mod", base),
                  "only `use X as A` makes `A.mask` and `A.score(...)`");
  if (!isHook(node.name.text))
    return report(DiagnosticKind::UnknownMember, node.name.span,
                  fmt::format("a used mod has no {}", quote(node.name.text)),
                  "its parts are `mask`, `score`, `prob` and `sink`");
  auto replacements = checkReplacements(node);
  if (!replacements)
    return errorExpr();

  const Hooks &hooksOfUsed = **used;
  std::string_view hook = node.name.text;
  Var own = hook == "score" ? Var::Score : Var::Prob;
  bool hasOwn = hook == "score" || hook == "prob";
  bool isGiven = std::ranges::any_of(*replacements, [&](const auto &pair) {
    return pair.first == Expr::var(own);
  });
  if (hasOwn && !isGiven)
    replacements->emplace_back(Expr::var(own), currentValue(own));
  const Expr &body = hook == "score"  ? hooksOfUsed.score
                     : hook == "prob" ? hooksOfUsed.prob
                     : hook == "mask" ? hooksOfUsed.mask
                                      : hooksOfUsed.sink;
  if (!body && hook == "sink")
    return report(DiagnosticKind::UnknownMember, node.name.span,
                  fmt::format("the mod {} has no sink", base));
  // An absent hook leaves things as they are.
  Expr whole = body             ? body
               : hook == "mask" ? Expr::boolean(true)
                                : Expr::var(own);
  return admit(substituteWithin(whole, hooksOfUsed.size + 1,
                                std::move(*replacements), node.span),
               node.span);
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Expr ExprChecker::checkReduction(const SyntaxNode &node) {
  auto children = tree.argumentsOf(node);
  auto lo = checkConstant(children[0].value, "an end of a reduction's range",
                          Type::I32);
  auto hi = checkConstant(children[1].value, "an end of a reduction's range",
                          Type::I32);
  SourceSpan range =
      join(tree[children[0].value].span, tree[children[1].value].span);
  SourceSpan bodySpan = tree[children[2].value].span;
  Expr variable = Expr::freshReduceVar();
  uint64_t nodesBefore = nodesMade;
  Expr body;
  {
    Scope::Binding binding(scope, node.variable.text, variable,
                           node.variable.span);
    body = checkNode(children[2].value);
  }
  if (!lo || !hi || isError(body))
    return errorExpr();
  // Closing the reduction names its variable in all of the body.
  if (!ParseContext::spend(context.nodesLeft, nodesMade - nodesBefore))
    return reportTooLarge(node.span);
  ReduceKind kind = *findReduceKind(node.name.text);
  bool isLogical = kind == ReduceKind::Any || kind == ReduceKind::All;
  if (isLogical)
    body = convert(body, Type::Bool, bodySpan,
                   fmt::format("the body of `{}`", name(kind)));
  else if (body->type() == Type::Bool)
    body = report(
        DiagnosticKind::TypeMismatch, bodySpan,
        fmt::format("the body of `{}` is f32 or i32, not bool", name(kind)),
        "`i32(...)` makes a number of a bool");
  if (isError(body))
    return body;
  Expr reduced = Expr::reduce(kind, lo->asI32(), hi->asI32(), variable, body);
  if (!isError(reduced))
    return reduced;
  if (body->depth() >= kMaxDepth)
    return report(DiagnosticKind::NestedTooDeep, node.name.span,
                  reduced->message());
  return report(DiagnosticKind::InvalidReduction, range, reduced->message());
}
