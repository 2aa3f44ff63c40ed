//===- LowerForwards.h - Each attn.forward of a module ----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the lowering of attn.forward is besides the code that a target emits.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TARGET_COMMON_LOWERFORWARDS_H
#define ATTNJIT_TARGET_COMMON_LOWERFORWARDS_H

#include "attnjit/ABI/Entry.h"
#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Spec/AttentionSpec.h"

#include "mlir/IR/BuiltinOps.h"

namespace attnjit::codegen {

/// Emits the kernel of one op into its module and leaves the op; fails with an
/// error at the op.
using LowerForward = llvm::function_ref<mlir::LogicalResult(
    attn::ForwardOp forward, const AttentionSpec &spec)>;

/// Replaces each attn.forward of `module` by what `lower` emits for it. Fails,
/// with an error at the op, where `lower` does or where `entry` cannot compute
/// the op; those before it are lowered then.
mlir::LogicalResult lowerForwards(mlir::ModuleOp module, Entry entry,
                                  LowerForward lower);

} // namespace attnjit::codegen

#endif // ATTNJIT_TARGET_COMMON_LOWERFORWARDS_H
