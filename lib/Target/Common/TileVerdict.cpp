//===- TileVerdict.cpp - What bounds prove of tiles -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Target/Common/TileVerdict.h"

#include "attnjit/Frontend/EmitRange.h"

using namespace mlir;

namespace attnjit::codegen {

//===----------------------------------------------------------------------===//
// Parts of a tile
//===----------------------------------------------------------------------===//

std::vector<TileCut> cutsOf(attn::ForwardOp forward, int64_t queries,
                            int64_t keys, int64_t mostParts) {
  std::vector<TileCut> cuts;
  auto add = [&](std::optional<ArrayRef<int64_t>> pairs, bool ofKeys) {
    for (size_t i = 0; pairs && i + 1 < pairs->size(); i += 2)
      cuts.push_back({ofKeys, (*pairs)[i], (*pairs)[i + 1]});
  };
  add(forward.getQCuts(), false);
  add(forward.getKvCuts(), true);
  llvm::stable_sort(cuts, [](const TileCut &a, const TileCut &b) {
    return a.period > b.period;
  });
  return affordableCuts(std::move(cuts), queries, keys, mostParts);
}

/// The last row of the part that begins with `row`, at most `last`.
static Value lastOfPart(Ir &ir, ArrayRef<TileCut> cuts, bool ofKeys, Value row,
                        Value last, Value offset) {
  Value result = last;
  for (const TileCut &cut : cuts) {
    if (cut.ofKeys != ofKeys)
      continue;
    Value period = ir.cI64(cut.period);
    Value at = ir.add(ir.add(row, ir.ext64(offset)), cut.offset);
    // The remainder's sign is that of the dividend.
    Value into = arith::RemSIOp::create(ir.b, ir.loc, at, period);
    into = ir.select(ir.cmp(Ir::Pred::slt, into, ir.cI64(0)),
                     ir.add(into, period), into);
    Value end = ir.sub(ir.add(row, cut.period - 1), into);
    result = ir.min(result, end);
  }
  return result;
}

TileVerdict
emitPartVerdicts(Ir &ir, ArrayRef<TileCut> cuts, const TileCorners &tile,
                 Value qOffset, Value kvOffset,
                 function_ref<TileVerdict(const TileCorners &part)> decide) {
  if (cuts.empty())
    return {ir.cI1(false), ir.cI1(false)};
  // A walk over parts ends early where neither claim holds of all so far.
  auto walk = [&](bool ofKeys, Value first, Value last, Value offset,
                  ValueRange claims,
                  function_ref<Ir::Values(Value, Value, ValueRange)> body) {
    Ir::Values end = ir.whileLoop(
        {first, claims[0], claims[1]},
        [&](ValueRange state) {
          return ir.bitAnd(ir.cmp(Ir::Pred::sle, state[0], last),
                           ir.bitOr(state[1], state[2]));
        },
        [&](ValueRange state) {
          Value partLast = lastOfPart(ir, cuts, ofKeys, state[0], last, offset);
          Ir::Values claims = body(state[0], partLast, state.drop_front());
          return Ir::Values{ir.add(partLast, 1), claims[0], claims[1]};
        });
    return Ir::Values{end[1], end[2]};
  };
  Ir::Values claims = {ir.cI1(true), ir.cI1(true)};
  Ir::Values parts =
      walk(false, tile.qFirst, tile.qLast, qOffset, claims,
           [&](Value qFirst, Value qLast, ValueRange claims) {
             return walk(true, tile.kvFirst, tile.kvLast, kvOffset, claims,
                         [&](Value kvFirst, Value kvLast, ValueRange claims) {
                           TileVerdict part =
                               decide({qFirst, qLast, kvFirst, kvLast});
                           return Ir::Values{ir.bitAnd(claims[0], part.empty),
                                             ir.bitAnd(claims[1], part.full)};
                         });
           });
  return {parts[0], parts[1]};
}

//===----------------------------------------------------------------------===//
// The mask tensor
//===----------------------------------------------------------------------===//

TileVerdict joinMaskTensor(Ir &ir, const KernelInputs &in, TileVerdict verdict,
                           Value b, Value hFirst, Value hLast, Value kvFirst,
                           Value kvLast) {
  // The summary's rows are those of the axes that are not broadcast.
  auto lastOf = [&](Value stride, Value size) {
    return ir.select(ir.cmp(Ir::Pred::eq, stride, ir.cI64(0)), ir.cI32(0),
                     ir.trunc32(ir.sub(size, ir.cI64(1))));
  };
  const BufferAccess access = {
      in.mask.data,
      ir.b.getI8Type(),
      {lastOf(in.mask.stride[0], in.B), lastOf(in.mask.stride[1], in.Hq),
       ir.trunc32(ir.sub(in.Skv, ir.cI64(1)))},
      {in.mask.stride[0], in.mask.stride[1], in.mask.stride[3]}};
  Value ends[] = {ir.trunc32(b),     ir.trunc32(b),       ir.trunc32(hFirst),
                  ir.trunc32(hLast), ir.trunc32(kvFirst), ir.trunc32(kvLast)};
  auto range = [&](attn::Reduction kind) {
    const RangeRequest request = {kind, {false, hFirst != hLast, true}};
    return emitBufferRange(ir.b, ir.loc, access, &in.maskSummary, request,
                           ends);
  };
  // Without a summary another row of queries may say something else.
  Ir::Values found = ir.ifElse(
      {ir.i1(), ir.i1()}, ir.isNotNull(in.maskSummary.data),
      [&] {
        return Ir::Values{
            ir.bitOr(verdict.empty, ir.isFalse(range(attn::Reduction::Any))),
            ir.bitAnd(verdict.full, range(attn::Reduction::All))};
      },
      [&] { return Ir::Values{verdict.empty, ir.cI1(false)}; });
  return {found[0], found[1]};
}

} // namespace attnjit::codegen
