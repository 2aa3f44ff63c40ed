//===- BuildForward.cpp - From a mod to the attn dialect ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each distinct node of a hook becomes one operation of its region, operands
// first, so the region is as small as the expression graph.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Frontend/BuildForward.h"

#include "attnjit/Analysis/AxisUse.h"
#include "attnjit/Analysis/ProbScaling.h"
#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Expr/Visitor.h"

#include "llvm/ADT/DenseMap.h"

#include <cmath>
#include <optional>

using namespace mlir;

namespace attnjit {

static mlir::Type convert(OpBuilder &b, attnjit::Type type) {
  switch (type) {
  case attnjit::Type::F32:
    return b.getF32Type();
  case attnjit::Type::I32:
    return b.getI32Type();
  case attnjit::Type::Bool:
    return b.getI1Type();
  case attnjit::Type::I64:
    return b.getI64Type();
  }
  llvm_unreachable("all types handled");
}

/// Element types of tensors: bool is i8, u8 is ui8.
static mlir::Type convert(OpBuilder &b, DType type) {
  switch (type) {
  case DType::F32:
    return b.getF32Type();
  case DType::F16:
    return b.getF16Type();
  case DType::BF16:
    return b.getBF16Type();
  case DType::I32:
    return b.getI32Type();
  case DType::I64:
    return b.getI64Type();
  case DType::U8:
    return b.getIntegerType(8, /*isSigned=*/false);
  case DType::Bool:
    return b.getI8Type();
  }
  llvm_unreachable("all dtypes handled");
}

/// The dialect's function for an operation of the language. Both lists hold
/// the same names.
static attn::Fn functionOf(Op op) {
  switch (op) {
#define ATTNJIT_FN(Name)                                                       \
  case Op::Name:                                                               \
    return attn::Fn::Name;
#include "attnjit/Frontend/Functions.def"
  default:
    llvm_unreachable("not an operation on values");
  }
}

static attn::Position positionOf(Var var) {
  switch (var) {
  case Var::B:
    return attn::Position::B;
  case Var::H:
    return attn::Position::H;
  case Var::Q:
    return attn::Position::Q;
  case Var::Kv:
    return attn::Position::Kv;
  case Var::QLocal:
    return attn::Position::QLocal;
  case Var::KvLocal:
    return attn::Position::KvLocal;
  case Var::KvH:
    return attn::Position::KvH;
  case Var::QLo:
    return attn::Position::QLo;
  case Var::QHi:
    return attn::Position::QHi;
  case Var::KvLo:
    return attn::Position::KvLo;
  case Var::KvHi:
    return attn::Position::KvHi;
  case Var::QLocalLo:
    return attn::Position::QLocalLo;
  case Var::QLocalHi:
    return attn::Position::QLocalHi;
  case Var::KvLocalLo:
    return attn::Position::KvLocalLo;
  case Var::KvLocalHi:
    return attn::Position::KvLocalHi;
  case Var::Score:
  case Var::Prob:
    break;
  }
  llvm_unreachable("score and prob are region arguments");
}

static attn::Reduction rangeKindOf(const ExprNode &node) {
  bool wantsLeast = node.op() == Op::LoadMin;
  if (node.type() == attnjit::Type::Bool)
    return wantsLeast ? attn::Reduction::All : attn::Reduction::Any;
  return wantsLeast ? attn::Reduction::Min : attn::Reduction::Max;
}

namespace {
/// Builds one region of the op from expressions.
class RegionBuilder {
public:
  RegionBuilder(OpBuilder &builder, const ModProgram &mod)
      : b(builder), loc(builder.getUnknownLoc()), mod(mod) {}

  void build(Region &region, std::span<const Expr> results, bool takesValue) {
    Block &block = region.emplaceBlock();
    if (takesValue)
      hookValue = block.addArgument(b.getF32Type(), loc);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&block);
    SmallVector<mlir::Value> yields;
    for (const Expr &result : results)
      yields.push_back(emit(result));
    attn::YieldOp::create(b, loc, yields);
  }

private:
  /// Values already emitted that dominate the insertion point. Reduction
  /// bodies start from a copy, so nothing leaks out of them.
  using Values = llvm::DenseMap<const ExprNode *, mlir::Value>;

  mlir::Value emit(const Expr &root) {
    auto found = values.find(root.get());
    if (found != values.end())
      return found->second;
    // Recursion is bounded by kMaxDepth.
    SmallVector<mlir::Value> operands;
    if (root->op() != Op::Reduce)
      for (const Expr &operand : root->operands())
        operands.push_back(emit(operand));
    mlir::Value value = emitNode(root, operands);
    values.try_emplace(root.get(), value);
    return value;
  }

  mlir::Value emitNode(const Expr &root, ArrayRef<mlir::Value> operands) {
    const ExprNode &node = *root;
    mlir::Type type = convert(b, node.type());
    switch (node.op()) {
    case Op::Const:
      return attn::ConstantOp::create(b, loc, type, constantAttr(node));
    case Op::Var:
      if (node.var() == Var::Score || node.var() == Var::Prob)
        return hookValue;
      return attn::PositionOp::create(b, loc, type, positionOf(node.var()));
    case Op::SizeOf:
      return attn::ExtentOp::create(b, loc, type,
                                    static_cast<attn::Extent>(node.size()));
    case Op::Param:
      return attn::ParamOp::create(b, loc, type,
                                   mod.paramOrdinal(node.param().name));
    case Op::Load:
      return attn::LoadOp::create(b, loc, type,
                                  mod.bufferOrdinal(node.buffer().name),
                                  operands, provenAxes(root));
    case Op::LoadMin:
    case Op::LoadMax:
      return attn::LoadRangeOp::create(b, loc, type, rangeKindOf(node),
                                       mod.bufferOrdinal(node.buffer().name),
                                       operands, node.buffer().sorted);
    case Op::ReduceVar:
      return reduceVars.lookup(node.reduceVar());
    case Op::Reduce:
      return emitReduce(node, type);
    case Op::Invalid:
      llvm_unreachable("a ModProgram holds no invalid node");
    case Op::Div:
      if (std::optional<float> factor = reciprocalFor(node))
        return attn::ApplyOp::create(
            b, loc, type, attn::Fn::Mul,
            {operands[0], attn::ConstantOp::create(
                              b, loc, type, b.getF32FloatAttr(*factor))});
      [[fallthrough]];
    default:
      return attn::ApplyOp::create(b, loc, type, functionOf(node.op()),
                                   operands);
    }
  }

