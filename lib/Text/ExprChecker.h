//===- ExprChecker.h - From written to checked expressions ------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the shape of an expression and the names in reach; gives the Expr that
// it means. What is wrong is reported once, at the narrowest span, and gives an
// Invalid Expr, which passes through everything built on it without another
// word.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TEXT_EXPRCHECKER_H
#define ATTNJIT_LIB_TEXT_EXPRCHECKER_H

#include "ParseContext.h"
#include "Scope.h"
#include "Syntax.h"

#include <initializer_list>
#include <optional>
#include <string_view>

namespace attnjit {

/// Whether an error was reported where `e` was made.
inline bool isError(const Expr &e) { return e->op() == Op::Invalid; }
/// An Expr of that kind.
Expr errorExpr();

/// The number of distinct nodes.
uint64_t countNodes(const Expr &e);

/// Where an expression stands: what it may refer to, and how to say so.
struct Place {
  std::string_view what;      ///< "a mask"
  uint32_t allowedVars = ~0u; ///< set over Var
  bool isCompileTime = false;
};

class ExprChecker {
public:
  ExprChecker(const SyntaxTree &tree, Scope &scope, const Hooks &hooks,
              ParseContext &context, DiagnosticList &diagnostics)
      : tree(tree), scope(scope), hooks(hooks), context(context),
        diagnostics(diagnostics) {}

  Expr check(SyntaxId id, const Place &place);

  /// A compile-time value of that type (i32 converts to f32), or of any type;
  /// nothing after an error.
  std::optional<Scalar> checkConstant(SyntaxId id, std::string_view what,
                                      std::optional<Type> type);

  /// `e` as a value of `type` at `span`; i32 converts to f32.
  Expr convert(const Expr &e, Type type, SourceSpan span,
               std::string_view what);

  /// `body` with each first replaced by its second; `bodySize` is its number
  /// of nodes.
  Expr substituteWithin(const Expr &body, uint64_t bodySize,
                        std::vector<std::pair<Expr, Expr>> replacements,
                        SourceSpan span);

  /// The node, or an error at `span` where the operands do not fit.
  Expr make(Op op, std::initializer_list<Expr> operands, SourceSpan span);

  /// Says, once, that the budget of nodes is spent.
  Expr reportTooLarge(SourceSpan span);

  /// After a `use` that failed unknown names are likely its own.
  void silenceUnknownNames() { unknownNamesAreSilent = true; }

private:
  Expr checkNode(SyntaxId id);
  Expr checkName(const SyntaxNode &node);
  Expr checkUnary(const SyntaxNode &node);
  Expr checkBinary(const SyntaxNode &node);
  Expr checkConditional(const SyntaxNode &node);
  Expr checkCall(const SyntaxNode &node);
  Expr checkFunction(const SyntaxNode &node, Op op, int arity);
  Expr checkClamp(const SyntaxNode &node);
  Expr checkDefinition(const SyntaxNode &node, const Definition &definition);
  Expr checkSubscript(const SyntaxNode &node);
  Expr checkMember(const SyntaxNode &node);
  Expr checkReduction(const SyntaxNode &node);

  /// The arguments, given by position, of a call that takes `count`; nothing
  /// after an error.
  std::optional<std::vector<Expr>> checkArguments(const SyntaxNode &node,
                                                  size_t count);
  /// The replacements that the named arguments of `A.score(...)` ask for.
  std::optional<std::vector<std::pair<Expr, Expr>>>
  checkReplacements(const SyntaxNode &node);
  /// The symbol that a base like `A` in `A.mask` names; null after an error.
  const Symbol *checkBase(SyntaxId base);

  /// `e`, unless the place does not allow a variable that it depends on.
  Expr admit(const Expr &e, SourceSpan span);
  Expr currentValue(Var var) const;
  Expr report(DiagnosticKind kind, SourceSpan span, std::string message,
              std::string hint = {});
  Expr reportUnknown(const Identifier &name);

  const SyntaxTree &tree;
  Scope &scope;
  const Hooks &hooks;
  ParseContext &context;
  DiagnosticList &diagnostics;
  const Place *place = nullptr;
  uint64_t nodesMade = 0;
  bool unknownNamesAreSilent = false;
  bool reportedTooLarge = false;
};

} // namespace attnjit

#endif // ATTNJIT_LIB_TEXT_EXPRCHECKER_H
