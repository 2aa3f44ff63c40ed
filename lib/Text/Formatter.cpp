//===- Formatter.cpp - Canonical layout of .mod text ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the tokens of a file, comments and line ends among them; gives them
// back with canonical blanks. Lines break where the author broke them. Since
// the layout is a function of the tokens and their line ends alone, which it
// keeps, formatting twice is formatting once.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Text/Formatter.h"

#include "Syntax.h"
#include "Token.h"

#include <algorithm>
#include <utility>

using namespace attnjit;

namespace {
class Formatter {
public:
  explicit Formatter(std::span<const Token> tokens) : tokens(tokens) {}
  std::string run();

private:
  void write(const Token &token);
  void writeComment(const Token &token);
  void endLine();
  bool needsBlank(const Token &token) const;
  bool isSign(const Token &token) const;

  /// What a bracket holds, as far as blanks depend on it.
  struct Bracket {
    bool isReduction = false; ///< `in` was met: its `:` ends the range
  };

  std::span<const Token> tokens;
  std::vector<Bracket> brackets;
  Token last;              ///< of this statement; End: there is none
  bool lastIsSign = false; ///< `last` is a prefix operator
  std::string line, out;
  int emptyLines = 0; ///< since the last line that is not empty
};
} // namespace

/// Words after which an operand begins, so that a bracket is no call.
static bool isOperatorWord(const Token &token) {
  static constexpr std::string_view kWords[] = {"and", "or",   "not", "if",
                                                "in",  "else", "as"};
  return token.kind == TokenKind::Word &&
         std::ranges::find(kWords, token.text) != std::end(kWords);
}

static bool endsOperand(const Token &token) {
  bool isName = token.kind == TokenKind::Word && !isOperatorWord(token);
  return isName || token.kind == TokenKind::Number ||
         token.kind == TokenKind::String || token.closesBracket() ||
         token.is("?");
}

bool Formatter::isSign(const Token &token) const {
  return token.is("~") ||
         ((token.is("-") || token.is("+")) && !endsOperand(last));
}

bool Formatter::needsBlank(const Token &token) const {
  if (last.kind == TokenKind::End || lastIsSign || last.opensBracket() ||
      last.is(".") || last.is("..") || token.closesBracket() || token.is(",") ||
      token.is(".") || token.is(".."))
    return false;
  if (token.opensBracket())
    return !endsOperand(last);
  if (token.is(":"))
    return brackets.empty() || !brackets.back().isReduction;
  return true;
}

void Formatter::endLine() {
  if (line.find_first_not_of(' ') == std::string::npos) {
    ++emptyLines;
  } else {
    if (emptyLines > 0 && !out.empty())
      out += '\n';
    (out += line) += '\n';
    emptyLines = 0;
  }
  line.clear();
}

void Formatter::writeComment(const Token &token) {
  if (!line.empty())
    line += "  ";
  else if (!brackets.empty())
    line += "    ";
  std::string_view text = token.text;
  line += text.substr(0, text.find_last_not_of(" \t") + 1);
}

void Formatter::write(const Token &token) {
  if (line.empty())
    line += brackets.empty() || token.closesBracket() ? "" : "    ";
  else if (needsBlank(token))
    line += ' ';
  line += token.text;

  lastIsSign = isSign(token);
  if (token.opensBracket())
    brackets.emplace_back();
  else if (token.closesBracket() && !brackets.empty())
    brackets.pop_back();
  else if (token.is("in") && !brackets.empty())
    brackets.back().isReduction = true;
  last = token;
}

std::string Formatter::run() {
  for (const Token &token : tokens) {
    if (token.kind == TokenKind::Newline || token.kind == TokenKind::End) {
      endLine();
      if (brackets.empty())
        last = Token();
    } else if (token.kind == TokenKind::Comment) {
      writeComment(token);
    } else {
      write(token);
    }
  }
  return std::move(out);
}

FormatResult attnjit::formatMod(std::string_view source) {
  DiagnosticList diagnostics;
  FormatResult result;
  if (!checkFileSize(source, diagnostics)) {
    result.diagnostics = diagnostics.take();
    return result;
  }
  std::vector<Token> tokens = lex(source, diagnostics);
  parseSyntax(tokens, diagnostics);
  result.diagnostics = diagnostics.take();
  if (result.diagnostics.empty())
    result.text = Formatter(tokens).run();
  return result;
}
