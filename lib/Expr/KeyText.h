//===- KeyText.h - Listing a mod completely ---------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod; gives a text from which it could be built again, its name and
// defaults aside. One line for each capture and each distinct node:
//
//   buffer b0 f32 [Hq]
//   normalize softmax
//   0 variable score
//   1 variable h
//   2 load b0 1
//   3 + f32 0 2
//   score 3
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_EXPR_KEYTEXT_H
#define ATTNJIT_LIB_EXPR_KEYTEXT_H

#include "attnjit/Expr/ModProgram.h"

namespace attnjit {

std::string printKeyText(const ModProgram &mod);

} // namespace attnjit

#endif // ATTNJIT_LIB_EXPR_KEYTEXT_H
