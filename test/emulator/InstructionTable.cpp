//===- InstructionTable.cpp - Finding an intrinsic by its name ------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InstructionTables.h"

#include <unordered_map>

namespace attnjit::emulator {

using Table = std::unordered_map<std::string_view, const Instruction *>;

std::vector<const Instruction *> allInstructions() {
  std::vector<const Instruction *> all;
  for (auto family :
       {asyncCopyInstructions(), barrierInstructions(),
        conversionInstructions(), floatInstructions(), integerInstructions(),
        matrixInstructions(), specialRegisters(), warpInstructions()})
    for (const Instruction &instruction : family)
      all.push_back(&instruction);
  return all;
}

static const Table &table() {
  static const Table instructions = [] {
    Table made;
    for (const Instruction *instruction : allInstructions())
      made.emplace(instruction->name, instruction);
    return made;
  }();
  return instructions;
}

/// Without the address spaces of overloaded pointers: `.p3`.
static std::string_view withoutPointers(std::string_view name) {
  size_t dot = name.rfind('.');
  if (dot == name.npos || dot + 2 >= name.size() || name[dot + 1] != 'p')
    return name;
  return name.find_first_not_of("0123456789", dot + 2) == name.npos
             ? name.substr(0, dot)
             : name;
}

const Instruction *findInstruction(std::string_view name) {
  auto found = table().find(name);
  return found == table().end() ? nullptr : found->second;
}

const Instruction *findIntrinsic(std::string_view name) {
  // What NVPTX selects an approximate instruction for.
  if (name == "llvm.exp2.f32")
    return findInstruction("ex2.approx.f32");
  if (name == "llvm.tanh.f32")
    return findInstruction("tanh.approx.f32");
  if (name == "llvm.sin.f32")
    return findInstruction("sin.approx.f");
  if (name == "llvm.cos.f32")
    return findInstruction("cos.approx.f");
  constexpr std::string_view kPrefix = "llvm.nvvm.";
  if (!name.starts_with(kPrefix))
    return nullptr;
  name.remove_prefix(kPrefix.size());
  // Fences between proxies and within a cluster: what they order is in order.
  if (name.starts_with("fence."))
    return findInstruction("membar.cta");
  return findInstruction(withoutPointers(name));
}

} // namespace attnjit::emulator
