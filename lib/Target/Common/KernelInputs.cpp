//===- KernelInputs.cpp - The ABI struct as values ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Field addresses come from offsetof on the C struct, so that code and header
// cannot disagree.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Target/Common/KernelInputs.h"

#include "attnjit/ABI/KernelArgs.h"
#include "attnjit/Support/Capture.h"

#include <cstddef>

using namespace mlir;

namespace attnjit::codegen {

static ArrayRef<int64_t> rangesOf(attn::ForwardOp forward) {
  return forward.getRanges().value_or(ArrayRef<int64_t>());
}

int64_t summaryRows(attn::ForwardOp forward) {
  return rangesOf(forward).size() / 2 + (forward.getMaskTensor() ? 1 : 0);
}

static TensorInput loadTensor(Ir &ir, Value args, size_t offset) {
  TensorInput tensor;
  Value base = ir.byteAt(args, offset);
  tensor.data =
      ir.load(ir.ptr(), ir.byteAt(base, offsetof(AttnJitTensor, data)));
  for (int axis = 0; axis < 4; ++axis)
    tensor.stride[axis] = ir.load(
        ir.i64(), ir.byteAt(base, offsetof(AttnJitTensor, stride) + 8 * axis));
  return tensor;
}

static PerBatchInput loadPerBatchField(Ir &ir, Value args, size_t offset) {
  Value base = ir.byteAt(args, offset);
  return {
      ir.load(ir.ptr(), ir.byteAt(base, offsetof(AttnJitPerBatch, data))),
      ir.load(ir.i64(), ir.byteAt(base, offsetof(AttnJitPerBatch, stride)))};
}

/// A buffer's description; an empty one becomes a single zero element.
static BufferAccess loadBuffer(Ir &ir, Value base, RankedTensorType type,
                               Value zeros) {
  BufferAccess access;
  access.element = type.getElementType();
  Value data =
      ir.load(ir.ptr(), ir.byteAt(base, offsetof(AttnJitBuffer, data)));
  Value empty = ir.cI1(false);
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    Value size = ir.load(
        ir.i64(), ir.byteAt(base, offsetof(AttnJitBuffer, size) + 8 * axis));
    empty = ir.bitOr(empty, ir.cmp(Ir::Pred::eq, size, ir.cI64(0)));
    Value last = ir.min(ir.sub(size, ir.cI64(1)),
                        ir.cI64(std::numeric_limits<int32_t>::max()));
    access.last.push_back(ir.trunc32(last));
    access.stride.push_back(ir.load(
        ir.i64(), ir.byteAt(base, offsetof(AttnJitBuffer, stride) + 8 * axis)));
  }
  for (int64_t axis = 0; axis < type.getRank(); ++axis) {
    access.last[axis] = ir.select(empty, ir.cI32(0), access.last[axis]);
    access.stride[axis] = ir.select(empty, ir.cI64(0), access.stride[axis]);
  }
  access.base = ir.select(empty, zeros, data);
  return access;
}

/// The summaries of a run, at `table`, unless it is found to be null.
static void loadSummaries(Ir &ir, attn::ForwardOp forward, Value table,
                          Value present, KernelInputs &in) {
  auto loadRow = [&](int64_t index) -> RangeSummary {
    Value row = ir.byteAt(table, index * sizeof(AttnJitRangeSummary));
    Ir::Values fields = ir.ifElse(
        {ir.ptr(), ir.i64()}, present,
        [&] {
          return Ir::Values{
              ir.load(ir.ptr(),
                      ir.byteAt(row, offsetof(AttnJitRangeSummary, data))),
              ir.load(ir.i64(),
                      ir.byteAt(row, offsetof(AttnJitRangeSummary, padded)))};
        },
        [&] {
          return Ir::Values{LLVM::ZeroOp::create(ir.b, ir.loc, ir.ptr()),
                            ir.cI64(0)};
        });
    return {fields[0], fields[1]};
  };
  const ArrayRef<int64_t> ranges = rangesOf(forward);
  for (size_t i = 0; i < ranges.size(); i += 2)
    in.captures.summaries[{static_cast<unsigned>(ranges[i]),
                           static_cast<unsigned>(ranges[i + 1])}] =
        loadRow(static_cast<int64_t>(i / 2));
  if (forward.getMaskTensor())
    in.maskSummary = loadRow(static_cast<int64_t>(ranges.size() / 2));
}

