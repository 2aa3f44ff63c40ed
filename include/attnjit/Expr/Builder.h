//===- Builder.h - Writing mods in C++ ------------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Typed handles over Expr whose operators read like the formula. Types that do
// not fit are found by the C++ compiler; what it cannot see (a wrong number of
// subscripts in a run-time rank, a depth limit) is an Error of `build`.
//
//   using namespace attnjit::dsl;
//   auto slopes = buffer<F32>("slopes", {Hq});
//   auto window = param<I32>("window", 1024);
//   Expected<ModProgram> mod = ModBuilder("alibi_window")
//                                  .score(score - slopes[h] * abs(q - kv))
//                                  .mask(q >= kv && q - kv < window)
//                                  .build();
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_EXPR_BUILDER_H
#define ATTNJIT_EXPR_BUILDER_H

#include "attnjit/Expr/Expr.h"
#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Support/Error.h"

