//===- CodeGen.h - From the LLVM dialect to machine code --------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a module of the LLVM dialect; gives LLVM IR, assembly or an object
// file for a target.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TARGET_COMMON_CODEGEN_H
#define ATTNJIT_TARGET_COMMON_CODEGEN_H

#include "attnjit/Spec/TargetSpec.h"
#include "attnjit/Support/Error.h"
#include "attnjit/Support/Trace.h"

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace attnjit {

enum class CodeForm { LlvmIr, Assembly, Object };

/// Adds what translation needs to a context's registry.
void registerCodeGenTranslations(mlir::DialectRegistry &registry);

/// Optimises briefly and generates code. Thread-safe for modules of different
/// contexts. Errors: Internal, should LLVM refuse the module.
Expected<std::string> generateCode(mlir::ModuleOp module,
                                   const TargetSpec &target, CodeForm form,
                                   Trace &trace);

} // namespace attnjit

#endif // ATTNJIT_TARGET_COMMON_CODEGEN_H
