//===- attnjit.h - All that a user of the library includes ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Writing mods (Builder, Parser, Printer, Formatter), the library of mods
// (Mods), compiling them (Engine), running kernels (Kernel, Tensor, Executor)
// and checking them (Reference). Includes no header of LLVM or MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_ATTNJIT_H
#define ATTNJIT_ATTNJIT_H

// IWYU pragma: begin_exports
#include "attnjit/Analysis/TileBounds.h"
#include "attnjit/Cache/DiskCache.h"
#include "attnjit/Engine/Engine.h"
#include "attnjit/Expr/Builder.h"
#include "attnjit/Expr/Expr.h"
#include "attnjit/Expr/Interpreter.h"
#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Expr/Simplify.h"
#include "attnjit/Expr/Visitor.h"
#include "attnjit/Mods/Biases.h"
#include "attnjit/Mods/Documents.h"
#include "attnjit/Mods/Generation.h"
#include "attnjit/Mods/Library.h"
#include "attnjit/Mods/Masks.h"
#include "attnjit/Mods/Neighbourhood.h"
#include "attnjit/Mods/Scores.h"
#include "attnjit/Mods/Sparse.h"
#include "attnjit/Mods/Weights.h"
#include "attnjit/Mods/Windows.h"
#include "attnjit/Mods/Wrappers.h"
#include "attnjit/Reference/Reference.h"
#include "attnjit/Runtime/Cuda/DeviceTensors.h"
#include "attnjit/Runtime/DLPack.h"
#include "attnjit/Runtime/Executor.h"
#include "attnjit/Runtime/Kernel.h"
#include "attnjit/Runtime/Tensor.h"
#include "attnjit/Spec/AttentionSpec.h"
#include "attnjit/Spec/TargetSpec.h"
#include "attnjit/Support/Capture.h"
#include "attnjit/Support/DType.h"
#include "attnjit/Support/Diagnostics.h"
#include "attnjit/Support/Error.h"
#include "attnjit/Text/Formatter.h"
#include "attnjit/Text/Parser.h"
#include "attnjit/Text/Printer.h"
// IWYU pragma: end_exports

#endif // ATTNJIT_ATTNJIT_H
