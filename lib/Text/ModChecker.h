//===- ModChecker.h - From statements to the parts of a mod -----*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the statements of one file in order; gives its hooks and captures. A
// declaration with an error still declares its name, so that nothing that uses
// the name is an error too.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TEXT_MODCHECKER_H
#define ATTNJIT_LIB_TEXT_MODCHECKER_H

#include "ExprChecker.h"
#include "ParseContext.h"
#include "Scope.h"
#include "Syntax.h"

#include <string>
#include <string_view>
#include <vector>

namespace attnjit {

/// A value for a `const` of a file, from outside of it.
struct ConstantOverride {
  std::string name;
  Scalar value;
  SourceSpan span; ///< where the outside gives it

  // Found out by checking the file:
  bool isDeclared = false;
  Type declaredType = Type::I32; ///< where it is declared
  bool fits = true;              ///< whether `value` has or converts to it
};

/// One file, checked. Meaningful as a mod where there are no diagnostics.
struct CheckedFile {
  std::string name;
  Hooks hooks;
  std::vector<ParamDecl> params;
  std::vector<BufferDecl> buffers;
  std::vector<ConstantInfo> constants;
  SourceSpan lastHook; ///< of the last statement that gives a hook
};

/// Checks `source` and the files that it uses.
CheckedFile checkFile(std::string_view source,
                      std::vector<ConstantOverride> &overrides,
                      ParseContext &context, DiagnosticList &diagnostics);

/// Reports overrides that name no const of the file, or do not fit it.
void reportOverrides(const std::vector<ConstantOverride> &overrides,
                     const std::vector<ConstantInfo> &declared,
                     DiagnosticList &diagnostics);

class ModChecker {
public:
  ModChecker(std::string_view source, const SyntaxTree &tree,
             std::vector<ConstantOverride> &overrides, ParseContext &context,
             DiagnosticList &diagnostics)
      : source(source), tree(tree), overrides(overrides), context(context),
        diagnostics(diagnostics),
        exprs(tree, scope, file.hooks, context, diagnostics) {}

  CheckedFile run();

private:
  void check(const Statement &statement);
  /// Declares what a statement with a syntax error would have declared.
  void declareBroken(const Statement &statement);
  void checkModName(const Statement &statement);
  void checkNormalize(const Statement &statement);

  //===--- Declarations (DeclarationChecker.cpp) --------------------------===//

  void checkParam(const Statement &statement);
  void checkConst(const Statement &statement);
  void checkBuffer(const Statement &statement);
  std::optional<Dim> checkDim(const SyntaxDim &dim);
  bool checkRange(const Statement &statement, BufferDecl &decl);
  void checkLet(const Statement &statement);
  void checkDef(const Statement &statement);
  void declare(const Identifier &name, Symbol symbol);
  /// Declares a param or a buffer. One that a used mod declared alike is
  /// shared.
  template <typename Decl>
  void declareCapture(const Decl &decl, std::vector<Decl> &list,
                      SourceSpan span, bool isUsed, const Expr &value);
  void reportDuplicate(std::string_view name, SourceSpan span,
                       const Symbol &earlier);

  //===--- Hooks (HookChecker.cpp) ----------------------------------------===//

  void checkHook(const Statement &statement);
  void checkUse(const Statement &statement);
  std::optional<ResolvedMod> resolve(const Statement &statement);
  std::optional<CheckedFile> checkUsed(const Statement &statement,
                                       const ResolvedMod &resolved);
  void takeCaptures(const CheckedFile &used, SourceSpan span);
  void compose(const CheckedFile &used, SourceSpan span);
  void setSink(const Expr &sink, SourceSpan span);
  void setNormalize(Normalize normalize, SourceSpan span);

  std::string_view source;
  const SyntaxTree &tree;
  std::vector<ConstantOverride> &overrides;
  ParseContext &context;
  DiagnosticList &diagnostics;
  Scope scope;
  CheckedFile file;
  ExprChecker exprs;
  bool captureLimitReported = false;
};

/// Line and column, from 1, of a byte of `source`.
struct LineColumn {
  size_t line, column;
};
LineColumn locate(std::string_view source, size_t offset);

} // namespace attnjit

#endif // ATTNJIT_LIB_TEXT_MODCHECKER_H
