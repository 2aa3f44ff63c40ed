//===- Instruction.h - What a call of the kernel becomes --------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each intrinsic and each inline PTX text of a kernel names an Instruction;
// each place where it stands is a Site. Compiled code hands a handler the
// operands as a C struct, in the intrinsic's order, and takes the result from
// another.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_INSTRUCTION_H
#define ATTNJIT_TEST_EMULATOR_INSTRUCTION_H

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace attnjit::emulator {

struct Thread;
struct Site;
struct Warp;

/// Operands of one thread and where its result goes.
struct Operands {
  const std::byte *args = nullptr;
  std::byte *result = nullptr;

  template <typename T> T get(size_t offset = 0) const {
    T value;
    std::memcpy(&value, args + offset, sizeof(T));
    return value;
  }
  template <typename T> void set(const T &value, size_t offset = 0) const {
    std::memcpy(result + offset, &value, sizeof(T));
  }
};

/// A collective of a warp with all its lanes there; the last of them runs it.
struct WarpCall {
  Warp &warp;
  const Site &site;
  uint32_t lanes;           ///< those that take part
  const Operands *operands; ///< by lane

  bool has(unsigned lane) const { return lanes >> lane & 1; }
};

/// Both kinds give false after Thread::fail or Warp::fail, which stops the run.
using ThreadHandler = bool (*)(Thread &, const Site &, const Operands &);
using WarpHandler = bool (*)(WarpCall &);

enum class Form : uint8_t {
  Thread,      ///< each thread alone; may block
  WarpMasked,  ///< waits for the lanes of a mask that have not exited
  WarpAligned, ///< all lanes of the warp, at one site
};

struct Instruction {
  /// The intrinsic without `llvm.nvvm.`, or the PTX opcode.
  std::string_view name;
  Form form = Form::Thread;
  uint8_t maskOffset = 0; ///< WarpMasked: where the mask lies in the operands
  ThreadHandler thread = nullptr;
  WarpHandler warp = nullptr;
};

/// A memory access that the kernel makes without an intrinsic.
struct Access {
  uint32_t bytes = 0; ///< 0: a run-time size
  uint32_t alignment = 1;
  uint8_t addressSpace = 0;
  bool isWrite = false;
  bool isRead = false;
  bool isAtomic = false;
  bool isRelease = false; ///< publishes the thread's earlier stores
  bool isFence = false;   ///< no access at all
};

/// One call or access in the kernel's IR.
struct Site {
  const Instruction *instruction = nullptr; ///< null: `access`
  Access access;
  /// Which instruction of which function it was before the rewriting.
  std::string function;
  uint32_t ordinal = 0;
};

/// The instruction of that name; null: unknown.
const Instruction *findInstruction(std::string_view name);

/// What intrinsic `name` (in full, `llvm.nvvm...`) is; null: unknown.
const Instruction *findIntrinsic(std::string_view name);

/// A kind of inline PTX that is known.
struct AsmForm {
  std::string_view opcode;
  int operands; ///< a vector counts once
  std::string_view instruction;
  /// The inputs, by position among all that are read, as the handler wants
  /// them; empty: as they stand.
  std::string_view order = {};
};

/// All but cp.async, whose size is an operand.
std::span<const AsmForm> asmForms();

/// Inline PTX, matched: what the handler is given.
struct MatchedAsm {
  static constexpr int kMaxOperands = 16;
  enum class From : uint8_t {
    Input,     ///< input `value` of the asm call, the outputs not counted
    Tied,      ///< the input that is tied to output `value`
    Immediate, ///< the constant `value`
  };
  struct Operand {
    From from = From::Immediate;
    int64_t value = 0;
    bool isAddress = false; ///< 32 bits become 64
  };
  const Instruction *instruction = nullptr;
  const AsmForm *form = nullptr; ///< null: cp.async
  int operandCount = 0;
  Operand operands[kMaxOperands];
};

/// Matches the text of an inline asm call with `outputCount` outputs before its
/// inputs. Gives false where no pattern does.
bool matchInlineAsm(std::string_view text, int outputCount, MatchedAsm &match);

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_INSTRUCTION_H
