//===- BuildForward.h - From a mod to the attn dialect --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a canonical mod, the bounds of its mask and a spec; gives a module
// with the one `attn.forward` op that stands for the kernel.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_FRONTEND_BUILDFORWARD_H
#define ATTNJIT_FRONTEND_BUILDFORWARD_H

#include "attnjit/Analysis/TileBounds.h"
#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Spec/AttentionSpec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace attnjit {

/// Builds the kernel op, named `name`. `bounds` belong to the mod's mask and
/// are left out where it has none. The context must have the attn dialect
/// loaded. Never fails: a ModProgram is checked, and every operation of the
/// language has its counterpart in the dialect.
mlir::OwningOpRef<mlir::ModuleOp> buildForward(mlir::MLIRContext &context,
                                               const ModProgram &mod,
                                               const TileBounds &bounds,
                                               const AttentionSpec &spec,
                                               llvm::StringRef name);

} // namespace attnjit

#endif // ATTNJIT_FRONTEND_BUILDFORWARD_H
