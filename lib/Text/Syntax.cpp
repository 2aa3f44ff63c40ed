//===- Syntax.cpp - From tokens to statements -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Splits the tokens of a file into statements, then parses each. A statement
// ends with the first line end outside of brackets. A bracket that is never
// closed must not take the rest of the file with it: words that can only start
// a statement end it, and so do lines like `score = ...` once it is known that
// a bracket stays open.
//
//===----------------------------------------------------------------------===//

#include "Syntax.h"

#include "SyntaxParser.h"
#include "Vocabulary.h"

using namespace attnjit;

namespace {
class StatementSplitter {
public:
  StatementSplitter(std::span<const Token> tokens, DiagnosticList &diagnostics)
      : tokens(tokens), diagnostics(diagnostics) {}

  /// The tokens of the next statement and an End; false at the end of the file.
  bool next(std::vector<Token> &statement);

private:
  struct Extent {
    size_t end;
    const Token *unclosed; ///< null: all brackets are closed
  };
  Extent measure(bool endsAtHooks) const;
  bool startsStatement(size_t index, bool endsAtHooks) const;

  std::span<const Token> tokens;
  DiagnosticList &diagnostics;
  size_t at = 0;
  /// Before this token a bracket is known to stay open. Each token is measured
  /// at most twice, which keeps the splitting linear.
  size_t suspectUntil = 0;
};
} // namespace

bool StatementSplitter::startsStatement(size_t index, bool endsAtHooks) const {
  const Token &token = tokens[index];
  if (token.kind != TokenKind::Word || index == 0 ||
      tokens[index - 1].kind != TokenKind::Newline)
    return false;
  bool isHookLine = (isHook(token.text) || token.text == "normalize") &&
                    tokens[index + 1].is("=");
  return isDeclarationKeyword(token.text) || (endsAtHooks && isHookLine);
}

StatementSplitter::Extent StatementSplitter::measure(bool endsAtHooks) const {
  std::vector<const Token *> open;
  size_t i = at;
  for (; tokens[i].kind != TokenKind::End; ++i) {
    if (open.empty() && tokens[i].kind == TokenKind::Newline)
      break;
    if (i > at && startsStatement(i, endsAtHooks))
      break;
    if (tokens[i].opensBracket())
      open.push_back(&tokens[i]);
    else if (tokens[i].closesBracket() && !open.empty())
      open.pop_back();
  }
  return {i, open.empty() ? nullptr : open.back()};
}

bool StatementSplitter::next(std::vector<Token> &statement) {
  statement.clear();
  while (tokens[at].kind == TokenKind::Newline ||
         tokens[at].kind == TokenKind::Comment)
    ++at;
  if (tokens[at].kind == TokenKind::End)
    return false;

  Extent extent = measure(/*endsAtHooks=*/at < suspectUntil);
  if (extent.unclosed && at >= suspectUntil) {
    suspectUntil = extent.end;
    extent = measure(/*endsAtHooks=*/true);
  }
  for (; at < extent.end; ++at)
    if (tokens[at].kind != TokenKind::Newline &&
        tokens[at].kind != TokenKind::Comment)
      statement.push_back(tokens[at]);

  Token end = tokens[extent.end];
  end.kind = TokenKind::End;
  end.span = {statement.back().span.end, statement.back().span.end};
  if (extent.unclosed) {
    diagnostics.add(DiagnosticKind::UnclosedBracket, extent.unclosed->span,
                    quote(extent.unclosed->text) + " is never closed");
    Token error = end;
    error.kind = TokenKind::Error;
    statement.push_back(error);
  }
  statement.push_back(end);
  return true;
}

SyntaxTree attnjit::parseSyntax(std::span<const Token> tokens,
                                DiagnosticList &diagnostics) {
  SyntaxTree tree;
  StatementSplitter splitter(tokens, diagnostics);
  SyntaxParser parser(tree, diagnostics);
  std::vector<Token> statement;
  while (splitter.next(statement))
    parser.parseStatement(statement.data());
  return tree;
}
