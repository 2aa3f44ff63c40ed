//===- RunBindings.cpp - What expressions read in a run -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Reference/RunBindings.h"

using namespace attnjit;

RunBindings::RunBindings(const KernelSignature &signature, const RunArgs &args,
                         const RunSizes &sizes)
    : args(args), runSizes(sizes) {
  fillKernelArgs(signature, this->args, sizes, kernelArgs, slots, bufferSlots);
  bindCaptures(signature);
  bindSizes();
}

void RunBindings::bindCaptures(const KernelSignature &signature) {
  for (const ParamDecl &decl : signature.params)
    params.push_back({decl.type, 0});
  for (size_t slot = 0; slot < slots.size(); ++slot)
    params[signature.paramSource[slot]].bits = slots[slot];
  buffers.resize(signature.buffers.size());
  for (size_t slot = 0; slot < bufferSlots.size(); ++slot) {
    const BufferDecl &decl = signature.buffers[signature.bufferSource[slot]];
    BufferView &view = buffers[signature.bufferSource[slot]];
    view.data = bufferSlots[slot].data;
    view.element = decl.element;
    view.rank = static_cast<int>(decl.dims.size());
    for (int axis = 0; axis < kMaxBufferRank; ++axis) {
      view.size[axis] = bufferSlots[slot].size[axis];
      view.stride[axis] = bufferSlots[slot].stride[axis];
    }
  }
  bindings.params = params;
  bindings.buffers = buffers;
}

void RunBindings::bindSizes() {
  // checkRunArgs keeps every size below 2^31.
  auto bind = [&](Size size, int64_t value) {
    bindings[size] = static_cast<int32_t>(value);
  };
  bind(Size::B, kernelArgs.B);
  bind(Size::Hq, kernelArgs.Hq);
  bind(Size::Hkv, kernelArgs.Hkv);
  bind(Size::Sq, kernelArgs.Sq);
  bind(Size::Skv, kernelArgs.Skv);
  bind(Size::D, kernelArgs.D);
  bind(Size::BGlobal, kernelArgs.B_global);
  bind(Size::HqGlobal, kernelArgs.Hq_global);
}

void RunBindings::setHead(int64_t b, int64_t h) {
  auto offsetAt = [b](const AttnJitPerBatch &offset) {
    return offset.data ? offset.data[b * offset.stride]
                       : static_cast<int32_t>(offset.stride);
  };
  offsetOfQ = offsetAt(kernelArgs.q_offset);
  offsetOfKv = offsetAt(kernelArgs.kv_offset);
  bindings[Var::B] = static_cast<int32_t>(b + kernelArgs.b_offset);
  bindings[Var::H] = static_cast<int32_t>(h + kernelArgs.h_offset);
  bindings[Var::KvH] = static_cast<int32_t>(h / (runSizes.Hq / runSizes.Hkv));
}

void RunBindings::setRow(int64_t i) {
  bindings[Var::Q] = static_cast<int32_t>(i + offsetOfQ);
  bindings[Var::QLocal] = static_cast<int32_t>(i);
}

void RunBindings::setKey(int64_t j) {
  bindings[Var::Kv] = static_cast<int32_t>(j + offsetOfKv);
  bindings[Var::KvLocal] = static_cast<int32_t>(j);
}