static DropoutInput loadDropout(Ir &ir, Value args) {
  auto word = [&](size_t offset) {
    return ir.load(ir.i32(), ir.byteAt(args, offset));
  };
  // Every target is little-endian: the low half comes first.
  constexpr size_t kSeed = offsetof(AttnJitKernelArgs, dropout_seed);
  constexpr size_t kOffset = offsetof(AttnJitKernelArgs, dropout_offset);
  DropoutInput dropout;
  dropout.threshold = word(offsetof(AttnJitKernelArgs, dropout_threshold));
  dropout.key = {word(kSeed), ir.bitXor(word(kSeed + 4), word(kOffset + 4))};
  dropout.counter = word(kOffset);
  dropout.scale = ir.load(
      ir.f32(), ir.byteAt(args, offsetof(AttnJitKernelArgs, dropout_scale)));
  return dropout;
}

static PartialInput loadPartial(Ir &ir, Value args, size_t offset) {
  TensorInput tensor = loadTensor(ir, args, offset);
  return {tensor.data, tensor.stride[0]};
}

Value PartialInput::of(Ir &ir, Value item) const {
  return ir.at(data, ir.f32(), ir.mul(item, stride));
}

Value TensorInput::headBase(Ir &ir, Type element, Value b, Value head) const {
  return ir.at(data, element,
               ir.add(ir.mul(b, stride[0]), ir.mul(head, stride[1])));
}

Value KernelInputs::loadWorkspace(Ir &ir, Value args) {
  return ir.load(ir.ptr(),
                 ir.byteAt(args, offsetof(AttnJitKernelArgs, workspace)));
}

