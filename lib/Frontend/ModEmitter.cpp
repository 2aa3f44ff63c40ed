//===- ModEmitter.cpp - A mod's region as target code ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One case per operation of the dialect. The values of the functions are
// emitted by EmitMath; loads of captured buffers by EmitLoad.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Frontend/ModEmitter.h"

#include "EmitFunction.h"
#include "attnjit/Expr/Expr.h"
#include "attnjit/Frontend/EmitLoad.h"
#include "attnjit/Frontend/EmitMath.h"
#include "attnjit/Frontend/EmitRange.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace attnjit {

/// The language's operation for a function of the dialect.
static Op operationOf(attn::Fn fn) {
  switch (fn) {
#define ATTNJIT_FN(Name)                                                       \
  case attn::Fn::Name:                                                         \
    return Op::Name;
#include "attnjit/Frontend/Functions.def"
  }
  llvm_unreachable("all functions handled");
}

/// `value` in every lane of a vector of `lanes`.
static mlir::Value splat(OpBuilder &b, Location loc, mlir::Value value,
                         int64_t lanes) {
  if (isa<VectorType>(value.getType()))
    return value;
  return vector::BroadcastOp::create(
      b, loc, VectorType::get(lanes, value.getType()), value);
}

/// Makes the operands all vectors where one is.
static void unify(OpBuilder &b, Location loc,
                  SmallVectorImpl<mlir::Value> &operands) {
  for (mlir::Value operand : operands)
    if (auto type = dyn_cast<VectorType>(operand.getType())) {
      for (mlir::Value &other : operands)
        other = splat(b, loc, other, type.getNumElements());
      return;
    }
}

