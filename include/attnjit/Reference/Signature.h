//===- Signature.h - What a mod's runs must be given ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod and a spec; gives the KernelSignature that arguments are checked
// against.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_REFERENCE_SIGNATURE_H
#define ATTNJIT_REFERENCE_SIGNATURE_H

#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Runtime/Kernel.h"
#include "attnjit/Spec/AttentionSpec.h"

namespace attnjit {

/// The signature of `mod` as it was written: slots are the captures that its
/// hooks use, in order of declaration. Compiled code that uses fewer or another
/// order replaces `paramSource` and `bufferSource`.
KernelSignature signatureOf(const ModProgram &mod, const AttentionSpec &spec);

} // namespace attnjit

#endif // ATTNJIT_REFERENCE_SIGNATURE_H
