//===- Summarize.cpp - The kernel that summarises buffers -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block of threads takes a piece of a row from level to level, each made of
// the one below in global memory, where a barrier orders what the block's
// threads write and read.
//
// Test: test/Target/NVPTX/summarize.mlir; values: test/emulator.
//
//===----------------------------------------------------------------------===//

#include "Summarize.h"

#include "attnjit/ABI/SummarizeArgs.h"

#include <cstddef>
#include <limits>

using namespace mlir;

namespace attnjit::nvptx {

namespace {
class SummarizeEmitter {
public:
  explicit SummarizeEmitter(OpBuilder &builder) : ir(builder) {}

  void emit();

private:
  struct Extremes {
    Value least, greatest;
  };

  Value field(Type type, size_t offset) {
    return ir.load(type, ir.byteAt(args, offset));
  }
  Value shiftLeft(Value x, Value bits) {
    return arith::ShLIOp::create(ir.b, ir.loc, x, bits);
  }
  void locate();
  void emitLevel(Value level);
  Extremes ofElements(Value block);
  Extremes ofBlocksBelow(Value block, Value level);
  Value element(Value index);
  Value entry(Value base, Value index) {
    return ir.loadAligned(ir.i32(), address(base, index), 4);
  }
  Value address(Value base, Value index) {
    return ir.offset(base, ir.times(index, 4));
  }
  /// Where the entries of a level begin in a half of a row.
  Value levelBegin(Value level) {
    return ir.sub(half, ir.shiftRight(padded, ir.plus(level, -1)));
  }

