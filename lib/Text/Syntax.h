//===- Syntax.h - Statements and expressions as written ---------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the tokens of a file; gives its statements with the shape of every
// expression, nothing looked up and nothing typed. A statement with an error
// keeps the name that it declares, so that its uses are not errors too.
//
// Expressions lie in one array and refer to each other by index. Their depth
// is bounded by kMaxDepth, so walking them by recursion is safe.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TEXT_SYNTAX_H
#define ATTNJIT_LIB_TEXT_SYNTAX_H

#include "DiagnosticList.h"
#include "Token.h"

#include "attnjit/Support/Capture.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace attnjit {

/// A word of the source and where it stands. No text: absent.
struct Identifier {
  std::string_view text;
  SourceSpan span;

  explicit operator bool() const { return !text.empty(); }
};

/// Index into SyntaxTree::nodes.
using SyntaxId = uint32_t;
inline constexpr SyntaxId kNoSyntax = UINT32_MAX;

/// One expression. Children are arguments of the tree, in the order stated.
struct SyntaxNode {
  enum class Kind : uint8_t {
    Literal,     ///< `literal`
    Name,        ///< `name`
    Unary,       ///< operator `name`; operand
    Binary,      ///< operator `name`; left, right
    Conditional, ///< condition, value if true, value if false
    Call,        ///< function `name`; arguments, maybe named
    Subscript,   ///< indexed expression, subscripts
    Member,      ///< `name` of: base, arguments, maybe named
    Reduction,   ///< kind `name` over `variable`; lo, hi, body
  };
  Kind kind = Kind::Literal;
  int depth = 1;            ///< as ExprNode::depth
  SourceSpan span = {};     ///< of the whole expression
  Identifier name = {};     ///< see Kind
  Identifier variable = {}; ///< Reduction
  Scalar literal = {};      ///< Literal
  uint32_t firstArgument = 0, argumentCount = 0;
};

/// A child of an expression, or `name = value` of a call or a `use`.
struct SyntaxArgument {
  SyntaxId value = kNoSyntax;
  Identifier name; ///< absent where it is given by position
};

struct SyntaxParameter {
  Identifier name, type;
};

/// `SIZE`, a compile-time expression, or `?`.
struct SyntaxDim {
  SourceSpan span;
  SyntaxId value = kNoSyntax; ///< kNoSyntax: `?`
};

struct Statement {
  enum class Kind : uint8_t {
    Mod,
    Param,
    Const,
    Buffer,
    Let,
    Def,
    Use,
    Hook,
    Normalize,
  };
  Kind kind = Kind::Mod;
  bool isBroken = false; ///< a syntax error was reported; `name` may be there
  SourceSpan span;
  Identifier name; ///< declared; Use: the alias; Hook: which; Normalize: how
  Identifier type; ///< Param, Const, Buffer
  SyntaxId value = kNoSyntax; ///< right of `=`

  // Buffer
  std::vector<SyntaxDim> dims;
  SyntaxId rangeLo = kNoSyntax, rangeHi = kNoSyntax;
  Identifier sorted, grad; ///< the keywords, where they stand

  // Def
  std::vector<SyntaxParameter> parameters;

  // Use
  Identifier used; ///< a name, or the path without its quotes
  bool usesPath = false;
  std::vector<SyntaxArgument> overrides;
};

struct SyntaxTree {
  std::vector<SyntaxNode> nodes;
  std::vector<SyntaxArgument> arguments;
  std::vector<Statement> statements;

  std::span<const SyntaxArgument> argumentsOf(const SyntaxNode &node) const {
    return std::span(arguments).subspan(node.firstArgument, node.argumentCount);
  }
  const SyntaxNode &operator[](SyntaxId id) const { return nodes[id]; }
};

/// The statements of `tokens`, as `lex` gave them. The text that they point
/// into must outlive the tree.
SyntaxTree parseSyntax(std::span<const Token> tokens,
                       DiagnosticList &diagnostics);

} // namespace attnjit

#endif // ATTNJIT_LIB_TEXT_SYNTAX_H
