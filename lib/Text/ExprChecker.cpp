//===- ExprChecker.cpp - Checking names and operators ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes names, literals and operators; gives nodes. The rules of types are
// those of Expr::make, and so are the messages.
//
//===----------------------------------------------------------------------===//

#include "ExprChecker.h"

#include "ConstantValue.h"
#include "Vocabulary.h"

#include "attnjit/Expr/Visitor.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <utility>

using namespace attnjit;

Expr attnjit::errorExpr() { return Expr::invalid("reported already"); }

uint64_t attnjit::countNodes(const Expr &e) {
  return topologicalOrder({&e, 1}).size();
}

//===----------------------------------------------------------------------===//
// Reporting
//===----------------------------------------------------------------------===//

Expr ExprChecker::report(DiagnosticKind kind, SourceSpan span,
                         std::string message, std::string hint) {
  diagnostics.add(kind, span, std::move(message), std::move(hint));
  return errorExpr();
}

Expr ExprChecker::reportUnknown(const Identifier &name) {
  if (unknownNamesAreSilent)
    return errorExpr();
  return report(DiagnosticKind::UnknownName, name.span,
                fmt::format("{} is not declared", quote(name.text)),
                scope.suggest(name.text, valueWords()));
}

Expr ExprChecker::reportTooLarge(SourceSpan span) {
  // Whatever follows would be too much as well; it is said once.
  context.nodesLeft = 0;
  if (std::exchange(reportedTooLarge, true))
    return errorExpr();
  return report(DiagnosticKind::ProgramTooLarge, span,
                "the file expands to more than the compiler takes",
                "defs and used mods are substituted at every use");
}

/// What turns operands of the wrong type into ones that fit.
static std::string hintFor(Op op, std::span<const Expr> operands) {
  auto isAny = [&](Type type) {
    return std::ranges::any_of(
        operands, [&](const Expr &e) { return e->type() == type; });
  };
  switch (op) {
  case Op::FloorDiv:
  case Op::Mod:
  case Op::Shl:
  case Op::Shr:
    return isAny(Type::F32) ? "`i32(...)` makes an i32 of an f32" : "";
  case Op::And:
  case Op::Or:
  case Op::Xor:
  case Op::Not:
    return "`x != 0` makes a bool of a number";
  case Op::Where:
    if (operands[0]->type() != Type::Bool)
      return "`x != 0` makes a bool of a number";
    [[fallthrough]];
  default:
    return isAny(Type::Bool)
               ? "`i32(...)` or `f32(...)` makes a number of a bool"
               : "";
  }
}

Expr ExprChecker::make(Op op, std::initializer_list<Expr> operands,
                       SourceSpan span) {
  Expr made = Expr::make(op, operands);
  if (!isError(made))
    return made;
  int depth = 0;
  for (const Expr &operand : operands) {
    if (isError(operand))
      return operand;
    depth = std::max(depth, operand->depth());
  }
  // A conversion may add a level of its own.
  if (depth + 1 >= kMaxDepth)
    return report(DiagnosticKind::NestedTooDeep, span, made->message(),
                  "what a `let` names counts with all of its levels");
  bool divides = (op == Op::FloorDiv || op == Op::Mod) &&
                 operands.begin()[0]->type() == Type::I32 &&
                 operands.begin()[1]->type() == Type::I32;
  if (divides)
    return report(DiagnosticKind::DivisionByZero, span, made->message());
  return report(DiagnosticKind::TypeMismatch, span, made->message(),
                hintFor(op, {operands.begin(), operands.size()}));
}