  /// For a division by a constant of what depends on score or prob, the factor
  /// that takes its place: the error bound has room for its rounding, and a
  /// softcap divides once less. All else is strict.
  static std::optional<float> reciprocalFor(const ExprNode &node) {
    const Expr &dividend = node.operand(0), &divisor = node.operand(1);
    if (divisor->op() != Op::Const ||
        !(dividend->dependsOn(Var::Score) || dividend->dependsOn(Var::Prob)))
      return std::nullopt;
    float factor = 1 / divisor->constant().asF32();
    if (!std::isnormal(factor))
      return std::nullopt;
    return factor;
  }

  TypedAttr constantAttr(const ExprNode &node) {
    const Scalar &value = node.constant();
    switch (node.type()) {
    case attnjit::Type::F32:
      return b.getFloatAttr(b.getF32Type(), llvm::APFloat(value.asF32()));
    case attnjit::Type::I32:
      return b.getI32IntegerAttr(value.asI32());
    case attnjit::Type::Bool:
      return b.getBoolAttr(value.asBool());
    case attnjit::Type::I64:
      return b.getI64IntegerAttr(value.asI64());
    }
    llvm_unreachable("all types handled");
  }

  mlir::Value emitReduce(const ExprNode &node, mlir::Type type) {
    auto reduce = attn::ReduceOp::create(
        b, loc, type, static_cast<attn::Reduction>(node.reduceKind()),
        node.reduceLo(), node.reduceHi());
    Block &block = reduce.getBody().emplaceBlock();
    mlir::Value t = block.addArgument(b.getI32Type(), loc);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToEnd(&block);
    Values outside = values;
    reduceVars[node.reduceVar()] = t;
    mlir::Value body = emit(node.operand(0));
    attn::YieldOp::create(b, loc, body);
    values = std::move(outside);
    return reduce;
  }

  OpBuilder &b;
  Location loc;
  const ModProgram &mod;
  mlir::Value hookValue;
  Values values;
  llvm::DenseMap<uint32_t, mlir::Value> reduceVars;
};
} // namespace

static RankedTensorType bufferType(OpBuilder &b, const BufferDecl &decl) {
  SmallVector<int64_t> shape;
  for (const Dim &dim : decl.dims)
    shape.push_back(dim.kind == Dim::Kind::Fixed ? dim.extent
                                                 : ShapedType::kDynamic);
  return RankedTensorType::get(shape, convert(b, decl.element));
}

OwningOpRef<ModuleOp> buildForward(MLIRContext &context, const ModProgram &mod,
                                   const TileBounds &bounds,
                                   const AttentionSpec &spec, StringRef name) {
  OpBuilder b(&context);
  Location loc = b.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(b, loc);
  b.setInsertionPointToEnd(module->getBody());

  SmallVector<Attribute> params, buffers;
  for (const ParamDecl &param : mod.params())
    params.push_back(TypeAttr::get(convert(b, param.type)));
  for (const BufferDecl &buffer : mod.buffers())
    buffers.push_back(TypeAttr::get(bufferType(b, buffer)));
  auto cutsOf = [&](bool ofKeys) -> DenseI64ArrayAttr {
    SmallVector<int64_t> numbers;
    for (const TileCut &cut : bounds.cuts)
      if (cut.ofKeys == ofKeys)
        numbers.append({cut.period, cut.offset});
    return numbers.empty() ? DenseI64ArrayAttr()
                           : b.getDenseI64ArrayAttr(numbers);
  };
  SmallVector<int64_t> ranges;
  for (const RangeAxis &range : findRangeAxes(bounds))
    ranges.append({mod.bufferOrdinal(range.buffer), range.axis});
  const bool hasSoftmax = mod.normalize() == Normalize::Softmax;
  auto forward = attn::ForwardOp::create(
      b, loc, name, spec.D, spec.Dv, convert(b, spec.dtype), spec.maskTensor,
      spec.dropout,
      hasSoftmax ? attn::Normalization::Softmax : attn::Normalization::None,
      hasSoftmax && !scalesWithProb(mod.prob()), b.getArrayAttr(params),
      b.getArrayAttr(buffers), cutsOf(false), cutsOf(true),
      ranges.empty() ? DenseI64ArrayAttr() : b.getDenseI64ArrayAttr(ranges));

  auto hook = [&](Region &region, std::span<const Expr> results,
                  bool takesValue) {
    if (results.front())
      RegionBuilder(b, mod).build(region, results, takesValue);
  };
  hook(forward.getScore(), {{mod.score()}}, true);
  hook(forward.getMask(), {{mod.mask()}}, false);
  hook(forward.getProb(), {{mod.prob()}}, true);
  hook(forward.getSink(), {{mod.sink()}}, false);
  if (mod.mask())
    hook(forward.getBounds(), {{bounds.empty, bounds.full}}, false);
  return module;
}

} // namespace attnjit
