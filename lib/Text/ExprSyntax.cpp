//===- ExprSyntax.cpp - Parsing expressions -------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes tokens; gives the shape of an expression. Operators wait on a stack of
// their own, so that the parser recurses for brackets alone, and for no more of
// them than a tree may be deep.
//
//===----------------------------------------------------------------------===//

#include "Number.h"
#include "SyntaxParser.h"
#include "Vocabulary.h"

#include "attnjit/Expr/Names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

using namespace attnjit;

namespace {
/// How tightly an operator binds; 0 for what is none.
enum Level : int {
  kNone = 0,
  kOr,
  kAnd,
  kNot,
  kCompare,
  kBitOr,
  kBitXor,
  kBitAnd,
  kShift,
  kSum,
  kTerm,
};
} // namespace

static Level binaryLevel(const Token &token) {
  static constexpr std::pair<std::string_view, Level> kTable[] = {
      {"or", kOr},     {"and", kAnd},    {"<", kCompare},  {"<=", kCompare},
      {">", kCompare}, {">=", kCompare}, {"==", kCompare}, {"!=", kCompare},
      {"|", kBitOr},   {"^", kBitXor},   {"&", kBitAnd},   {"<<", kShift},
      {">>", kShift},  {"+", kSum},      {"-", kSum},      {"*", kTerm},
      {"/", kTerm},    {"//", kTerm},    {"%", kTerm},
  };
  for (const auto &[spelling, level] : kTable)
    if (token.is(spelling))
      return level;
  return kNone;
}

