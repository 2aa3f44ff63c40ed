//===- StatementSyntax.cpp - Parsing statements ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the tokens of one statement; gives its parts. The grammar stands in
// docs/language.md, a function here for each statement of it.
//
//===----------------------------------------------------------------------===//

#include "SyntaxParser.h"
#include "Vocabulary.h"

#include "attnjit/Expr/Names.h"
#include "attnjit/Support/Suggest.h"

#include <fmt/format.h>

#include <utility>

using namespace attnjit;

//===----------------------------------------------------------------------===//
// Tokens
//===----------------------------------------------------------------------===//

Token SyntaxParser::take() {
  Token token = *at;
  if (token.kind != TokenKind::End)
    ++at;
  lastTaken = token.span;
  return token;
}

bool SyntaxParser::takeIf(std::string_view spelling) {
  if (!peek().is(spelling))
    return false;
  take();
  return true;
}

static std::string describe(const Token &token) {
  return token.kind == TokenKind::End ? "the end of the line"
                                      : quote(token.text);
}

bool SyntaxParser::expect(std::string_view spelling, std::string_view purpose) {
  if (takeIf(spelling))
    return true;
  return fail(DiagnosticKind::ExpectedToken, peek().span,
              fmt::format("expected `{}` {}, found {}", spelling, purpose,
                          describe(peek())));
}

bool SyntaxParser::fail(DiagnosticKind kind, SourceSpan span,
                        std::string message, std::string hint) {
  if (!failed && peek().kind != TokenKind::Error)
    diagnostics.add(kind, span, std::move(message), std::move(hint));
  failed = true;
  return false;
}

//===----------------------------------------------------------------------===//
// Parts that several statements have
//===----------------------------------------------------------------------===//

Identifier SyntaxParser::parseNewName(std::string_view what) {
  if (peek().kind != TokenKind::Word) {
    fail(DiagnosticKind::ExpectedName, peek().span,
         fmt::format("expected the name of {}, found {}", what,
                     describe(peek())));
    return {};
  }
  if (isReservedWord(peek().text)) {
    fail(DiagnosticKind::ReservedName, peek().span,
         fmt::format("`{}` is a word of the language and cannot name {}",
                     peek().text, what),
         "choose another name");
    return {};
  }
  Token token = take();
  return {token.text, token.span};
}

Identifier SyntaxParser::parseType(bool isElement) {
  if (!expect(":", "and a type after the name"))
    return {};
  Token token = peek();
  bool isKnown = token.kind == TokenKind::Word &&
                 (isElement ? parseDType(token.text).has_value()
                            : findScalarType(token.text).has_value());
  if (isKnown) {
    take();
    return {token.text, token.span};
  }
  std::string_view rule =
      isElement ? "an element type is `f32`, `f16`, `bf16`, `i32`, `i64`, "
                  "`u8` or `bool`"
                : "a scalar type is `f32`, `i32` or `bool`";
  fail(DiagnosticKind::UnknownType, token.span,
       fmt::format("{} is no type; {}", describe(token), rule));
  return {};
}