  GpuIr ir;
  Value args;
  Value padded, half; ///< entries of a row, and of half of one
  Value size;         ///< elements of a row
  Value begin, end;   ///< those of the block's piece
  Value row;          ///< address of the row's first element
  Value strideBytes, kind;
  Value least, greatest; ///< addresses of the row's two halves
};
} // namespace

#define FIELD(name) offsetof(AttnJitSummarizeArgs, name)

/// The row and the piece of this block.
void SummarizeEmitter::locate() {
  padded = field(ir.i64(), FIELD(padded));
  half = ir.over(padded, 2);
  size = field(ir.i64(), FIELD(size));
  kind = field(ir.i32(), FIELD(element));
  Value pieces = field(ir.i64(), FIELD(pieces));
  Value index = ir.wide(ir.blockIndex());
  Value rowIndex = ir.div(index, pieces), piece = ir.rem(index, pieces);
  Value lastLevel = ir.wide(field(ir.i32(), FIELD(last_level)));
  begin = shiftLeft(piece, lastLevel);
  end = ir.min(size, shiftLeft(ir.plus(piece, 1), lastLevel));

  Value first = ir.mul(rowIndex, padded);
  least = address(ir.toGlobal(field(ir.ptr(), FIELD(entries))), first);
  greatest = address(least, half);

  Value offset = ir.cI64(0), rest = rowIndex;
  for (size_t axis = 3; axis-- > 0;) {
    Value extent = field(ir.i64(), FIELD(other_size) + 8 * axis);
    Value stride = field(ir.i64(), FIELD(other_stride) + 8 * axis);
    offset = ir.add(offset, ir.mul(ir.rem(rest, extent), stride));
    rest = ir.div(rest, extent);
  }
  Value isI32 = ir.cmp(Ir::Pred::eq, kind, ir.cI32(ATTNJIT_SUMMARIZE_I32));
  Value isI64 = ir.cmp(Ir::Pred::eq, kind, ir.cI32(ATTNJIT_SUMMARIZE_I64));
  Value bytes =
      ir.select(isI64, ir.cI64(8), ir.select(isI32, ir.cI64(4), ir.cI64(1)));
  strideBytes = ir.mul(field(ir.i64(), FIELD(stride)), bytes);
  row = ir.offset(ir.toGlobal(field(ir.ptr(), FIELD(data))),
                  ir.mul(offset, bytes));
}

/// An element of the row as i32.
Value SummarizeEmitter::element(Value index) {
  Value at = ir.offset(row, ir.mul(index, strideBytes));
  auto is = [&](int32_t wanted) {
    return ir.cmp(Ir::Pred::eq, kind, ir.cI32(wanted));
  };
  auto ofI64 = [&] {
    using Limits = std::numeric_limits<int32_t>;
    Value x = ir.loadAligned(ir.i64(), at, 8);
    x = ir.max(ir.min(x, ir.cI64(Limits::max())), ir.cI64(Limits::min()));
    return Ir::Values{ir.trunc32(x)};
  };
  auto ofByte = [&] {
    Value byte = ir.loadAligned(ir.b.getI8Type(), at, 1);
    Value x = arith::ExtUIOp::create(ir.b, ir.loc, ir.i32(), byte);
    return Ir::Values{
        ir.select(is(ATTNJIT_SUMMARIZE_BOOL), ir.min(x, ir.cI32(1)), x)};
  };
  return ir
      .ifElse(
          ir.i32(), is(ATTNJIT_SUMMARIZE_I32),
          [&] { return Ir::Values{ir.loadAligned(ir.i32(), at, 4)}; },
          [&] {
            return ir.ifElse(ir.i32(), is(ATTNJIT_SUMMARIZE_I64), ofI64,
                             ofByte);
          })
      .front();
}

/// A last block of fewer than four elements counts one of them again.
SummarizeEmitter::Extremes SummarizeEmitter::ofElements(Value block) {
  Extremes found;
  Value last = ir.plus(size, -1);
  for (int64_t i = 0; i < 4; ++i) {
    Value x = element(ir.min(ir.plus(ir.times(block, 4), i), last));
    found.least = i ? ir.min(found.least, x) : x;
    found.greatest = i ? ir.max(found.greatest, x) : x;
  }
  return found;
}

/// The last block may have one half alone.
SummarizeEmitter::Extremes SummarizeEmitter::ofBlocksBelow(Value block,
                                                           Value level) {
  Value below = ir.plus(level, -1);
  Value base = levelBegin(below);
  Value last = ir.shiftRight(ir.plus(end, -1), below);
  Value left = ir.times(block, 2);
  Value right = ir.add(base, ir.min(ir.plus(left, 1), last));
  left = ir.add(base, left);
  return {ir.min(entry(least, left), entry(least, right)),
          ir.max(entry(greatest, left), entry(greatest, right))};
}

void SummarizeEmitter::emitLevel(Value level) {
  Value to = levelBegin(level);
  Value first = ir.shiftRight(begin, level);
  Value last = ir.shiftRight(ir.plus(end, -1), level);
  Value isLowest = ir.cmp(Ir::Pred::eq, level, ir.cI64(2));
  ir.loop(ir.add(first, ir.wide(ir.threadIndex())), ir.plus(last, 1),
          ATTNJIT_SUMMARIZE_THREADS, [&](Value block) {
            auto values = [](const Extremes &found) {
              return Ir::Values{found.least, found.greatest};
            };
            Ir::Values found = ir.ifElse(
                {ir.i32(), ir.i32()}, isLowest,
                [&] { return values(ofElements(block)); },
                [&] { return values(ofBlocksBelow(block, level)); });
            Value index = ir.add(to, block);
            ir.storeAligned(found[0], address(least, index), 4);
            ir.storeAligned(found[1], address(greatest, index), 4);
          });
}

void SummarizeEmitter::emit() {
  args = ir.createKernel(ATTNJIT_SUMMARIZE_SYMBOL, sizeof(AttnJitSummarizeArgs),
                         ATTNJIT_SUMMARIZE_THREADS);
  locate();
  Value firstLevel = ir.wide(field(ir.i32(), FIELD(first_level)));
  Value lastLevel = ir.wide(field(ir.i32(), FIELD(last_level)));
  ir.loop(firstLevel, ir.plus(lastLevel, 1), 1, [&](Value level) {
    emitLevel(level);
    ir.barrier();
  });
  LLVM::ReturnOp::create(ir.b, ir.loc, ValueRange());
}

void emitSummarize(OpBuilder &builder) {
  OpBuilder::InsertionGuard guard(builder);
  SummarizeEmitter(builder).emit();
}

} // namespace attnjit::nvptx
