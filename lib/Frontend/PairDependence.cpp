//===- PairDependence.cpp - How values depend on a pair -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Values are visited in the order of the block, so operands come first. i32
// arithmetic wraps, so q - kv is one number modulo 2^32 however it is summed.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Frontend/PairDependence.h"

#include "llvm/ADT/DenseMap.h"

using namespace mlir;

namespace attnjit {

namespace {
/// What a value depends on.
struct Dependence {
  bool query = false, key = false;
  /// Both hold, and query and key matter by their difference alone.
  bool isDistance = false;
  /// It is querySteps * q + keySteps * kv + what depends on neither, with
  /// steps of -1, 0 and 1.
  bool isLinear = false;
  int querySteps = 0, keySteps = 0;
  /// Operations that its computation from distances takes, kMostCost at most; a
  /// load counts as that many.
  int cost = 0;

  bool isFixed() const { return !query && !key; }
};

constexpr int kMostCost = 5;

class DependenceAnalysis {
public:
  void visit(Operation &op) {
    Dependence found;
    op.walk([&](Operation *inner) {
      if (auto position = dyn_cast<attn::PositionOp>(inner))
        addPosition(found, position.getPosition());
      for (mlir::Value operand : inner->getOperands()) {
        Dependence one = lookup(operand);
        found.query |= one.query;
        found.key |= one.key;
      }
    });
    // Of a reduction, what its body holds tells only what it depends on.
    if (found.isFixed())
      found.isLinear = true;
    else if (auto position = dyn_cast<attn::PositionOp>(op))
      addStep(found, position.getPosition());
    else if (auto apply = dyn_cast<attn::ApplyOp>(op))
      addLinear(found, apply);
    addDistance(found, op);
    dependences[op.getResult(0)] = found;
  }

  Dependence lookup(mlir::Value value) const {
    auto found = dependences.find(value);
    if (found != dependences.end())
      return found->second;
    // A hook's value is the pair's own; what a reduction counts is not.
    Dependence unknown;
    unknown.query = unknown.key =
        isa<attn::ForwardOp>(value.getParentBlock()->getParentOp());
    return unknown;
  }

private:
  static void addPosition(Dependence &found, attn::Position position) {
    found.query |= isQuery(position);
    found.key |= isKey(position);
  }

  static void addStep(Dependence &found, attn::Position position) {
    found.isLinear = true;
    found.querySteps = isQuery(position);
    found.keySteps = isKey(position);
  }

  static bool isQuery(attn::Position position) {
    return position == attn::Position::Q || position == attn::Position::QLocal;
  }

  static bool isKey(attn::Position position) {
    return position == attn::Position::Kv ||
           position == attn::Position::KvLocal;
  }

  void addLinear(Dependence &found, attn::ApplyOp op) const {
    if (op.getFn() != attn::Fn::Add && op.getFn() != attn::Fn::Sub)
      return;
    Dependence x = lookup(op.getOperand(0)), y = lookup(op.getOperand(1));
    int sign = op.getFn() == attn::Fn::Add ? 1 : -1;
    found.querySteps = x.querySteps + sign * y.querySteps;
    found.keySteps = x.keySteps + sign * y.keySteps;
    found.isLinear = op.getType().isInteger(32) && x.isLinear && y.isLinear &&
                     std::abs(found.querySteps) <= 1 &&
                     std::abs(found.keySteps) <= 1;
  }

  void addDistance(Dependence &found, Operation &op) const {
    if (!found.query || !found.key)
      return;
    found.cost = isa<attn::LoadOp>(op) ? kMostCost : 1;
    found.isDistance = isa<attn::ApplyOp, attn::LoadOp>(op);
    for (mlir::Value operand : op.getOperands()) {
      Dependence one = lookup(operand);
      found.isDistance &= one.isFixed() || one.isDistance;
      found.cost = std::min(found.cost + one.cost, kMostCost);
    }
    if (found.isLinear && found.querySteps + found.keySteps == 0) {
      found.isDistance = true;
      found.cost = 1;
    }
  }

  llvm::DenseMap<mlir::Value, Dependence> dependences;
};
} // namespace

/// The axis that makes `op` a pair load; none where it is not one.
static std::optional<unsigned> keyAxisOf(attn::LoadOp op,
                                         const DependenceAnalysis &analysis) {
  std::optional<unsigned> keyAxis;
  bool hasQuery = false;
  for (auto [axis, subscript] : llvm::enumerate(op.getSubscripts())) {
    Dependence found = analysis.lookup(subscript);
    hasQuery |= found.query;
    if (!found.key)
      continue;
    if (keyAxis || !found.isLinear || found.keySteps != 1 || found.query)
      return std::nullopt;
    keyAxis = axis;
  }
  return hasQuery ? keyAxis : std::nullopt;
}

SmallVector<PairLoad> findPairLoads(Region &region) {
  SmallVector<PairLoad> loads;
  if (region.empty())
    return loads;
  DependenceAnalysis analysis;
  for (Operation &op : region.front().without_terminator()) {
    if (auto load = dyn_cast<attn::LoadOp>(op))
      if (auto keyAxis = keyAxisOf(load, analysis))
        loads.push_back({load, *keyAxis});
    analysis.visit(op);
  }
  return loads;
}

SmallVector<mlir::Value> findDistanceValues(Region &region, int leastCost) {
  SmallVector<mlir::Value> values;
  if (region.empty())
    return values;
  DependenceAnalysis analysis;
  for (Operation &op : region.front().without_terminator())
    analysis.visit(op);
  for (Operation &op : region.front().without_terminator()) {
    mlir::Value value = op.getResult(0);
    Dependence found = analysis.lookup(value);
    if (!found.isDistance || found.cost < leastCost)
      continue;
    auto isOther = [&](Operation *user) {
      Operation *inBlock = region.front().findAncestorOpInBlock(*user);
      return inBlock->getNumResults() == 0 ||
             !analysis.lookup(inBlock->getResult(0)).isDistance;
    };
    if (llvm::any_of(value.getUsers(), isOther))
      values.push_back(value);
  }
  return values;
}

} // namespace attnjit