static Identifier toIdentifier(const Token &token) {
  return {token.text, token.span};
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

SyntaxId SyntaxParser::addNode(SyntaxNode node,
                               std::span<const SyntaxArgument> arguments) {
  for (const SyntaxArgument &argument : arguments)
    node.depth = std::max(node.depth, tree[argument.value].depth + 1);
  if (node.depth > kMaxDepth) {
    fail(DiagnosticKind::NestedTooDeep, node.name ? node.name.span : node.span,
         fmt::format("the expression is nested deeper than {} levels",
                     kMaxDepth),
         "name a part of it with `let`");
    return kNoSyntax;
  }
  node.firstArgument = static_cast<uint32_t>(tree.arguments.size());
  node.argumentCount = static_cast<uint32_t>(arguments.size());
  tree.arguments.insert(tree.arguments.end(), arguments.begin(),
                        arguments.end());
  tree.nodes.push_back(node);
  return static_cast<SyntaxId>(tree.nodes.size() - 1);
}

SyntaxId SyntaxParser::addNode(SyntaxNode node,
                               std::initializer_list<SyntaxId> children) {
  SyntaxArgument arguments[3];
  size_t count = 0;
  for (SyntaxId child : children) {
    if (child == kNoSyntax)
      return kNoSyntax;
    arguments[count++].value = child;
  }
  return addNode(node, std::span(arguments, count));
}

//===----------------------------------------------------------------------===//
// Operators
//===----------------------------------------------------------------------===//

/// `x if c else y`, right-associative.
SyntaxId SyntaxParser::parseExpr() {
  if (nesting > kMaxDepth) {
    fail(DiagnosticKind::NestedTooDeep, peek().span,
         fmt::format("brackets are nested deeper than {} levels", kMaxDepth),
         "name a part of it with `let`");
    return kNoSyntax;
  }
  std::vector<std::pair<SyntaxId, SyntaxId>> choices; // value, condition
  SyntaxId value = parseOperators();
  while (value != kNoSyntax && takeIf("if")) {
    SyntaxId condition = parseOperators();
    if (condition == kNoSyntax || !expect("else", "after the condition"))
      return kNoSyntax;
    choices.emplace_back(value, condition);
    value = parseOperators();
  }
  for (auto it = choices.rbegin(); it != choices.rend(); ++it) {
    if (value == kNoSyntax)
      break;
    SyntaxNode node{.kind = SyntaxNode::Kind::Conditional};
    node.span = join(spanOf(it->first), spanOf(value));
    value = addNode(node, {it->second, it->first, value});
  }
  return value;
}

/// Pops the top operator and applies it to what stands right of it.
bool SyntaxParser::combine(SyntaxId &right) {
  PendingOperator op = pending.back();
  pending.pop_back();
  bool isUnary = op.left == kNoSyntax;
  SyntaxNode node{.kind = isUnary ? SyntaxNode::Kind::Unary
                                  : SyntaxNode::Kind::Binary};
  node.name = toIdentifier(op.token);
  node.span = join(isUnary ? op.token.span : spanOf(op.left), spanOf(right));
  right = isUnary ? addNode(node, {right}) : addNode(node, {op.left, right});
  return right != kNoSyntax;
}

/// Reports `a < b < c`.
bool SyntaxParser::isChained(const Token &op, size_t base) {
  if (binaryLevel(op) != kCompare || pending.size() == base ||
      pending.back().level != kCompare)
    return false;
  fail(DiagnosticKind::ChainedComparison, op.span, "comparisons do not chain",
       fmt::format("write `a {} b and b {} c`", pending.back().token.text,
                   op.text));
  return true;
}

SyntaxId SyntaxParser::parseOperators() {
  const size_t base = pending.size();
  auto giveUp = [&] {
    pending.resize(base);
    return kNoSyntax;
  };
  while (true) {
    while (peek().is("not")) {
      if (pending.size() > base && pending.back().level > kNot) {
        fail(DiagnosticKind::ExpectedExpression, peek().span,
             fmt::format("`not` binds looser than {}",
                         quote(pending.back().token.text)),
             "write `(not x)`");
        return giveUp();
      }
      pending.push_back({take(), kNot, kNoSyntax});
    }
    SyntaxId right = parseOperand();
    if (right == kNoSyntax)
      return giveUp();
    Level level = binaryLevel(peek());
    while (pending.size() > base && pending.back().level >= level) {
      if (level != kNone && isChained(peek(), base))
        return giveUp();
      if (!combine(right))
        return giveUp();
    }
    if (level == kNone)
      return right;
    pending.push_back({take(), level, right});
  }
}

/// Signs and `~`, then what they apply to. `-` directly before a number makes
/// a negative literal.
SyntaxId SyntaxParser::parseOperand() {
  std::vector<Token> signs;
  SyntaxId operand = kNoSyntax;
  while (peek().is("-") || peek().is("+") || peek().is("~")) {
    bool isLiteral = peek().is("-") && (peekNext().kind == TokenKind::Number ||
                                        peekNext().is("inf"));
    Token sign = take();
    if (isLiteral) {
      operand = parseNumber(/*isNegative=*/true);
      if (operand == kNoSyntax)
        return kNoSyntax;
      tree.nodes[operand].span.begin = sign.span.begin;
      break;
    }
    signs.push_back(sign);
  }
  if (operand == kNoSyntax)
    operand = parsePrimary();
  if (operand != kNoSyntax)
    operand = parsePostfix(operand);
  for (auto it = signs.rbegin(); it != signs.rend(); ++it) {
    if (operand == kNoSyntax)
      break;
    SyntaxNode node{.kind = SyntaxNode::Kind::Unary};
    node.name = toIdentifier(*it);
    node.span = join(it->span, spanOf(operand));
    operand = addNode(node, {operand});
  }
  return operand;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

bool SyntaxParser::parseArguments(std::vector<SyntaxArgument> &arguments,
                                  std::string_view closing) {
  ++nesting;
  bool hasNext = !peek().is(closing);
  while (hasNext) {
    SyntaxArgument argument;
    if (peek().kind == TokenKind::Word && peekNext().is("=")) {
      argument.name = toIdentifier(take());
      take();
    }
    argument.value = parseExpr();
    if (argument.value == kNoSyntax)
      return false;
    arguments.push_back(argument);
    hasNext = takeIf(",");
  }
  --nesting;
  return expect(closing, closing == ")" ? "after the last argument"
                                        : "after the last subscript");
}

SyntaxId SyntaxParser::parsePostfix(SyntaxId base) {
  while (base != kNoSyntax) {
    SyntaxNode node;
    std::vector<SyntaxArgument> children = {{base, {}}};
    if (takeIf("[")) {
      node.kind = SyntaxNode::Kind::Subscript;
      if (!parseArguments(children, "]"))
        return kNoSyntax;
    } else if (takeIf(".")) {
      node.kind = SyntaxNode::Kind::Member;
      if (peek().kind != TokenKind::Word) {
        fail(DiagnosticKind::ExpectedName, peek().span,
             "expected `mask`, `score`, `prob` or `sink` after `.`");
        return kNoSyntax;
      }
      node.name = toIdentifier(take());
      if (takeIf("(") && !parseArguments(children, ")"))
        return kNoSyntax;
    } else {
      return base;
    }
    node.span = join(spanOf(base), lastTaken);
    base = addNode(node, children);
  }
  return base;
}

SyntaxId SyntaxParser::parsePrimary() {
  if (peek().kind == TokenKind::Number || peek().is("inf"))
    return parseNumber(/*isNegative=*/false);
  if (takeIf("(")) {
    ++nesting;
    SyntaxId inner = parseExpr();
    --nesting;
    if (inner == kNoSyntax || !expect(")", "to close the bracket"))
      return kNoSyntax;
    return inner;
  }
  bool isValueWord = peek().kind == TokenKind::Word &&
                     (!isReservedWord(peek().text) || findVar(peek().text) ||
                      findSize(peek().text));
  if (peek().is("true") || peek().is("false")) {
    SyntaxNode node{.kind = SyntaxNode::Kind::Literal, .span = peek().span};
    node.literal = Scalar::boolean(take().is("true"));
    return addNode(node, {});
  }
  if (peek().kind == TokenKind::Word && peekNext().is("("))
    return parseCall(take());
  if (isValueWord) {
    SyntaxNode node{.kind = SyntaxNode::Kind::Name, .span = peek().span};
    node.name = toIdentifier(take());
    return addNode(node, {});
  }
  bool isFunction = peek().kind == TokenKind::Word &&
                    (findFunction(peek().text) || findReduceKind(peek().text) ||
                     peek().is("clamp"));
  if (isFunction)
    fail(DiagnosticKind::ExpectedToken, peek().span,
         fmt::format("the function `{}` needs its arguments", peek().text),
         fmt::format("write `{}(...)`", peek().text));
  else if (peek().kind == TokenKind::End)
    fail(DiagnosticKind::ExpectedExpression, peek().span,
         "the line ends where an expression is expected",
         "an expression goes on in the next line inside brackets alone");
  else
    fail(DiagnosticKind::ExpectedExpression, peek().span,
         fmt::format("expected an expression, found {}", quote(peek().text)));
  return kNoSyntax;
}

SyntaxId SyntaxParser::parseNumber(bool isNegative) {
  Token token = take();
  std::optional<Scalar> value =
      token.is("inf")
          ? Scalar::f32(isNegative ? -HUGE_VALF : HUGE_VALF)
          : readNumber(token.text, token.span, isNegative, diagnostics);
  if (!value) {
    failed = true;
    return kNoSyntax;
  }
  SyntaxNode node{.kind = SyntaxNode::Kind::Literal, .span = token.span};
  node.literal = *value;
  return addNode(node, {});
}

/// `name` is taken and a `(` follows.
SyntaxId SyntaxParser::parseCall(const Token &name) {
  take();
  bool isReduction = findReduceKind(name.text) &&
                     peek().kind == TokenKind::Word && peekNext().is("in");
  if (isReduction)
    return parseReduction(name);
  SyntaxNode node{.kind = SyntaxNode::Kind::Call};
  node.name = toIdentifier(name);
  std::vector<SyntaxArgument> arguments;
  if (!parseArguments(arguments, ")"))
    return kNoSyntax;
  node.span = join(name.span, lastTaken);
  return addNode(node, arguments);
}

/// `NAME in lo..hi: body)`; the kind and the `(` are taken.
SyntaxId SyntaxParser::parseReduction(const Token &kind) {
  ++nesting;
  SyntaxNode node{.kind = SyntaxNode::Kind::Reduction};
  node.name = toIdentifier(kind);
  node.variable = parseNewName("a reduction variable");
  if (!node.variable || !expect("in", "after the variable"))
    return kNoSyntax;
  SyntaxId lo = parseExpr();
  if (lo == kNoSyntax || !expect("..", "between the ends of the range"))
    return kNoSyntax;
  SyntaxId hi = parseExpr();
  if (hi == kNoSyntax || !expect(":", "after the range"))
    return kNoSyntax;
  SyntaxId body = parseExpr();
  --nesting;
  if (body == kNoSyntax || !expect(")", "to close the reduction"))
    return kNoSyntax;
  node.span = join(kind.span, lastTaken);
  return addNode(node, {lo, hi, body});
}
