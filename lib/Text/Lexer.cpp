//===- Lexer.cpp - From bytes to tokens -----------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes any bytes; gives tokens. Bytes that cannot stand in a mod become Error
// tokens, a run of them one token with one diagnostic.
//
//===----------------------------------------------------------------------===//

#include "Token.h"

#include "Utf8.h"

#include <fmt/format.h>

#include <utility>

using namespace attnjit;

static bool isDigit(char c) { return c >= '0' && c <= '9'; }
static bool isWordStart(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static bool isWordPart(char c) { return isWordStart(c) || isDigit(c); }

namespace {
class Lexer {
public:
  Lexer(std::string_view source, DiagnosticList &diagnostics)
      : source(source), diagnostics(diagnostics) {}

  std::vector<Token> run();

private:
  char peek(size_t ahead = 0) const {
    return at + ahead < source.size() ? source[at + ahead] : '\0';
  }
  bool atLineEnd() const {
    return at >= source.size() || source[at] == '\n' ||
           (source[at] == '\r' && peek(1) == '\n');
  }
  SourceSpan spanFrom(size_t begin) const {
    return {static_cast<uint32_t>(begin), static_cast<uint32_t>(at)};
  }
  void push(TokenKind kind, size_t begin) {
    tokens.push_back({kind, spanFrom(begin), source.substr(begin, at - begin)});
  }

  void lexToken();
  void lexNumber();
  void lexString();
  void lexComment();
  bool lexPunct();
  void lexUnexpected();

  std::string_view source;
  DiagnosticList &diagnostics;
  std::vector<Token> tokens;
  size_t at = 0;
};
} // namespace

std::vector<Token> Lexer::run() {
  if (source.starts_with("\xEF\xBB\xBF"))
    at = 3; // a byte order mark says nothing about UTF-8
  while (at < source.size())
    lexToken();
  push(TokenKind::End, at);
  return std::move(tokens);
}

void Lexer::lexToken() {
  size_t begin = at;
  char c = peek();
  if (c == ' ' || c == '\t' || (c == '\r' && peek(1) == '\n')) {
    ++at;
  } else if (c == '\n') {
    ++at;
    push(TokenKind::Newline, begin);
  } else if (isWordStart(c)) {
    while (isWordPart(peek()))
      ++at;
    push(TokenKind::Word, begin);
  } else if (isDigit(c)) {
    lexNumber();
  } else if (c == '"') {
    lexString();
  } else if (c == '#') {
    lexComment();
  } else if (!lexPunct()) {
    lexUnexpected();
  }
}

/// Takes all that a reader would take for one number, well-formed or not, so
/// that `12abc` and `1.` are reported whole. In `0..4` the dots are no part.
void Lexer::lexNumber() {
  size_t begin = at;
  bool isHex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
  while (at < source.size()) {
    char c = peek();
    bool isPoint = c == '.' && peek(1) != '.' && !isHex;
    bool isExponentSign = (c == '+' || c == '-') && !isHex && at > begin &&
                          (source[at - 1] == 'e' || source[at - 1] == 'E') &&
                          isDigit(peek(1));
    if (!isWordPart(c) && !isPoint && !isExponentSign)
      break;
    ++at;
  }
  push(TokenKind::Number, begin);
}

void Lexer::lexString() {
  size_t begin = at++;
  while (!atLineEnd() && peek() != '"') {
    size_t length = utf8Length(source.substr(at));
    if (length == 0 || static_cast<unsigned char>(peek()) < 0x20)
      return lexUnexpected();
    at += length;
  }
  if (atLineEnd()) {
    diagnostics.add(DiagnosticKind::UnterminatedString, spanFrom(begin),
                    "this text is not closed before the end of its line",
                    "close it with `\"`");
    push(TokenKind::Error, begin);
    return;
  }
  ++at;
  push(TokenKind::String, begin);
}

void Lexer::lexComment() {
  size_t begin = at;
  while (!atLineEnd()) {
    size_t length = utf8Length(source.substr(at));
    if (length == 0 || peek() == '\0') {
      push(TokenKind::Comment, begin);
      return lexUnexpected();
    }
    at += length;
  }
  push(TokenKind::Comment, begin);
}

bool Lexer::lexPunct() {
  static constexpr std::string_view kPairs[] = {
      "<=", ">=", "==", "!=", "<<", ">>", "//", ".."};
  static constexpr std::string_view kSingles = "()[],:.=<>+-*/%&|^~?";
  std::string_view rest = source.substr(at);
  // Of other languages; reported whole, with what to write instead.
  for (std::string_view foreign : {"**", "&&", "||", "->", "=>"})
    if (rest.starts_with(foreign))
      return false;
  for (std::string_view pair : kPairs) {
    if (!rest.starts_with(pair))
      continue;
    at += 2;
    push(TokenKind::Punct, at - 2);
    return true;
  }
  if (kSingles.find(rest[0]) == std::string_view::npos)
    return false;
  ++at;
  push(TokenKind::Punct, at - 1);
  return true;
}

/// What to write instead of characters that people bring from elsewhere.
static std::string_view suggest(std::string_view rest) {
  static constexpr std::pair<std::string_view, std::string_view> kTable[] = {
      {"&&", "write `and`"},
      {"||", "write `or`"},
      {"**", "write `pow(x, y)`"},
      {"!", "write `not`"},
      {";", "a statement ends with its line"},
      {"{", "brackets are `(` and `[`"},
      {"}", "brackets are `(` and `[`"},
      {"'", "a path stands in double quotes"},
      {"\u2212", "write `-`"},
      {"\u00d7", "write `*`"},
      {"\u2264", "write `<=`"},
      {"\u2265", "write `>=`"},
      {"\u2260", "write `!=`"},
      {"\u221e", "write `inf`"},
      {"\u201c", "a path stands in straight double quotes"},
      {"\u201d", "a path stands in straight double quotes"},
  };
  for (const auto &[spelling, hint] : kTable)
    if (rest.starts_with(spelling))
      return hint;
  return {};
}

void Lexer::lexUnexpected() {
  size_t begin = at;
  std::string_view rest = source.substr(at);
  size_t length = utf8Length(rest);
  std::string hint(suggest(rest));
  if (length == 0) {
    while (at < source.size() && utf8Length(source.substr(at)) == 0)
      ++at;
    diagnostics.add(DiagnosticKind::InvalidUtf8, spanFrom(begin),
                    "these bytes are not UTF-8 text", "save the file in UTF-8");
  } else if (static_cast<unsigned char>(rest[0]) < 0x20 || rest[0] == 0x7f) {
    ++at;
    while (at < source.size() && peek() == rest[0])
      ++at;
    diagnostics.add(
        DiagnosticKind::UnexpectedCharacter, spanFrom(begin),
        fmt::format("the control character 0x{:02x} cannot stand in a mod",
                    static_cast<unsigned char>(rest[0])));
  } else {
    bool isPair = length == 1 && rest.size() > 1 &&
                  (rest[1] == rest[0] || rest[1] == '>') &&
                  !isWordPart(rest[1]);
    at += isPair ? 2 : length;
    diagnostics.add(DiagnosticKind::UnexpectedCharacter, spanFrom(begin),
                    quote(rest.substr(0, at - begin)) + " means nothing here",
                    std::move(hint));
  }
  push(TokenKind::Error, begin);
}

bool attnjit::checkFileSize(std::string_view source,
                            DiagnosticList &diagnostics) {
  if (source.size() <= kMaxFileBytes)
    return true;
  diagnostics.add(DiagnosticKind::FileTooLarge, {0, 0},
                  fmt::format("the file has {} bytes; at most {} are allowed",
                              source.size(), kMaxFileBytes));
  return false;
}

std::vector<Token> attnjit::lex(std::string_view source,
                                DiagnosticList &diagnostics) {
  return Lexer(source, diagnostics).run();
}
