//===- Scope.h - What the names of a mod mean -------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes declarations in order; gives the meaning of a name at a point of the
// file.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TEXT_SCOPE_H
#define ATTNJIT_LIB_TEXT_SCOPE_H

#include "DiagnosticList.h"

#include "attnjit/Expr/ModProgram.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace attnjit {

/// A `def`: an expression with holes. Each hole is a param with a name that no
/// text can hold; holes of the same name and type are one, so that passing a
/// parameter on to a def that calls it the same costs nothing.
struct Definition {
  std::vector<Expr> holes;
  Expr body;
  uint64_t bodySize = 0; ///< distinct nodes
};

/// What the statements of a mod have made so far, or made in all.
struct Hooks {
  Expr score, mask, prob, sink;       ///< null: no statement
  std::optional<Normalize> normalize; ///< none: no statement
  uint64_t size = 0; ///< distinct nodes of all four, once they are finished
};

struct Symbol {
  SourceSpan span;     ///< of its declaration; for captures of a used mod,
                       ///< of the `use`
  bool isUsed = false; ///< came in with a `use`
  /// monostate: its declaration has an error that was reported.
  std::variant<std::monostate, Expr, BufferDecl,
               std::shared_ptr<const Definition>, std::shared_ptr<const Hooks>>
      meaning;
};

class Scope {
public:
  /// The symbol, or null.
  const Symbol *find(std::string_view name) const;

  /// False where the name is taken already.
  bool declare(std::string_view name, Symbol symbol);

  /// While it lives, `name` means `value`, whatever it meant before.
  class Binding {
  public:
    Binding(Scope &scope, std::string_view name, Expr value, SourceSpan span);
    ~Binding();
    Binding(const Binding &) = delete;
    Binding &operator=(const Binding &) = delete;

  private:
    Scope &scope;
    std::string name;
    std::optional<Symbol> hidden;
  };

  /// A hint like "did you mean `dist`?" among all names in reach.
  std::string suggest(std::string_view unknown,
                      const std::vector<std::string_view> &alsoKnown) const;

private:
  std::unordered_map<std::string, Symbol> symbols;
  mutable int suggestionsLeft = 50; ///< each one looks at all names
};

} // namespace attnjit

#endif // ATTNJIT_LIB_TEXT_SCOPE_H
