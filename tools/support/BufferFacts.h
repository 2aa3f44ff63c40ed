//===- BufferFacts.h - Whether buffers keep what is declared of them ------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// `in [lo, hi]` and `sorted` steer analyses. A buffer that breaks its
// declaration makes nothing unsafe, but may make results wrong; here it is
// found out.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_BUFFERFACTS_H
#define ATTNJIT_TOOLS_SUPPORT_BUFFERFACTS_H

#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Runtime/Kernel.h"
#include "attnjit/Support/Error.h"

namespace attnjit::tool {

/// Reads every element of every buffer with a declared range or order, all
/// contiguous; the Error names the first that breaks it.
Expected<void> checkBufferFacts(const ModProgram &mod, const RunArgs &args);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_BUFFERFACTS_H
