//===- ReduceVars.h - Binding and renaming reduction variables --*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A Reduce binds one number; an occurrence belongs to the nearest Reduce
// around it that binds its number. In a finished expression (no free
// variables) every Reduce binds the nesting of its body, which makes equal
// reductions equal nodes. While outer variables are still open, a Reduce whose
// number is taken by one of them binds the next free number instead; it gets
// its own when the outer one is closed.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_EXPR_REDUCEVARS_H
#define ATTNJIT_LIB_EXPR_REDUCEVARS_H

#include "ExprPool.h"

#include <unordered_map>

namespace attnjit {

/// The Reduce of `body` in which the free occurrences of `info.var` are bound.
/// `body` has a type that the kind takes and is not too deep.
Expr closeReduce(const ReduceInfo &info, const Expr &body);

/// `root` with its free reduction variables renamed by `names`; those that it
/// binds give way where a new name would be captured. Linear in the distinct
/// nodes of the result.
Expr renameReduceVars(const Expr &root,
                      const std::unordered_map<uint32_t, uint32_t> &names);

} // namespace attnjit

#endif // ATTNJIT_LIB_EXPR_REDUCEVARS_H
