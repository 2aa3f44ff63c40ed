//===- InstructionTables.h - The instructions by family ---------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One table for each file of handlers. A new family (mbarrier, TMA, wgmma) is
// a new file and a line here and in InstructionTable.cpp.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_INSTRUCTIONTABLES_H
#define ATTNJIT_TEST_EMULATOR_INSTRUCTIONTABLES_H

#include "Instruction.h"

#include <span>
#include <vector>

namespace attnjit::emulator {

std::span<const Instruction> asyncCopyInstructions();
std::span<const Instruction> barrierInstructions();
std::span<const Instruction> conversionInstructions();
std::span<const Instruction> floatInstructions();
std::span<const Instruction> integerInstructions();
std::span<const Instruction> matrixInstructions();
std::span<const Instruction> specialRegisters();
std::span<const Instruction> warpInstructions();

/// Those of all families.
std::vector<const Instruction *> allInstructions();

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_INSTRUCTIONTABLES_H
