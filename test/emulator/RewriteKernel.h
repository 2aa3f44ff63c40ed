//===- RewriteKernel.h - From NVPTX IR to host IR ---------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a module of NVPTX IR; changes it in place so that it compiles for the
// host:
//
//   %r = call i32 @llvm.nvvm.redux.sync.add(i32 %x, i32 -1)
//   store i32 %r, ptr addrspace(3) @smem
//
// becomes
//
//   store { i32, i32 } %x, -1 to %args                    ; field by field
//   call void @attnjit_emulator_call(ptr <site>, ptr %args, ptr %result)
//   %r = load i32, ptr %result
//   call void @attnjit_emulator_access(ptr <site>, ptr %smem, i64 0)
//   store i32 %r, ptr addrspace(3) %smem
//
// with %smem from @attnjit_emulator_shared() and one %args and %result for each
// function. A new function takes the parameters as a block of bytes.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_REWRITEKERNEL_H
#define ATTNJIT_TEST_EMULATOR_REWRITEKERNEL_H

#include "Instruction.h"

#include "attnjit/Support/Error.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace llvm {
class DataLayout;
class Module;
class Triple;
} // namespace llvm

namespace attnjit::emulator {

// What the rewritten module defines and refers to.
inline constexpr char kEntrySymbol[] = "attnjit_emulator_entry";
inline constexpr char kCallSymbol[] = "attnjit_emulator_call";
inline constexpr char kAccessSymbol[] = "attnjit_emulator_access";
inline constexpr char kSharedSymbol[] = "attnjit_emulator_shared";

struct RewrittenKernel {
  struct Variable {
    std::string symbol, name;
    uint64_t bytes;
    bool isConstant;
  };

  /// The module holds pointers to them; a deque does not move its elements.
  std::deque<Site> sites;
  uint64_t paramBytes = 0;
  uint64_t staticSharedBytes = 0;
  bool flushesSubnormals = false;
  std::vector<Variable> variables; ///< global memory of the module
};

/// Errors: no such kernel; an intrinsic, asm text or function that the emulator
/// does not know.
Expected<RewrittenKernel> rewriteKernel(llvm::Module &module,
                                        std::string_view kernelName,
                                        const llvm::Triple &hostTriple,
                                        const llvm::DataLayout &hostLayout);

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_REWRITEKERNEL_H