void SyntaxParser::parseAssignment(Statement &statement) {
  if (expect("=", "and an expression"))
    statement.value = parseExpr();
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

void SyntaxParser::parseParam(Statement &statement) {
  statement.kind = Statement::Kind::Param;
  statement.name = parseNewName("a param");
  if (failed)
    return;
  statement.type = parseType(/*isElement=*/false);
  if (!failed && peek().kind != TokenKind::End)
    parseAssignment(statement);
}

void SyntaxParser::parseConst(Statement &statement) {
  statement.kind = Statement::Kind::Const;
  statement.name = parseNewName("a const");
  if (failed)
    return;
  statement.type = parseType(/*isElement=*/false);
  if (!failed)
    parseAssignment(statement);
}

void SyntaxParser::parseBuffer(Statement &statement) {
  statement.kind = Statement::Kind::Buffer;
  statement.name = parseNewName("a buffer");
  if (failed)
    return;
  statement.type = parseType(/*isElement=*/true);
  if (failed || !expect("[", "and the dimensions after the element type"))
    return;
  ++nesting;
  bool hasNext = !peek().is("]");
  while (hasNext) {
    SyntaxDim dim{.span = peek().span};
    if (!takeIf("?")) {
      dim.value = parseExpr();
      if (failed)
        return;
      dim.span = spanOf(dim.value);
    }
    statement.dims.push_back(dim);
    hasNext = takeIf(",");
  }
  --nesting;
  if (expect("]", "after the last dimension"))
    parseBufferFacts(statement);
}

/// `[ in [lo, hi] ] [ sorted ] [ grad ]`
void SyntaxParser::parseBufferFacts(Statement &statement) {
  if (takeIf("in")) {
    if (!expect("[", "before the range of the values"))
      return;
    statement.rangeLo = parseExpr();
    if (failed || !expect(",", "between the ends of the range"))
      return;
    statement.rangeHi = parseExpr();
    if (failed || !expect("]", "after the range"))
      return;
  }
  for (auto [keyword, fact] : {std::pair("sorted", &statement.sorted),
                               std::pair("grad", &statement.grad)})
    if (takeIf(keyword))
      *fact = {keyword, lastTaken};
}

void SyntaxParser::parseDef(Statement &statement) {
  statement.kind = Statement::Kind::Def;
  statement.name = parseNewName("a def");
  if (failed || !expect("(", "before the parameters"))
    return;
  bool hasNext = !peek().is(")");
  while (hasNext) {
    SyntaxParameter parameter;
    parameter.name = parseNewName("a parameter");
    if (failed)
      return;
    parameter.type = parseType(/*isElement=*/false);
    if (failed)
      return;
    statement.parameters.push_back(parameter);
    hasNext = takeIf(",");
  }
  if (expect(")", "after the parameters"))
    parseAssignment(statement);
}

/// `NAME=constexpr, ...)`; the `(` is taken.
void SyntaxParser::parseOverrides(Statement &statement) {
  ++nesting;
  bool hasNext = true;
  while (hasNext) {
    if (peek().kind != TokenKind::Word) {
      fail(DiagnosticKind::ExpectedName, peek().span,
           fmt::format("expected the name of a const of the used mod, found {}",
                       describe(peek())));
      return;
    }
    Token name = take();
    if (!expect("=", "and a value after the name"))
      return;
    SyntaxId value = parseExpr();
    if (failed)
      return;
    statement.overrides.push_back({value, {name.text, name.span}});
    hasNext = takeIf(",");
  }
  --nesting;
  expect(")", "after the last value");
}

void SyntaxParser::parseUse(Statement &statement) {
  statement.kind = Statement::Kind::Use;
  Token target = peek();
  statement.usesPath = target.kind == TokenKind::String;
  if (!statement.usesPath && target.kind != TokenKind::Word) {
    fail(DiagnosticKind::ExpectedName, target.span,
         fmt::format("expected the name of a mod or a path, found {}",
                     describe(target)),
         "write `use causal` or `use \"file.mod\"`");
    return;
  }
  take();
  statement.used = {target.text, target.span};
  if (statement.usesPath)
    statement.used.text = target.text.substr(1, target.text.size() - 2);
  if (takeIf("("))
    parseOverrides(statement);
  if (!failed && takeIf("as"))
    statement.name = parseNewName("a used mod");
}

void SyntaxParser::parseNormalize(Statement &statement) {
  statement.kind = Statement::Kind::Normalize;
  if (!expect("=", "after `normalize`"))
    return;
  if (!peek().is("softmax") && !peek().is("none")) {
    fail(DiagnosticKind::ExpectedToken, peek().span,
         fmt::format("expected `softmax` or `none`, found {}",
                     describe(peek())));
    return;
  }
  Token value = take();
  statement.name = {value.text, value.span};
}

/// The first token starts no statement.
void SyntaxParser::failAtStatement() {
  const Token &word = peek();
  if (word.kind != TokenKind::Word) {
    fail(DiagnosticKind::ExpectedStatement, word.span,
         fmt::format("expected a statement, found {}", quote(word.text)));
    return;
  }
  Suggestion suggestion(word.text);
  for (std::string_view keyword :
       {"score", "mask", "prob", "sink", "normalize"})
    suggestion.offer(keyword);
  if (!peekNext().is("="))
    for (std::string_view keyword :
         {"mod", "param", "const", "buffer", "let", "def", "use"})
      suggestion.offer(keyword);
  std::string hint = suggestion.hint();
  if (hint.empty() && peekNext().is("=") && !isReservedWord(word.text))
    hint = fmt::format("write `let {} = ...` to name a value", word.text);
  fail(DiagnosticKind::ExpectedStatement, word.span,
       fmt::format("{} starts no statement", quote(word.text)),
       std::move(hint));
}

void SyntaxParser::parseKeyword(Statement &statement) {
  if (takeIf("mod")) {
    statement.kind = Statement::Kind::Mod;
    statement.name = parseNewName("a mod");
  } else if (takeIf("param")) {
    parseParam(statement);
  } else if (takeIf("const")) {
    parseConst(statement);
  } else if (takeIf("buffer")) {
    parseBuffer(statement);
  } else if (takeIf("let")) {
    statement.kind = Statement::Kind::Let;
    statement.name = parseNewName("a value");
    if (!failed)
      parseAssignment(statement);
  } else if (takeIf("def")) {
    parseDef(statement);
  } else if (takeIf("use")) {
    parseUse(statement);
  } else if (takeIf("normalize")) {
    parseNormalize(statement);
  } else if (peek().kind == TokenKind::Word && isHook(peek().text)) {
    statement.kind = Statement::Kind::Hook;
    Token hook = take();
    statement.name = {hook.text, hook.span};
    parseAssignment(statement);
  } else {
    failAtStatement();
  }
}

void SyntaxParser::parseStatement(const Token *first) {
  at = first;
  failed = false;
  nesting = 0;
  pending.clear();
  Statement statement;
  parseKeyword(statement);
  if (!failed && peek().kind != TokenKind::End)
    fail(DiagnosticKind::ExpectedToken, peek().span,
         fmt::format("expected the end of the line, found {}",
                     quote(peek().text)));
  statement.isBroken = failed;
  statement.span = join(first->span, lastTaken);
  tree.statements.push_back(std::move(statement));
}
