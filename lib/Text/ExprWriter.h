//===- ExprWriter.h - Expressions as text -----------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a node and names for some of the nodes below it; gives one line with no
// more brackets and conversions than reading it back needs.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TEXT_EXPRWRITER_H
#define ATTNJIT_LIB_TEXT_EXPRWRITER_H

#include "attnjit/Expr/Expr.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace attnjit {

/// What to call things that have no name of their own.
struct ExprNames {
  /// Nodes that a `let` or, with free reduction variables, a `def` names.
  std::unordered_map<const ExprNode *, std::string> shared;
  std::string reducePrefix = "r";
  std::string nan = "nan";
};

class ExprWriter {
public:
  /// Appends to `out`; stops, anywhere, once it is longer than `maxLength`.
  ExprWriter(const ExprNames &names, std::string &out,
             size_t maxLength = SIZE_MAX)
      : names(names), out(out), maxLength(maxLength) {}

  /// `e` itself, though it may have a name.
  void writeDefinition(const Expr &e);

  /// `e` as what stands right of `score =` and the like.
  void writeHook(const Expr &e);

private:
  void write(const Expr &e, int minLevel);
  void writeNode(const Expr &e, int minLevel);
  void writeLeaf(const Expr &e);
  void writeUnary(const Expr &e, int minLevel);
  void writeBinary(const Expr &e, std::string_view op, int level, int minLevel);
  void writeReduce(const Expr &e);
  void writeExtreme(const Expr &e);
  void writeList(std::string_view open, std::span<const Expr> list,
                 std::string_view close);
  /// The operands of `e`, without the conversions that the language makes by
  /// itself.
  std::vector<Expr> implicitOperands(const Expr &e) const;
  bool isNamed(const Expr &e) const { return names.shared.contains(e.get()); }

  const ExprNames &names;
  std::string &out;
  size_t maxLength;
};

} // namespace attnjit

#endif // ATTNJIT_LIB_TEXT_EXPRWRITER_H
