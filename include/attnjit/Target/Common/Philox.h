//===- Philox.h - Random words of dropout as code ---------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a counter and a key; gives the operations of Philox4x32-10 (Salmon et
// al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) at the builder's
// insertion point. Words are i32 or vector<Nxi32> of any N, mixed: what
// depends on scalars alone stays scalar, which is the first rounds' larger part
// where one word of the counter varies.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TARGET_COMMON_PHILOX_H
#define ATTNJIT_TARGET_COMMON_PHILOX_H

#include "attnjit/Target/Common/KernelInputs.h"

#include <array>

namespace attnjit::codegen {

/// Ten rounds of Philox4x32. The key is two scalars.
std::array<Value, 4> emitPhilox(Ir &ir, std::array<Value, 4> counter,
                                std::array<Value, 2> key);

/// The four words that decide about the keys `4 * quad` to `4 * quad + 3` for
/// query position `q`: one is kept where its word is at least the threshold,
/// unsigned. `head` is b * Hq + h of the whole problem.
std::array<Value, 4> emitDropoutWords(Ir &ir, const DropoutInput &dropout,
                                      Value quad, Value q, Value head);

} // namespace attnjit::codegen

#endif // ATTNJIT_TARGET_COMMON_PHILOX_H
