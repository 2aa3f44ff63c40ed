//===- ModProgram.h - A finished, checked mod -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a .mod file or the C++ builder gives: the hooks of one attention
// variant and the declarations of what they capture.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_EXPR_MODPROGRAM_H
#define ATTNJIT_EXPR_MODPROGRAM_H

#include "attnjit/Expr/Expr.h"
#include "attnjit/Support/Error.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attnjit {

enum class Normalize : uint8_t { Softmax, None };

/// The parts of a mod, unchecked. What `ModProgram::create` takes.
struct ModParts {
  std::string name; ///< may be empty
  Expr score;       ///< f32 of score and positions; null: identity
  Expr mask;        ///< bool of positions; null: all kept
  Expr prob;        ///< f32 of prob and positions; null: identity
  Expr sink;        ///< f32 of b, h, q; null: none
  Normalize normalize = Normalize::Softmax;
  /// Declared params and buffers, in order of declaration. Those that the
  /// hooks use and that are missing here are appended in order of use.
  std::vector<ParamDecl> params;
  std::vector<BufferDecl> buffers;

  bool operator==(const ModParts &) const = default;
};

/// A checked mod: every hook has its type and uses only what it may, names are
/// unique and lawful, limits are kept. Immutable value; safe to share.
class ModProgram {
public:
  /// Checks the parts. An Error of kind InvalidMod names the hook or capture,
  /// what it is and what it should be.
  /// An i32 score, prob or sink is converted to f32.
  static Expected<ModProgram> create(ModParts parts);

  /// The mod that does nothing: plain attention.
  static ModProgram identity();

  const std::string &name() const { return parts.name; }
  const Expr &score() const { return parts.score; }
  const Expr &mask() const { return parts.mask; }
  const Expr &prob() const { return parts.prob; }
  const Expr &sink() const { return parts.sink; }
  Normalize normalize() const { return parts.normalize; }
  const std::vector<ParamDecl> &params() const { return parts.params; }
  const std::vector<BufferDecl> &buffers() const { return parts.buffers; }

  /// Ordinal of a param or buffer by name; -1 where there is none.
  int paramOrdinal(std::string_view name) const;
  int bufferOrdinal(std::string_view name) const;

  /// Same hooks, captures and normalisation, name included.
  bool operator==(const ModProgram &other) const = default;

private:
  explicit ModProgram(ModParts parts) : parts(std::move(parts)) {}
  ModParts parts;
};

/// A mod in the form that kernels are compiled from and cached by.
struct CanonicalMod {
  /// Simplified; captures renamed to p0, p1, ... and b0, b1, ... in order of
  /// first use, unused ones dropped, defaults and the mod's name removed.
  ModProgram program = ModProgram::identity();
  /// For each param / buffer of `program`, its ordinal in the original mod.
  std::vector<int> paramSource;
  std::vector<int> bufferSource;
  /// Prints `program` completely and unambiguously: equal texts mean equal
  /// kernels. Linear in the number of distinct nodes.
  std::string keyText;
};

/// Simplifies, leaves out hooks that do nothing, and renames. Two mods that
/// differ only in names, defaults, order of declaration or spelling give the
/// same keyText.
CanonicalMod canonicalize(const ModProgram &mod);

} // namespace attnjit

#endif // ATTNJIT_EXPR_MODPROGRAM_H
