//===- ModKernel.cpp - A mod's regions as machine code --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Conversion and code generation are the library's own, so that the code that
// is tested is the code that kernels hold.
//
//===----------------------------------------------------------------------===//

#include "ModKernel.h"

#include "ObjectLoader.h"
#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Frontend/EmitRange.h"
#include "attnjit/Frontend/ModEmitter.h"
#include "attnjit/Target/CPU/Passes.h"
#include "attnjit/Target/Common/CodeGen.h"
#include "attnjit/Target/Common/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Verifier.h"

#include <cstddef>

using namespace mlir;

namespace attnjit::test {

namespace {
/// Emits the function. Addresses come from offsetof on the frame.
class KernelBuilder {
public:
  KernelBuilder(attn::ForwardOp forward, const ModKernelForm &form)
      : b(forward), loc(b.getUnknownLoc()), forward(forward), form(form) {}

  void build() {
    auto type = LLVM::LLVMFunctionType::get(
        LLVM::LLVMVoidType::get(b.getContext()), {pointer()});
    auto function = LLVM::LLVMFuncOp::create(b, loc, "mod_kernel", type);
    Block *entry = function.addEntryBlock(b);
    frame = entry->getArgument(0);
    b.setInsertionPointToStart(entry);
    loadCaptures();
    for (auto [index, region] : llvm::enumerate(forward->getRegions()))
      if (!region.empty())
        emitLevel(ModEmitter(b, loc, captures), region, index, /*level=*/0);
    LLVM::ReturnOp::create(b, loc, ValueRange());
  }

private:
  using Type = mlir::Type;
  using Value = mlir::Value;

  Type pointer() { return LLVM::LLVMPointerType::get(b.getContext()); }

  Value address(size_t offset) {
    return LLVM::GEPOp::create(
        b, loc, pointer(), b.getI8Type(), frame,
        ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(offset)});
  }
  Value load(Type type, size_t offset) {
    return LLVM::LoadOp::create(b, loc, type, address(offset), /*alignment=*/4);
  }
  Value loadLanes(Type type, size_t offset, bool varies) {
    return load(varies ? Type(VectorType::get(kLanes, type)) : type, offset);
  }

  void loadCaptures() {
    for (size_t i = 0; i < captures.extents.size(); ++i)
      captures.extents[i] =
          load(b.getI32Type(), offsetof(ModFrame, extents) + 4 * i);
    for (auto [i, param] : llvm::enumerate(forward.getParams())) {
      Type type = cast<TypeAttr>(param).getValue();
      size_t offset = offsetof(ModFrame, params) + 8 * i;
      bool isBool = type.isInteger(1);
      Value value = load(isBool ? Type(b.getI8Type()) : type, offset);
      if (isBool)
        value = arith::TruncIOp::create(b, loc, type, value);
      captures.params.push_back(value);
    }
    for (auto [i, buffer] : llvm::enumerate(forward.getBuffers())) {
      auto type = cast<RankedTensorType>(cast<TypeAttr>(buffer).getValue());
      size_t at = offsetof(ModFrame, buffers) + i * sizeof(ModFrame::Buffer);
      BufferAccess access;
      access.element = type.getElementType();
      access.base = load(pointer(), at + offsetof(ModFrame::Buffer, base));
      for (int64_t axis = 0; axis < type.getRank(); ++axis) {
        access.last.push_back(load(
            b.getI32Type(), at + offsetof(ModFrame::Buffer, last) + 4 * axis));
        access.stride.push_back(
            load(b.getI64Type(),
                 at + offsetof(ModFrame::Buffer, stride) + 8 * axis));
      }
      captures.buffers.push_back(access);
    }
    forward.getBounds().walk([&](attn::LoadRangeOp op) {
      if (std::optional<unsigned> axis = summarizedAxis(op))
        loadSummary(op.getOrdinal(), *axis);
    });
  }

