//===- SyntaxParser.h - Parsing one statement -------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the tokens of one statement; appends a Statement and its expressions
// to the tree. The first error of a statement ends it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TEXT_SYNTAXPARSER_H
#define ATTNJIT_LIB_TEXT_SYNTAXPARSER_H

#include "Syntax.h"

#include <initializer_list>
#include <string>

namespace attnjit {

class SyntaxParser {
public:
  SyntaxParser(SyntaxTree &tree, DiagnosticList &diagnostics)
      : tree(tree), diagnostics(diagnostics) {}

  /// Parses the statement that starts at `first` and ends before the next End
  /// token.
  void parseStatement(const Token *first);

private:
  //===--- Tokens ---------------------------------------------------------===//

  const Token &peek() const { return *at; }
  const Token &peekNext() const {
    return at->kind == TokenKind::End ? *at : at[1];
  }
  Token take();
  bool takeIf(std::string_view spelling);
  /// Takes `spelling`; an error says that it is missing, and what it is for.
  bool expect(std::string_view spelling, std::string_view purpose);

  /// Reports the first error of the statement. Gives false.
  bool fail(DiagnosticKind kind, SourceSpan span, std::string message,
            std::string hint = {});

  //===--- Statements (StatementSyntax.cpp) -------------------------------===//

  void parseKeyword(Statement &statement);
  void parseParam(Statement &statement);
  void parseConst(Statement &statement);
  void parseBuffer(Statement &statement);
  void parseBufferFacts(Statement &statement);
  void parseDef(Statement &statement);
  void parseUse(Statement &statement);
  void parseOverrides(Statement &statement);
  void parseNormalize(Statement &statement);
  void parseAssignment(Statement &statement);
  void failAtStatement();
  /// A name that the statement may declare; absent after an error.
  Identifier parseNewName(std::string_view what);
  Identifier parseType(bool isElement);

  //===--- Expressions (ExprSyntax.cpp) -----------------------------------===//
  // Each gives kNoSyntax after an error.

  SyntaxId parseExpr();
  SyntaxId parseOperators();
  SyntaxId parseOperand();
  SyntaxId parsePostfix(SyntaxId base);
  SyntaxId parsePrimary();
  SyntaxId parseNumber(bool isNegative);
  SyntaxId parseCall(const Token &name);
  SyntaxId parseReduction(const Token &kind);
  /// Up to and with the closing bracket.
  bool parseArguments(std::vector<SyntaxArgument> &arguments,
                      std::string_view closing);

  struct PendingOperator {
    Token token;
    int level;
    SyntaxId left; ///< kNoSyntax for `not`
  };
  bool combine(SyntaxId &right);
  bool isChained(const Token &op, size_t base);

  SyntaxId addNode(SyntaxNode node, std::span<const SyntaxArgument> arguments);
  SyntaxId addNode(SyntaxNode node, std::initializer_list<SyntaxId> children);
  SourceSpan spanOf(SyntaxId id) const { return tree.nodes[id].span; }

  SyntaxTree &tree;
  DiagnosticList &diagnostics;
  const Token *at = nullptr;
  SourceSpan lastTaken;
  bool failed = false;
  int nesting = 0; ///< brackets around the current token
  std::vector<PendingOperator> pending;
};

} // namespace attnjit

#endif // ATTNJIT_LIB_TEXT_SYNTAXPARSER_H
