//===- Number.h - Numbers as text -------------------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the text of a literal, gives its value; takes a value, gives the
// shortest text that reads back as the same bits.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TEXT_NUMBER_H
#define ATTNJIT_LIB_TEXT_NUMBER_H

#include "DiagnosticList.h"

#include "attnjit/Support/Capture.h"

#include <optional>
#include <string>
#include <string_view>

namespace attnjit {

/// The value of a Number token at `span`, negated where a `-` stands directly
/// before it; nothing, and a diagnostic, where it is malformed or too large.
std::optional<Scalar> readNumber(std::string_view text, SourceSpan span,
                                 bool isNegative, DiagnosticList &diagnostics);

/// A literal, with a `-` before it where it is negative. Not for NaN, which has
/// no literal.
std::string writeScalar(const Scalar &value);

} // namespace attnjit

#endif // ATTNJIT_LIB_TEXT_NUMBER_H
