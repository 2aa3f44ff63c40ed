//===- Token.h - Words of .mod text -----------------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the bytes of a .mod file; gives its tokens, comments and line ends
// included, in order and without gaps other than blanks.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TEXT_TOKEN_H
#define ATTNJIT_LIB_TEXT_TOKEN_H

#include "DiagnosticList.h"

#include <string_view>
#include <vector>

namespace attnjit {

enum class TokenKind : uint8_t {
  Word,    ///< a name or a keyword
  Number,  ///< digits with what follows them; its value is checked later
  String,  ///< the quotes included
  Punct,   ///< an operator, a bracket, a separator
  Comment, ///< from '#' to the end of the line
  Newline,
  Error, ///< reported already; whoever meets it says nothing
  End,   ///< the last token, and only it
};

struct Token {
  TokenKind kind = TokenKind::End;
  SourceSpan span;
  std::string_view text; ///< a part of the source

  /// Whether it is that word or operator.
  bool is(std::string_view spelling) const {
    return (kind == TokenKind::Word || kind == TokenKind::Punct) &&
           text == spelling;
  }
  bool opensBracket() const { return is("(") || is("["); }
  bool closesBracket() const { return is(")") || is("]"); }
};

/// Larger files are refused unread.
inline constexpr size_t kMaxFileBytes = 1 << 20;
bool checkFileSize(std::string_view source, DiagnosticList &diagnostics);

/// The tokens of `source`, which must outlive them. Never fails otherwise than
/// by diagnostics; linear in the size of the source.
std::vector<Token> lex(std::string_view source, DiagnosticList &diagnostics);

} // namespace attnjit

#endif // ATTNJIT_LIB_TEXT_TOKEN_H
