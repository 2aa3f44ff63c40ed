//===- attn-opt.cpp - The pass driver for lit tests -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Parses, verifies and prints MLIR with the attn dialect, and runs the
// project's passes and upstream's.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Target/CPU/Passes.h"
#include "attnjit/Target/Common/Passes.h"
#include "attnjit/Target/NVPTX/Passes.h"

#include "mlir/IR/DialectRegistry.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "mlir/Transforms/Passes.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  registry.insert<attnjit::attn::AttnDialect>();
  attnjit::cpu::registerDependentDialects(registry);
  attnjit::codegen::registerAttnCommonPasses();
  attnjit::cpu::registerAttnCPUPasses();
  attnjit::nvptx::registerDependentDialects(registry);
  attnjit::nvptx::registerAttnNVPTXPasses();
  mlir::registerTransformsPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "attn-jit pass driver\n", registry));
}
