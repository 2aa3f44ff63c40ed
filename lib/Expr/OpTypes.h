//===- OpTypes.h - Type rules of the operators ------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes an operator and the types of its operands; gives the types that it
// computes in, or the reason why it cannot.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_EXPR_OPTYPES_H
#define ATTNJIT_LIB_EXPR_OPTYPES_H

#include "attnjit/Expr/Expr.h"
#include "attnjit/Support/Error.h"

#include <array>

namespace attnjit {

/// Types of a checked operation. An operand whose own type is i32 where `f32`
/// stands here is converted.
struct OpTyping {
  Type result;
  std::array<Type, 3> operands;
};

/// The typing of `op`, an operator with as many operands as its arity. Where
/// there is none: a message like "`%` takes i32 operands, not f32 and i32".
tl::expected<OpTyping, std::string> typeOperator(Op op,
                                                 std::span<const Type> types);

} // namespace attnjit

#endif // ATTNJIT_LIB_EXPR_OPTYPES_H
