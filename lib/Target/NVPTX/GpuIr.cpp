//===- GpuIr.cpp - Terse construction of GPU kernel code ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The only includer of the nvvm dialect, whose header is large.
//
//===----------------------------------------------------------------------===//

#include "GpuIr.h"

#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

using namespace mlir;

namespace attnjit::nvptx {

//===----------------------------------------------------------------------===//
// Integers and floats
//===----------------------------------------------------------------------===//

Value GpuIr::constantLike(Value x, int64_t c) {
  return arith::ConstantOp::create(b, loc, b.getIntegerAttr(x.getType(), c));
}

Value GpuIr::zeroOf(Type type) {
  return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
}

Value GpuIr::shiftRight(Value x, Value bits) {
  return arith::ShRUIOp::create(b, loc, x, bits);
}

Value GpuIr::lowestBit(Value x) {
  return LLVM::CountTrailingZerosOp::create(b, loc, x.getType(), x,
                                            /*is_zero_poison=*/false);
}

Value GpuIr::fma(Value x, Value y, Value z) {
  return LLVM::FMAOp::create(b, loc, x, y, z);
}

Value GpuIr::maxNum(Value x, Value y) {
  return arith::MaxNumFOp::create(b, loc, x, y);
}

Value GpuIr::maximum(Value x, Value y) {
  return arith::MaximumFOp::create(b, loc, x, y);
}

Value GpuIr::fabs(Value x) { return LLVM::FAbsOp::create(b, loc, x); }
Value GpuIr::fneg(Value x) { return arith::NegFOp::create(b, loc, x); }

static Value callIntrinsic(GpuIr &ir, StringRef name, Type type,
                           ValueRange operands) {
  return LLVM::CallIntrinsicOp::create(ir.b, ir.loc, type,
                                       ir.b.getStringAttr(name), operands)
      .getResult(0);
}

Value GpuIr::exp2Approx(Value x) {
  return callIntrinsic(*this, "llvm.nvvm.ex2.approx.ftz.f32", f32(), x);
}

Value GpuIr::log2Approx(Value x) {
  return callIntrinsic(*this, "llvm.nvvm.lg2.approx.ftz.f", f32(), x);
}

Value GpuIr::reciprocalApprox(Value x) {
  return callIntrinsic(*this, "llvm.nvvm.rcp.approx.ftz.f", f32(), x);
}

Value GpuIr::divideApprox(Value x, Value y) {
  return callIntrinsic(*this, "llvm.nvvm.div.full", f32(), {x, y});
}

Value GpuIr::rsqrtApprox(Value x) {
  return callIntrinsic(*this, "llvm.nvvm.rsqrt.approx.ftz.f", f32(), x);
}

Value GpuIr::packPair(Type element, Value low, Value high) {
  auto rounding =
      NVVM::FPRoundingModeAttr::get(b.getContext(), NVVM::FPRoundingMode::RN);
  Type type = VectorType::get(2, element);
  Value pair;
  if (element.isBF16())
    pair = NVVM::ConvertF32x2ToBF16x2Op::create(b, loc, type, high, low,
                                                Value(), rounding);
  else
    pair = NVVM::ConvertF32x2ToF16x2Op::create(b, loc, type, high, low, Value(),
                                               rounding);
  return bitcast(i32(), pair);
}

Value GpuIr::narrow(Type element, Value x) {
  return arith::TruncIOp::create(b, loc, b.getIntegerType(16),
                                 packPair(element, x, cF32(0)));
}

Value GpuIr::bitcast(Type type, Value x) {
  return x.getType() == type ? x : LLVM::BitcastOp::create(b, loc, type, x);
}

Value GpuIr::widenHalf(Value pair, int half) {
  Type bits = b.getIntegerType(16);
  Value part = half ? shiftRight(pair, cI32(16)) : pair;
  part = arith::TruncIOp::create(b, loc, bits, part);
  return arith::ExtFOp::create(b, loc, f32(), bitcast(b.getF16Type(), part));
}

Value GpuIr::roundTf32(Value x) {
  return NVVM::ConvertFloatToTF32Op::create(
      b, loc, i32(), x, NVVM::FPRoundingMode::RNA, NVVM::SaturationMode::NONE,
      /*relu=*/false);
}

//===----------------------------------------------------------------------===//
// Kernels
//===----------------------------------------------------------------------===//

Value GpuIr::createKernel(StringRef name, int64_t parameterBytes,
                          int64_t threads) {
  auto type = LLVM::LLVMFunctionType::get(
      LLVM::LLVMVoidType::get(b.getContext()), {ptr()});
  auto function = LLVM::LLVMFuncOp::create(b, loc, name, type);
  function.setArgAttr(
      0, "llvm.byval",
      TypeAttr::get(LLVM::LLVMArrayType::get(i64(), parameterBytes / 8)));
  function.setArgAttr(0, "llvm.align", b.getI64IntegerAttr(8));
  function.setArgAttr(0, "nvvm.grid_constant", b.getUnitAttr());
  function->setAttr("nvvm.kernel", b.getUnitAttr());
  function->setAttr("nvvm.maxntid",
                    b.getDenseI32ArrayAttr({static_cast<int32_t>(threads)}));
  b.setInsertionPointToStart(function.addEntryBlock(b));
  return function.getArgument(0);
}

//===----------------------------------------------------------------------===//
// Threads
//===----------------------------------------------------------------------===//

Value GpuIr::threadIndex() { return NVVM::ThreadIdXOp::create(b, loc, i32()); }
Value GpuIr::blockIndex() { return NVVM::BlockIdXOp::create(b, loc, i32()); }
void GpuIr::barrier() { NVVM::Barrier0Op::create(b, loc); }
void GpuIr::syncWarp() { NVVM::SyncWarpOp::create(b, loc, cI32(-1)); }

Value GpuIr::shuffleXor(Value x, int32_t bits) {
  return NVVM::ShflOp::create(b, loc, x.getType(), cI32(-1), x, cI32(bits),
                              cI32(kWarpSize - 1), NVVM::ShflKind::bfly,
                              UnitAttr());
}

Value GpuIr::zeroAfter(ValueRange floats) {
  Value bits = cI32(0);
  for (Value x : floats)
    bits = bitOr(bits, bitcast(i32(), x));
  return bitAnd(bits, NVVM::BlockIdYOp::create(b, loc, i32()));
}

Value GpuIr::ballot(Value condition) {
  return NVVM::VoteSyncOp::create(b, loc, i32(), cI32(-1), condition,
                                  NVVM::VoteSyncKind::ballot);
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Value GpuIr::sharedBase(StringRef symbol) {
  return LLVM::AddressOfOp::create(b, loc, sharedPtr(), symbol);
}

Value GpuIr::toGlobal(Value pointer) {
  return LLVM::AddrSpaceCastOp::create(b, loc, globalPtr(), pointer);
}

Value GpuIr::offset(Value pointer, Value bytes) {
  return LLVM::GEPOp::create(b, loc, pointer.getType(), b.getI8Type(), pointer,
                             bytes);
}

Value GpuIr::offset(Value pointer, int64_t bytes) {
  if (bytes == 0)
    return pointer;
  return LLVM::GEPOp::create(
      b, loc, pointer.getType(), b.getI8Type(), pointer,
      ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(bytes)},
      LLVM::GEPNoWrapFlags::inbounds);
}

Value GpuIr::loadAligned(Type type, Value address, unsigned alignment) {
  return LLVM::LoadOp::create(b, loc, type, address, alignment);
}

void GpuIr::storeAligned(Value value, Value address, unsigned alignment) {
  LLVM::StoreOp::create(b, loc, value, address, alignment);
}

void GpuIr::copyAsync(Value to, Value from, Value bytes) {
  NVVM::CpAsyncOp::create(b, loc, to, from, 16, NVVM::LoadCacheModifierKind::CG,
                          bytes);
}

void GpuIr::commitCopies() { NVVM::CpAsyncCommitGroupOp::create(b, loc); }

void GpuIr::waitCopies(int32_t groups) {
  NVVM::CpAsyncWaitGroupOp::create(b, loc, groups);
}

void GpuIr::threadFence() {
  LLVM::FenceOp::create(b, loc, LLVM::AtomicOrdering::acq_rel, "device");
}

Value GpuIr::atomicAdd(Value address, Value x) {
  return LLVM::AtomicRMWOp::create(b, loc, LLVM::AtomicBinOp::add, address, x,
                                   LLVM::AtomicOrdering::monotonic, "device");
}

static GpuIr::Values extractAll(GpuIr &ir, Value aggregate, unsigned count) {
  GpuIr::Values parts;
  for (unsigned i = 0; i < count; ++i)
    parts.push_back(LLVM::ExtractValueOp::create(ir.b, ir.loc, aggregate, i));
  return parts;
}

GpuIr::Values GpuIr::loadMatrices(Value address, bool transposed) {
  MLIRContext *context = b.getContext();
  Type type =
      LLVM::LLVMStructType::getLiteral(context, SmallVector<Type>(4, i32()));
  Value loaded = NVVM::LdMatrixOp::create(
      b, loc, type, address, 4,
      transposed ? NVVM::MMALayout::col : NVVM::MMALayout::row,
      NVVM::LdStMatrixShapeAttr::get(context, 8, 8),
      NVVM::LdStMatrixEltType::B16);
  return extractAll(*this, loaded, 4);
}

GpuIr::Values GpuIr::multiply(Type element, ValueRange a, ValueRange b2,
                              ValueRange c) {
  // The dialect takes bf16 in i32 registers, f16 in vectors.
  auto registers = [&](ValueRange values) {
    Values result(values);
    if (element.isF16())
      for (Value &value : result)
        value = bitcast(VectorType::get(2, element), value);
    return result;
  };
  Type type = LLVM::LLVMStructType::getLiteral(b.getContext(),
                                               SmallVector<Type>(4, f32()));
  auto ptxType = element.isF32()   ? NVVM::MMATypes::tf32
                 : element.isF16() ? NVVM::MMATypes::f16
                                   : NVVM::MMATypes::bf16;
  auto product = NVVM::MmaOp::create(
      b, loc, type, registers(a), registers(b2), c,
      ArrayRef<int64_t>{16, 8, element.isF32() ? 8 : 16}, std::nullopt,
      std::nullopt, std::array{ptxType, ptxType},
      std::array{NVVM::MMALayout::row, NVVM::MMALayout::col});
  return extractAll(*this, product, 4);
}

//===----------------------------------------------------------------------===//
// Control
//===----------------------------------------------------------------------===//

scf::ForOp GpuIr::loop32(int64_t count, function_ref<void(Value i)> body) {
  auto loop = scf::ForOp::create(b, loc, cI32(0),
                                 cI32(static_cast<int32_t>(count)), cI32(1));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPoint(loop.getBody()->getTerminator());
  body(loop.getInductionVar());
  return loop;
}

GpuIr::Values
GpuIr::foldRange(Value end, int32_t step, ValueRange values,
                 function_ref<Values(Value i, ValueRange values)> body) {
  auto loop = scf::ForOp::create(b, loc, cI32(0), end, cI32(step), values);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(loop.getBody());
  Values next = body(loop.getInductionVar(), loop.getRegionIterArgs());
  scf::YieldOp::create(b, loc, next);
  return Values(loop.getResults());
}

static void annotate(GpuIr &ir, Operation *loop, BoolAttr disable,
                     IntegerAttr count) {
  MLIRContext *context = ir.b.getContext();
  auto unroll =
      LLVM::LoopUnrollAttr::get(context, disable, count, {}, {}, {}, {}, {});
  loop->setAttr(LLVM::BrOp::getLoopAnnotationAttrName(
                    OperationName(LLVM::BrOp::getOperationName(), context)),
                LLVM::LoopAnnotationAttr::get(context, {}, {}, {}, unroll, {},
                                              {}, {}, {}, {}, {}, {}, {}, {},
                                              {}, {}));
}

/// Of loops inside, ptxas would unroll all turns, and then hoist what the turns
/// of the outer loop share: up to 13 KB of spills.
static void keepRolled(GpuIr &ir, scf::ForOp loop) {
  loop.getBody()->walk([&](scf::ForOp inner) {
    annotate(ir, inner, /*disable=*/{}, ir.b.getI32IntegerAttr(4));
  });
  annotate(ir, loop, /*disable=*/ir.b.getBoolAttr(true), /*count=*/{});
}

GpuIr::Values
GpuIr::foldRolled(int64_t count, ValueRange values,
                  function_ref<Values(Value i, ValueRange values)> body) {
  Values results =
      foldRange(cI32(static_cast<int32_t>(count)), /*step=*/1, values, body);
  auto loop = results.front().getDefiningOp<scf::ForOp>();
  keepRolled(*this, loop);
  return results;
}

void GpuIr::loopRolled(int64_t count, function_ref<void(Value i)> body) {
  keepRolled(*this, loop32(count, body));
}

GpuIr::Values GpuIr::whileLoop(ValueRange values,
                               function_ref<Value(ValueRange)> condition,
                               function_ref<Values(ValueRange)> body) {
  auto loop = scf::WhileOp::create(
      b, loc, TypeRange(values), values,
      [&](OpBuilder &, Location, ValueRange arguments) {
        scf::ConditionOp::create(b, loc, condition(arguments), arguments);
      },
      [&](OpBuilder &, Location, ValueRange arguments) {
        Values next = body(arguments);
        scf::YieldOp::create(b, loc, next);
      });
  return Values(loop.getResults());
}

} // namespace attnjit::nvptx