KernelInputs KernelInputs::load(Ir &ir, attn::ForwardOp forward, Value args,
                                Captured captured, Value zeros) {
#define FIELD(name) offsetof(AttnJitKernelArgs, name)
  auto field = [&](Type type, size_t offset) {
    return ir.load(type, ir.byteAt(args, offset));
  };
  KernelInputs in;
  in.q = loadTensor(ir, args, FIELD(q));
  in.k = loadTensor(ir, args, FIELD(k));
  in.v = loadTensor(ir, args, FIELD(v));
  in.out = loadTensor(ir, args, FIELD(out));
  in.lse = loadTensor(ir, args, FIELD(lse));
  if (forward.getMaskTensor())
    in.mask = loadTensor(ir, args, FIELD(mask));
  in.B = field(ir.i64(), FIELD(B));
  in.Hq = field(ir.i64(), FIELD(Hq));
  in.Hkv = field(ir.i64(), FIELD(Hkv));
  in.Sq = field(ir.i64(), FIELD(Sq));
  in.Skv = field(ir.i64(), FIELD(Skv));
  in.bOffset = field(ir.i64(), FIELD(b_offset));
  in.hOffset = field(ir.i64(), FIELD(h_offset));
  in.qOffset = loadPerBatchField(ir, args, FIELD(q_offset));
  in.kvOffset = loadPerBatchField(ir, args, FIELD(kv_offset));
  in.scale = field(ir.f32(), FIELD(scale));
  if (forward.getDropout())
    in.dropout = loadDropout(ir, args);
  in.workspace = loadWorkspace(ir, args);
  in.workBegin = field(ir.i64(), FIELD(work_begin));
  in.workEnd = field(ir.i64(), FIELD(work_end));
  in.itemCosts = field(ir.ptr(), FIELD(item_costs));
  in.itemQueries = field(ir.i64(), FIELD(item_queries));
  in.splits.keys = field(ir.i64(), FIELD(split_keys));
  in.splits.arrivals = field(ir.ptr(), FIELD(split_arrivals));
  in.splits.out = loadPartial(ir, args, FIELD(partial_out));
  in.splits.m = loadPartial(ir, args, FIELD(partial_m));
  in.splits.l = loadPartial(ir, args, FIELD(partial_l));

  Value D = field(ir.i64(), FIELD(D));
  Value BGlobal = field(ir.i64(), FIELD(B_global));
  in.HqGlobal = field(ir.i64(), FIELD(Hq_global));
  Value extents[] = {in.B,   in.Hq, in.Hkv,  in.Sq,
                     in.Skv, D,     BGlobal, in.HqGlobal};
  for (auto [slot, extent] : llvm::zip(in.captures.extents, extents))
    slot = ir.trunc32(extent);

  const int64_t buffersBytes =
      forward.getBuffers().size() * sizeof(AttnJitBuffer);
  Value behind = ir.byteAt(args, sizeof(AttnJitKernelArgs));
  Value params = captured == Captured::Behind ? ir.byteAt(behind, buffersBytes)
                                              : field(ir.ptr(), FIELD(params));
  for (auto [ordinal, param] : llvm::enumerate(forward.getParams())) {
    Type type = cast<TypeAttr>(param).getValue();
    Value slot = ir.at(params, ir.i64(), static_cast<int64_t>(ordinal));
    in.captures.params.push_back(
        type.isInteger(1)
            ? ir.cmp(Ir::Pred::ne, ir.load(ir.i64(), slot), ir.cI64(0))
            : ir.load(type, slot));
  }
  Value buffers =
      captured == Captured::Behind ? behind : field(ir.ptr(), FIELD(buffers));
  for (auto [ordinal, buffer] : llvm::enumerate(forward.getBuffers()))
    in.captures.buffers.push_back(loadBuffer(
        ir, ir.byteAt(buffers, ordinal * sizeof(AttnJitBuffer)),
        cast<RankedTensorType>(cast<TypeAttr>(buffer).getValue()), zeros));
  if (captured == Captured::Behind) {
    const int64_t bytes = forward.getParams().size() * sizeof(uint64_t);
    loadSummaries(ir, forward, ir.byteAt(params, bytes), ir.cI1(true), in);
  } else {
    Value table = field(ir.ptr(), FIELD(summaries));
    loadSummaries(ir, forward, table, ir.isNotNull(table), in);
  }
#undef FIELD
  return in;
}

static void bindCorner(Ir &ir, ModEmitter &mods, attn::Position global,
                       attn::Position local, Value row, Value offset) {
  Value narrow = ir.trunc32(row);
  mods.bind(local, narrow);
  mods.bind(global, ir.add(narrow, offset));
}

void bindQueryCorners(Ir &ir, ModEmitter &mods, Value first, Value last,
                      Value offset) {
  using attn::Position;
  bindCorner(ir, mods, Position::QLo, Position::QLocalLo, first, offset);
  bindCorner(ir, mods, Position::QHi, Position::QLocalHi, last, offset);
}

void bindKeyCorners(Ir &ir, ModEmitter &mods, Value first, Value last,
                    Value offset) {
  using attn::Position;
  bindCorner(ir, mods, Position::KvLo, Position::KvLocalLo, first, offset);
  bindCorner(ir, mods, Position::KvHi, Position::KvLocalHi, last, offset);
}

Value loadPerBatch(Ir &ir, const PerBatchInput &input, Value b) {
  return ir
      .ifElse(
          ir.i32(), ir.isNotNull(input.data),
          [&] {
            Value address =
                ir.at(input.data, ir.i32(), ir.mul(b, input.stride));
            return Ir::Values{ir.load(ir.i32(), address)};
          },
          [&] { return Ir::Values{ir.trunc32(input.stride)}; })
      .front();
}

} // namespace attnjit::codegen
