//===- Names.h - Names that mods may give ---------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Which names the language keeps for itself. The same rules hold for mods that
// are written as text and for those that are built in C++, so that every mod
// can be printed.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_EXPR_NAMES_H
#define ATTNJIT_EXPR_NAMES_H

#include <string_view>

namespace attnjit {

/// A letter or underscore, then letters, digits and underscores; all ASCII.
bool isIdentifier(std::string_view text);

/// A keyword, type, variable, size or function of the language, or one of the
/// accepted other names `q_idx`, `kv_idx`, `b_idx`, `h_idx`.
bool isReservedWord(std::string_view text);

} // namespace attnjit

#endif // ATTNJIT_EXPR_NAMES_H
