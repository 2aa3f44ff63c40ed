//===- PairLoads.cpp - Loads that each pair does --------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Values are visited in the order of the block, so operands come first.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Frontend/PairLoads.h"

#include "llvm/ADT/DenseMap.h"

using namespace mlir;

namespace attnjit {

namespace {
/// What a value depends on.
struct Dependence {
  bool query = false, key = false;
  /// It is the key's position plus a value that depends on neither.
  bool followsKey = false;
};

class DependenceAnalysis {
public:
  void visit(Operation &op) {
    Dependence found;
    op.walk([&](Operation *inner) {
      if (auto position = dyn_cast<attn::PositionOp>(inner))
        join(found, of(position.getPosition()));
      for (mlir::Value operand : inner->getOperands())
        join(found, lookup(operand));
    });
    found.followsKey = followsKey(op);
    dependences[op.getResult(0)] = found;
  }

  Dependence lookup(mlir::Value value) const {
    auto found = dependences.find(value);
    if (found != dependences.end())
      return found->second;
    // A hook's value is the pair's own; what a reduction counts is not.
    bool isPair = isa<attn::ForwardOp>(value.getParentBlock()->getParentOp());
    return {isPair, isPair, false};
  }

private:
  static void join(Dependence &all, Dependence one) {
    all.query |= one.query;
    all.key |= one.key;
  }

  static Dependence of(attn::Position position) {
    switch (position) {
    case attn::Position::Q:
    case attn::Position::QLocal:
      return {true, false, false};
    case attn::Position::Kv:
    case attn::Position::KvLocal:
      return {false, true, true};
    default:
      return {};
    }
  }

  bool followsKey(Operation &op) const {
    if (auto position = dyn_cast<attn::PositionOp>(op))
      return of(position.getPosition()).followsKey;
    auto apply = dyn_cast<attn::ApplyOp>(op);
    if (!apply ||
        (apply.getFn() != attn::Fn::Add && apply.getFn() != attn::Fn::Sub))
      return false;
    Dependence x = lookup(op.getOperand(0)), y = lookup(op.getOperand(1));
    auto isFixed = [](Dependence d) { return !d.query && !d.key; };
    return (x.followsKey && isFixed(y)) ||
           (apply.getFn() == attn::Fn::Add && isFixed(x) && y.followsKey);
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
    if (keyAxis || !found.followsKey)
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

} // namespace attnjit