Expr ExprChecker::convert(const Expr &e, Type type, SourceSpan span,
                          std::string_view what) {
  if (isError(e) || e->type() == type)
    return e;
  if (type == Type::F32 && e->type() == Type::I32)
    return make(Op::ToF32, {e}, span);
  std::string hint = type == Type::Bool  ? "write `x != 0`, or a comparison"
                     : type == Type::I32 ? "`i32(...)` makes an i32 of it"
                                         : "`f32(...)` makes an f32 of it";
  return report(DiagnosticKind::TypeMismatch, span,
                fmt::format("{} is {}, but this is {}", what, name(type),
                            name(e->type())),
                std::move(hint));
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// `score` is what the statements above made of it.
Expr ExprChecker::currentValue(Var var) const {
  if (var == Var::Score && hooks.score)
    return hooks.score;
  if (var == Var::Prob && hooks.prob)
    return hooks.prob;
  return Expr::var(var);
}

Expr ExprChecker::admit(const Expr &e, SourceSpan span) {
  if (isError(e))
    return e;
  if (place->isCompileTime) {
    Op op = e->op();
    bool isFromRun =
        op == Op::Var || op == Op::SizeOf || op == Op::Param || op == Op::Load;
    return isFromRun
               ? report(DiagnosticKind::NotConstant, span,
                        fmt::format("{} is known only when the kernel runs; "
                                    "{} is a compile-time value",
                                    op == Op::Load ? "a buffer" : "this",
                                    place->what),
                        "a `const` is known at compile time")
               : e;
  }
  uint32_t wrong = e->vars() & ~place->allowedVars;
  if (wrong == 0)
    return e;
  auto var = static_cast<Var>(std::countr_zero(wrong));
  if (e->op() == Op::Var)
    return report(
        DiagnosticKind::UnavailableVariable, span,
        fmt::format("`{}` does not exist in {}", name(var), place->what));
  return report(DiagnosticKind::UnavailableVariable, span,
                fmt::format("this depends on `{}`, which does not exist in {}",
                            name(var), place->what));
}

Expr ExprChecker::checkName(const SyntaxNode &node) {
  std::string_view name = node.name.text;
  if (std::optional<Var> var = findVar(name)) {
    Expr value = currentValue(*var);
    // Named by what was written, though statements above may have replaced it.
    bool isAllowed = (place->allowedVars >> static_cast<unsigned>(*var)) & 1;
    return admit(isAllowed && !place->isCompileTime ? value : Expr::var(*var),
                 node.span);
  }
  if (std::optional<Size> size = findSize(name))
    return admit(Expr::size(*size), node.span);
  const Symbol *symbol = scope.find(name);
  if (!symbol)
    return reportUnknown(node.name);
  if (const Expr *value = std::get_if<Expr>(&symbol->meaning))
    return admit(*value, node.span);
  if (const auto *buffer = std::get_if<BufferDecl>(&symbol->meaning)) {
    if (buffer->dims.empty())
      return admit(Expr::load(*buffer, {}), node.span);
    return report(DiagnosticKind::WrongSubscriptCount, node.span,
                  fmt::format("buffer {} needs its {} subscripts", quote(name),
                              buffer->dims.size()),
                  "write `NAME[i]`, with one subscript for each axis");
  }
  if (std::holds_alternative<std::monostate>(symbol->meaning))
    return errorExpr();
  bool isDef = symbol->meaning.index() == 3;
  return report(DiagnosticKind::NotAValue, node.span,
                fmt::format("{} is a {}, not a value", quote(name),
                            isDef ? "def" : "used mod"),
                isDef ? "call it with its arguments"
                      : "its parts are `NAME.mask` and `NAME.score(...)`");
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

Expr ExprChecker::checkUnary(const SyntaxNode &node) {
  SyntaxId child = tree.argumentsOf(node)[0].value;
  Expr operand = checkNode(child);
  if (isError(operand))
    return operand;
  std::string_view op = node.name.text;
  if (op == "-")
    return make(Op::Neg, {operand}, node.name.span);
  if (op == "not")
    return make(Op::Not,
                {convert(operand, Type::Bool, tree[child].span,
                         "the operand of `not`")},
                node.name.span);
  if (op == "~" && operand->type() == Type::F32)
    return report(DiagnosticKind::TypeMismatch, node.name.span,
                  "`~` takes i32 or bool, not f32",
                  "`i32(...)` makes an i32 of an f32");
  if (op == "~")
    return make(Op::Not, {operand}, node.name.span);
  if (operand->type() == Type::Bool)
    return report(DiagnosticKind::TypeMismatch, node.name.span,
                  "`+` takes f32 or i32, not bool",
                  "`i32(...)` or `f32(...)` makes a number of a bool");
  return operand;
}

static std::optional<Op> findBinary(std::string_view spelled) {
  static constexpr std::pair<std::string_view, Op> kTable[] = {
#define ATTNJIT_OP(Name, Spelling, Arity)                                      \
  {Arity == 2 ? Spelling : "", Op::Name},
#include "attnjit/Expr/Ops.def"
  };
  for (const auto &[spelling, op] : kTable)
    if (spelling == spelled)
      return op;
  return std::nullopt;
}

Expr ExprChecker::checkBinary(const SyntaxNode &node) {
  auto children = tree.argumentsOf(node);
  Expr left = checkNode(children[0].value);
  Expr right = checkNode(children[1].value);
  std::string_view op = node.name.text;
  if (op == "and" || op == "or") {
    std::string what = fmt::format("an operand of `{}`", op);
    left = convert(left, Type::Bool, tree[children[0].value].span, what);
    right = convert(right, Type::Bool, tree[children[1].value].span, what);
    return make(op == "and" ? Op::And : Op::Or, {left, right}, node.name.span);
  }
  return make(*findBinary(op), {left, right}, node.name.span);
}

Expr ExprChecker::checkConditional(const SyntaxNode &node) {
  auto children = tree.argumentsOf(node);
  Expr condition = checkNode(children[0].value);
  Expr ifTrue = checkNode(children[1].value);
  Expr ifFalse = checkNode(children[2].value);
  condition = convert(condition, Type::Bool, tree[children[0].value].span,
                      "the condition of `if`");
  return make(Op::Where, {condition, ifTrue, ifFalse}, node.span);
}

Expr ExprChecker::checkNode(SyntaxId id) {
  ++nodesMade;
  const SyntaxNode &node = tree[id];
  switch (node.kind) {
  case SyntaxNode::Kind::Literal:
    return Expr::constant(node.literal);
  case SyntaxNode::Kind::Name:
    return checkName(node);
  case SyntaxNode::Kind::Unary:
    return checkUnary(node);
  case SyntaxNode::Kind::Binary:
    return checkBinary(node);
  case SyntaxNode::Kind::Conditional:
    return checkConditional(node);
  case SyntaxNode::Kind::Call:
    return checkCall(node);
  case SyntaxNode::Kind::Subscript:
    return checkSubscript(node);
  case SyntaxNode::Kind::Member:
    return checkMember(node);
  case SyntaxNode::Kind::Reduction:
    return checkReduction(node);
  }
  return errorExpr();
}

//===----------------------------------------------------------------------===//
// Whole expressions
//===----------------------------------------------------------------------===//

Expr ExprChecker::check(SyntaxId id, const Place &where) {
  const Place *outer = std::exchange(place, &where);
  Expr result = checkNode(id);
  place = outer;
  return result;
}

std::optional<Scalar> ExprChecker::checkConstant(SyntaxId id,
                                                 std::string_view what,
                                                 std::optional<Type> type) {
  SourceSpan span = tree[id].span;
  Place where{what};
  where.isCompileTime = true;
  Expr e = check(id, where);
  if (type)
    e = convert(e, *type, span, what);
  if (isError(e))
    return std::nullopt;
  auto value = evaluateConstant(e, context.constantStepsLeft);
  if (const Scalar *scalar = std::get_if<Scalar>(&value))
    return *scalar;
  if (std::get<NoConstant>(value) == NoConstant::DependsOnRun)
    report(DiagnosticKind::NotConstant, span,
           fmt::format("{} is a compile-time value; this is known only when "
                       "the kernel runs",
                       what));
  else
    report(DiagnosticKind::ConstantTooCostly, span,
           "this compile-time value takes too many steps to compute");
  return std::nullopt;
}

Expr ExprChecker::substituteWithin(
    const Expr &body, uint64_t bodySize,
    std::vector<std::pair<Expr, Expr>> replacements, SourceSpan span) {
  int depth = body->depth(), nesting = body->reduceNesting();
  for (const auto &[from, to] : replacements) {
    if (isError(to))
      return to;
    depth = std::max(depth, body->depth() + to->depth());
    nesting = std::max(nesting, body->reduceNesting() + to->reduceNesting());
  }
  std::erase_if(replacements,
                [](const auto &pair) { return pair.first == pair.second; });
  if (isError(body) || replacements.empty())
    return body;
  nodesMade += bodySize;
  if (!ParseContext::spend(context.nodesLeft, bodySize))
    return reportTooLarge(span);
  Expr result = substitute(body, replacements);
  if (!isError(result))
    return result;
  DiagnosticKind kind = nesting > kMaxReduceNesting
                            ? DiagnosticKind::InvalidReduction
                        : depth >= kMaxDepth ? DiagnosticKind::NestedTooDeep
                                             : DiagnosticKind::DivisionByZero;
  return report(kind, span,
                fmt::format("with these arguments {}", result->message()));
}
