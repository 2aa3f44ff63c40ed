//===- InterpreterTape.h - Expressions as a list of instructions ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes expression graphs, gives a tape: instructions over numbered registers,
// operands before their users, each value computed once. A reduction is a loop
// of the tape; what does not depend on its variable stands before it. What
// does not depend on kv, score or prob stands first of all, so that evaluating
// the next key of a row starts at `keyBegin`.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_EXPR_INTERPRETERTAPE_H
#define ATTNJIT_LIB_EXPR_INTERPRETERTAPE_H

#include "Evaluate.h"
#include "attnjit/Expr/Interpreter.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace attnjit {

struct Instruction {
  enum class Kind : uint8_t {
    Apply,        ///< dst = function(operands)
    ReadPosition, ///< dst = positions[index]
    ReadScore,
    ReadProb,
    ReadSize,  ///< dst = sizes[index]
    ReadParam, ///< dst = params[index]
    Load,      ///< dst = buffers[index][operands], `rank` subscripts
    LoadMin,   ///< the least of a box: operands are two ends an axis
    LoadMax,   ///< the greatest of a box
    LoopBegin, ///< starts loops[index]
    LoopEnd,   ///< combines a step of loops[index], goes back or on
  };

  Kind kind = Kind::Apply;
  bool rounds = false; ///< the result is rounded to f32
  bool tracks = false; ///< the result counts for maxMagnitude
  uint8_t rank = 0;
  uint32_t index = 0;
  uint32_t dst = 0;
  std::array<uint32_t, 2 * kMaxBufferRank> operands = {};
  OpFunction function = nullptr;
};

/// A reduction. Its result starts as the body's value at `lo`; the other steps
/// are combined in order.
struct Loop {
  int64_t lo = 0, hi = 0;
  uint32_t variable = 0; ///< register
  uint32_t body = 0;     ///< register
  uint32_t length = 0;   ///< instructions between LoopBegin and LoopEnd
  OpFunction combine = nullptr;
  /// Whether a result of `stopValue` ends it early (any, all).
  bool stops = false;
  int64_t stopValue = 0;
};

struct Tape {
  std::vector<Instruction> code;
  size_t keyBegin = 0;
  std::vector<Loop> loops;
  std::vector<Slot> registers; ///< initial contents: the constants
  std::vector<uint32_t> roots; ///< register of each root
  std::vector<Type> rootTypes;
};

/// A tape longer than this is refused. The bodies of reductions are laid out
/// once for each reduction, so shared bodies can make a tape longer than its
/// graph has nodes.
inline constexpr size_t kMaxTapeLength = size_t{1} << 20;

/// Errors as Interpreter::create.
Expected<Tape> buildTape(std::span<const Expr> roots,
                         std::span<const ParamDecl> params,
                         std::span<const BufferDecl> buffers,
                         Interpreter::Mode mode);

} // namespace attnjit

#endif // ATTNJIT_LIB_EXPR_INTERPRETERTAPE_H