  void loadSummary(unsigned ordinal, unsigned axis) {
    size_t at = offsetof(ModFrame, buffers) +
                ordinal * sizeof(ModFrame::Buffer) +
                offsetof(ModFrame::Buffer, summaries) +
                axis * sizeof(AttnJitRangeSummary);
    captures.summaries[{ordinal, axis}] = {
        load(pointer(), at + offsetof(AttnJitRangeSummary, data)),
        load(b.getI64Type(), at + offsetof(AttnJitRangeSummary, padded))};
  }

  /// Binds what becomes known at `level`; two loops of one turn lead inwards.
  void emitLevel(ModEmitter emitter, Region &region, size_t index, int level) {
    for (size_t p = 0; p < kPositions; ++p) {
      if (form.level[p] != level)
        continue;
      auto position = static_cast<attn::Position>(p);
      bool varies = form.vectors && form.varies[p];
      Value value = loadLanes(b.getI32Type(),
                              offsetof(ModFrame, positions) +
                                  p * sizeof(ModFrame::positions[0]),
                              varies);
      if (varies && form.runs)
        emitter.bindConsecutive(position, value);
      else
        emitter.bind(position, value);
    }
    if (level == 2) {
      if (region.getNumArguments())
        emitter.bind(
            region.getArgument(0),
            loadLanes(b.getF32Type(), offsetof(ModFrame, value), form.vectors));
      for (auto [y, value] : llvm::enumerate(emitter.emit(region)))
        storeResult(value, index, y);
      return;
    }
    emitter.emitReady(region);
    auto constant = [&](int64_t value) -> Value {
      return arith::ConstantOp::create(b, loc, b.getI64IntegerAttr(value));
    };
    auto loop =
        scf::ForOp::create(b, loc, constant(0), constant(1), constant(1));
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    emitLevel(emitter, region, index, level + 1);
  }

  void storeResult(Value value, size_t region, size_t yield) {
    auto vector = VectorType::get(kLanes, getElementTypeOrSelf(value));
    if (!isa<VectorType>(value.getType()))
      value = vector::BroadcastOp::create(b, loc, vector, value);
    if (vector.getElementType().isInteger(1))
      value = arith::ExtUIOp::create(
          b, loc, VectorType::get(kLanes, b.getI32Type()), value);
    LLVM::StoreOp::create(
        b, loc, value,
        address(offsetof(ModFrame, results) +
                (2 * region + yield) * sizeof(ModFrame::results[0][0])),
        /*alignment=*/4);
  }

  OpBuilder b;
  Location loc;
  attn::ForwardOp forward;
  const ModKernelForm &form;
  Value frame;
  CaptureAccess captures;
};
} // namespace

Expected<ModKernel> ModKernel::compile(ModuleOp module,
                                       const ModKernelForm &form) {
  OwningOpRef<ModuleOp> copy = module.clone();
  auto forward = *copy->getOps<attn::ForwardOp>().begin();
  KernelBuilder(forward, form).build();
  forward.erase();
  if (failed(verify(*copy)))
    return fail(ErrorKind::Internal, "the emitted code does not verify");
  if (failed(codegen::convertKernelToLLVM(*copy)))
    return fail(ErrorKind::Internal, "the emitted code does not convert");
  Trace trace;
  auto object = generateCode(*copy, TargetSpec{}, CodeForm::Object, trace);
  if (!object)
    return fail(object.error());
  auto loaded = loadObject(std::move(*object), "mod_kernel",
                           /*hasCost=*/false);
  if (!loaded)
    return fail(loaded.error());
  ModKernel kernel;
  kernel.entry = reinterpret_cast<void (*)(void *)>(loaded->entry);
  kernel.code = loaded->code;
  return kernel;
}

std::unique_ptr<MLIRContext> makeModKernelContext() {
  DialectRegistry registry;
  registry.insert<attn::AttnDialect>();
  cpu::registerDependentDialects(registry);
  registerCodeGenTranslations(registry);
  auto context =
      std::make_unique<MLIRContext>(registry, MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

} // namespace attnjit::test
