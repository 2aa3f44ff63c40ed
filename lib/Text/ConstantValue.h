//===- ConstantValue.h - Values known at compile time -----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes an expression; gives its value where it has the same one in every run.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TEXT_CONSTANTVALUE_H
#define ATTNJIT_LIB_TEXT_CONSTANTVALUE_H

#include "attnjit/Expr/Expr.h"

#include <variant>

namespace attnjit {

enum class NoConstant {
  DependsOnRun, ///< on a position, a size or a captured value
  TooCostly,    ///< takes more than `stepsLeft` operations
};

/// The value of `e`, computed as the Interpreter would in f32. Takes what it
/// costs from `stepsLeft`.
std::variant<Scalar, NoConstant> evaluateConstant(const Expr &e,
                                                  uint64_t &stepsLeft);

} // namespace attnjit

#endif // ATTNJIT_LIB_TEXT_CONSTANTVALUE_H