bool ModEmitter::isReady(Operation &op) const {
  WalkResult walk = op.walk([&](Operation *inner) {
    if (auto position = dyn_cast<attn::PositionOp>(inner))
      if (!positions[static_cast<size_t>(position.getPosition())])
        return WalkResult::interrupt();
    for (mlir::Value operand : inner->getOperands()) {
      bool inside = op.isAncestor(operand.getParentBlock()->getParentOp());
      if (!inside && !values.contains(operand))
        return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return !walk.wasInterrupted();
}

/// The values of a block that `results` rest on, as far as they are neither
/// known nor `others`: those are in the set, what they rest on is not.
ModEmitter::ValueSet ModEmitter::usedBy(Block &block, ValueRange results,
                                        ValueRange others) const {
  ValueSet used(results.begin(), results.end());
  for (Operation &op : llvm::reverse(block)) {
    if (op.getNumResults() == 0 || !used.contains(op.getResult(0)) ||
        values.contains(op.getResult(0)) ||
        llvm::is_contained(others, op.getResult(0)))
      continue;
    op.walk([&](Operation *inner) {
      used.insert(inner->operand_begin(), inner->operand_end());
    });
  }
  return used;
}

void ModEmitter::emitBlock(Block &block, ValueRange results, bool readyOnly) {
  ValueSet used = usedBy(block, results);
  for (Operation &op : block.without_terminator()) {
    mlir::Value result = op.getResult(0);
    if (!used.contains(result) || values.contains(result) ||
        (readyOnly && !isReady(op)))
      continue;
    values[result] = emitOp(op);
  }
}

/// What a block ends with.
static ValueRange yieldsOf(Block &block) {
  return block.getTerminator()->getOperands();
}

void ModEmitter::adopt(const ModEmitter &other) {
  for (auto [mine, theirs] : llvm::zip(positions, other.positions))
    if (!mine)
      mine = theirs;
  values.insert(other.values.begin(), other.values.end());
  steps.insert(other.steps.begin(), other.steps.end());
}

void ModEmitter::emitReady(Region &region) {
  if (!region.empty())
    emitBlock(region.front(), yieldsOf(region.front()), /*readyOnly=*/true);
}

SmallVector<mlir::Value> ModEmitter::emit(Region &region) {
  ValueRange results = yieldsOf(region.front());
  emitBlock(region.front(), results, /*readyOnly=*/false);
  return llvm::map_to_vector(
      results, [&](mlir::Value value) { return values.lookup(value); });
}

mlir::Value ModEmitter::emit(mlir::Value inRegion) {
  emitBlock(*inRegion.getParentBlock(), inRegion, /*readyOnly=*/false);
  return values.lookup(inRegion);
}

SmallVector<mlir::Value> ModEmitter::worthKeeping(Region &region,
                                                  ValueRange others) const {
  SmallVector<mlir::Value> worth;
  if (region.empty())
    return worth;
  ValueSet used = usedBy(region.front(), yieldsOf(region.front()), others);
  for (Operation &op : region.front().without_terminator()) {
    mlir::Value result = op.getResult(0);
    mlir::Value known = values.lookup(result);
    if (used.contains(result) && known && isa<VectorType>(known.getType()) &&
        !isa<attn::PositionOp>(op) && !steps.contains(known))
      worth.push_back(result);
  }
  return worth;
}

mlir::Value ModEmitter::emitOp(Operation &op) {
  return TypeSwitch<Operation *, mlir::Value>(&op)
      .Case([&](attn::ConstantOp op) { return emitConstant(op); })
      .Case([&](attn::PositionOp op) {
        return positions[static_cast<size_t>(op.getPosition())];
      })
      .Case([&](attn::ExtentOp op) {
        return captures->extents[static_cast<size_t>(op.getExtent())];
      })
      .Case([&](attn::ParamOp op) { return captures->params[op.getOrdinal()]; })
      .Case([&](attn::LoadOp op) { return emitLoad(op); })
      .Case([&](attn::LoadRangeOp op) { return emitLoadRange(op); })
      .Case([&](attn::ApplyOp op) { return emitApply(op); })
      .Case([&](attn::ReduceOp op) { return emitReduce(op); });
}

mlir::Value ModEmitter::emitConstant(attn::ConstantOp op) {
  return arith::ConstantOp::create(b, loc, op.getValue());
}

mlir::Value ModEmitter::emitLoad(attn::LoadOp op) {
  SmallVector<mlir::Value> subscripts = llvm::map_to_vector(
      op.getSubscripts(), [&](mlir::Value v) { return values.lookup(v); });
  SmallVector<int> subscriptSteps = llvm::map_to_vector(
      subscripts, [&](mlir::Value v) { return steps.lookup(v); });
  return emitBufferLoad(b, loc, captures->buffers[op.getOrdinal()], subscripts,
                        subscriptSteps,
                        static_cast<unsigned>(op.getInBounds()));
}

mlir::Value ModEmitter::emitLoadRange(attn::LoadRangeOp op) {
  SmallVector<mlir::Value> ends = llvm::map_to_vector(
      op.getEnds(), [&](mlir::Value v) { return values.lookup(v); });
  unsigned ordinal = op.getOrdinal();
  const RangeSummary *summary = nullptr;
  if (auto axis = summarizedAxis(op))
    if (auto found = captures->summaries.find({ordinal, *axis});
        found != captures->summaries.end())
      summary = &found->second;
  return emitBufferRange(b, loc, captures->buffers[ordinal], summary,
                         rangeRequestOf(op), ends);
}

/// By how much the lanes of a function's value rise, as far as those of its
/// operands tell; 0 where they do not. Minima and maxima keep the step: they
/// end the rise at some lane, and most vectors do not hold that lane.
int ModEmitter::stepOf(attn::Fn fn, ValueRange operands) const {
  auto isVarying = [&](mlir::Value v) { return isa<VectorType>(v.getType()); };
  if (llvm::count_if(operands, isVarying) != 1)
    return 0;
  mlir::Value varying = *llvm::find_if(operands, isVarying);
  int step = steps.lookup(varying);
  switch (fn) {
  case attn::Fn::Add:
  case attn::Fn::Min:
  case attn::Fn::Max:
    return step;
  case attn::Fn::Neg:
    return -step;
  case attn::Fn::Sub:
    return varying == operands.front() ? step : -step;
  default:
    return 0;
  }
}

/// Of operations whose operands do: a load by a subscript that a score decides
/// is as strict as any.
bool ModEmitter::dependsOnArgument(attn::ApplyOp op) const {
  return llvm::any_of(op->getOperands(), [&](mlir::Value operand) {
    auto argument = dyn_cast<BlockArgument>(operand);
    return ofArguments.contains(operand) ||
           (argument &&
            isa<attn::ForwardOp>(argument.getOwner()->getParentOp()));
  });
}

mlir::Value ModEmitter::emitApply(attn::ApplyOp op) {
  SmallVector<mlir::Value> operands = llvm::map_to_vector(
      op->getOperands(), [&](mlir::Value v) { return values.lookup(v); });
  int step = stepOf(op.getFn(), operands);
  unify(b, loc, operands);
  mlir::Value value;
  if (relaxed && dependsOnArgument(op)) {
    ofArguments.insert(op.getResult());
    value = relaxed(operationOf(op.getFn()), operands);
  }
  if (!value)
    value = emitFunction(b, loc, operationOf(op.getFn()), operands);
  if (step)
    steps[value] = step;
  return value;
}

bool ModEmitter::isVarying(Region &region) const {
  WalkResult walk = region.walk([&](Operation *op) {
    if (auto position = dyn_cast<attn::PositionOp>(op))
      if (isa<VectorType>(
              positions[static_cast<size_t>(position.getPosition())].getType()))
        return WalkResult::interrupt();
    for (mlir::Value operand : op->getOperands())
      if (mlir::Value known = values.lookup(operand))
        if (isa<VectorType>(known.getType()))
          return WalkResult::interrupt();
    return WalkResult::advance();
  });
  return walk.wasInterrupted();
}

/// The value that a reduction starts from.
static TypedAttr identityOf(OpBuilder &b, attn::Reduction kind,
                            mlir::Type type) {
  switch (kind) {
  case attn::Reduction::Any:
    return b.getBoolAttr(false);
  case attn::Reduction::All:
    return b.getBoolAttr(true);
  default:
    break;
  }
  bool isMin = kind == attn::Reduction::Min;
  if (type.isF32()) {
    if (kind == attn::Reduction::Sum)
      // -0 and not 0: -0 + x is x for every x.
      return b.getF32FloatAttr(-0.0f);
    float inf = std::numeric_limits<float>::infinity();
    return b.getF32FloatAttr(isMin ? inf : -inf);
  }
  if (kind == attn::Reduction::Sum)
    return b.getI32IntegerAttr(0);
  return b.getI32IntegerAttr(isMin ? std::numeric_limits<int32_t>::max()
                                   : std::numeric_limits<int32_t>::min());
}

static Op combinerOf(attn::Reduction kind) {
  switch (kind) {
  case attn::Reduction::Any:
    return Op::Or;
  case attn::Reduction::All:
    return Op::And;
  case attn::Reduction::Sum:
    return Op::Add;
  case attn::Reduction::Min:
    return Op::Min;
  case attn::Reduction::Max:
    return Op::Max;
  }
  llvm_unreachable("all reductions handled");
}

mlir::Value ModEmitter::emitReduce(attn::ReduceOp op) {
  Block &body = op.getBody().front();
  mlir::Value init = arith::ConstantOp::create(
      b, loc, identityOf(b, op.getKind(), op.getResult().getType()));
  if (isVarying(op.getBody())) {
    int64_t lanes = 0;
    for (mlir::Value known : positions)
      if (known)
        if (auto type = dyn_cast<VectorType>(known.getType()))
          lanes = type.getNumElements();
    for (auto &[_, known] : values)
      if (auto type = dyn_cast<VectorType>(known.getType()))
        lanes = type.getNumElements();
    init = splat(b, loc, init, lanes);
  }
  auto constant = [&](int64_t value) {
    return arith::ConstantOp::create(b, loc, b.getI32IntegerAttr(value));
  };
  // Counted from 0: the end of the range itself may be one past the largest
  // i32.
  int64_t lo = op.getLoAttr().getInt(), hi = op.getHiAttr().getInt();
  auto loop = scf::ForOp::create(b, loc, constant(0), constant(hi - lo),
                                 constant(1), init);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  mlir::Value variable = loop.getInductionVar();
  if (lo)
    variable = arith::AddIOp::create(b, loc, variable, constant(lo));
  ModEmitter inner = *this;
  inner.values[body.getArgument(0)] = variable;
  inner.emitBlock(body, yieldsOf(body), /*readyOnly=*/false);
  SmallVector<mlir::Value> operands = {
      loop.getRegionIterArg(0), inner.values.lookup(yieldsOf(body).front())};
  unify(b, loc, operands);
  mlir::Value next = emitFunction(b, loc, combinerOf(op.getKind()), operands);
  scf::YieldOp::create(b, loc, next);
  return loop.getResult(0);
}

} // namespace attnjit
