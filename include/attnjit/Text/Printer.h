//===- Printer.h - From a ModProgram to .mod text ---------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod; gives text such that parseMod(print(mod)) == mod. Shared
// subexpressions become `let` lines (inside of reductions, `def` lines), so the
// text is linear in the number of distinct nodes. A NaN constant, which has no
// literal, becomes a `const` whose value is NaN; the text keeps no payload.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEXT_PRINTER_H
#define ATTNJIT_TEXT_PRINTER_H

#include "attnjit/Expr/ModProgram.h"

#include <string>

namespace attnjit {

/// The mod as a complete .mod file.
std::string print(const ModProgram &mod);

/// One expression on one line, shared parts repeated, cut with `...` past
/// `maxLength` characters; for messages and `explain`.
std::string printExpr(const Expr &expr, size_t maxLength = 200);

} // namespace attnjit

#endif // ATTNJIT_TEXT_PRINTER_H
