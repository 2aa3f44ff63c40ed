//===- OperationCount.cpp - How long emitted code is ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What LLVM will share among pairs (a load by the row in a reduction, say) is
// emitted for each, so operations are counted by value numbers.
//
//===----------------------------------------------------------------------===//

#include "OperationCount.h"

#include "mlir/IR/OperationSupport.h"
#include "llvm/ADT/DenseMap.h"

#include <unordered_map>

using namespace mlir;

namespace attnjit::nvptx {

/// Of a longer loop, LLVM or ptxas unroll no more turns, roughly.
static constexpr int64_t kUnrolledTurns = 32;

namespace {
/// Numbers values: the same number, the same value.
class OperationCount {
public:
  int64_t count = 0;

  void add(Block &block, int64_t turns = 1) {
    for (Operation &op : block)
      add(op, turns);
  }

private:
  void add(Operation &op, int64_t turns) {
    if (op.hasTrait<OpTrait::IsTerminator>())
      return;
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      // The same turn of another loop has the same number.
      numbers[loop.getInductionVar()] = kInductionVariable;
      auto end = loop.getUpperBound().getDefiningOp<arith::ConstantOp>();
      auto number =
          dyn_cast_or_null<IntegerAttr>(end ? end.getValue() : TypedAttr());
      if (number)
        turns *= std::min(number.getInt(), kUnrolledTurns);
    }
    for (Region &region : op.getRegions())
      for (Block &inner : region)
        add(inner, turns);
    if (op.getNumRegions() || op.getNumResults() != 1)
      return;
    auto hash = static_cast<size_t>(OperationEquivalence::computeHash(
        &op, [&](Value operand) { return llvm::hash_value(numberOf(operand)); },
        OperationEquivalence::ignoreHashValue,
        OperationEquivalence::IgnoreLocations));
    auto [known, isNew] = computed.try_emplace(hash, next);
    numbers[op.getResult(0)] = known->second;
    if (!isNew)
      return;
    ++next;
    if (!op.hasTrait<OpTrait::ConstantLike>())
      count += turns;
  }

  int64_t numberOf(Value value) {
    auto [known, isNew] = numbers.try_emplace(value, next);
    next += isNew;
    return known->second;
  }

  static constexpr int64_t kInductionVariable = 0;
  int64_t next = 1;
  llvm::DenseMap<Value, int64_t> numbers;
  std::unordered_map<size_t, int64_t> computed; ///< by hash
};
} // namespace

int64_t countOperations(GpuIr &ir, function_ref<void()> emit) {
  auto trial = scf::ExecuteRegionOp::create(ir.b, ir.loc, TypeRange());
  Block &block = trial.getRegion().emplaceBlock();
  {
    OpBuilder::InsertionGuard guard(ir.b);
    ir.b.setInsertionPointToStart(&block);
    emit();
  }
  OperationCount operations;
  operations.add(block);
  trial.erase();
  return operations.count;
}

} // namespace attnjit::nvptx
