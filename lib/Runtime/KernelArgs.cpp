//===- KernelArgs.cpp - Filling the ABI struct of a run -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes checked arguments; gives what compiled code receives. Defaults of a
// run (scale, absent offsets, no dropout) are decided here and nowhere else.
//
//===----------------------------------------------------------------------===//

#include "Checks.h"

#include <cassert>
#include <cmath>

using namespace attnjit;

/// An axis with no second element has no stride that matters; 0 says so to
/// compiled code, whatever the caller wrote there.
static int64_t strideOf(const Tensor &tensor, int axis) {
  return tensor.shape[axis] > 1 ? tensor.stride[axis] : 0;
}

static AttnJitTensor abiTensor(const Tensor &tensor) {
  AttnJitTensor result = {tensor.data, {}};
  for (int axis = 0; axis < tensor.rank; ++axis)
    result.stride[axis] = strideOf(tensor, axis);
  return result;
}

/// A mask of lower rank or size 1 broadcasts: stride 0.
static AttnJitTensor abiMask(const Tensor &mask) {
  AttnJitTensor result = {mask.data, {}};
  for (int axis = 0; axis < mask.rank; ++axis)
    result.stride[kMaxRank - mask.rank + axis] = strideOf(mask, axis);
  return result;
}

static AttnJitBuffer abiBuffer(const Tensor &tensor) {
  AttnJitBuffer result = {tensor.data, {1, 1, 1, 1}, {}};
  for (int axis = 0; axis < tensor.rank; ++axis) {
    result.size[axis] = tensor.shape[axis];
    result.stride[axis] = strideOf(tensor, axis);
  }
  return result;
}

static AttnJitPerBatch abiOffset(const OffsetArg &offset) {
  if (!offset.perBatch)
    return {nullptr, offset.scalar};
  return {static_cast<const int32_t *>(offset.perBatch->data),
          strideOf(*offset.perBatch, 0)};
}

static uint64_t paramSlot(const ParamDecl &decl, const RunArgs &args) {
  const CaptureArg *capture = findCapture(args, decl.name);
  const Scalar &given =
      capture ? std::get<Scalar>(capture->value) : *decl.defaultValue;
  std::optional<Scalar> value = convertScalar(given, decl.type);
  assert(value && "checkRunArgs lets only convertible values pass");
  return value ? value->bits : 0;
}

static void fillDropout(const RunArgs &args, AttnJitKernelArgs &out) {
  out.dropout_scale = 1;
  if (!args.dropout || args.deterministic)
    return;
  const DropoutArg &dropout = *args.dropout;
  // 2^32 is a power of two: the product is exact, and floor makes the one
  // decision that Reference and every target share.
  out.dropout_threshold =
      static_cast<uint32_t>(std::floor(dropout.rate * 0x1p32));
  out.dropout_seed = dropout.seed;
  out.dropout_offset = dropout.offset;
  out.dropout_scale = static_cast<float>(1 / (1 - dropout.rate));
}

void attnjit::fillKernelArgs(const KernelSignature &signature,
                             const RunArgs &args, const RunSizes &sizes,
                             AttnJitKernelArgs &out,
                             std::vector<uint64_t> &params,
                             std::vector<AttnJitBuffer> &buffers) {
  out = {};
  out.struct_size = sizeof(AttnJitKernelArgs);
  out.abi_version = ATTNJIT_ABI_VERSION;

  out.q = abiTensor(args.q);
  out.k = abiTensor(args.k);
  out.v = abiTensor(args.v);
  out.out = abiTensor(args.out);
  if (args.lse)
    out.lse = abiTensor(*args.lse);
  if (args.mask)
    out.mask = abiMask(*args.mask);

  out.B = out.B_global = sizes.B;
  out.Hq = out.Hq_global = sizes.Hq;
  out.Hkv = sizes.Hkv;
  out.Sq = sizes.Sq;
  out.Skv = sizes.Skv;
  out.D = sizes.D;
  out.Dv = sizes.Dv;
  out.q_dtype = static_cast<uint8_t>(args.q.dtype);
  out.kv_dtype = static_cast<uint8_t>(args.k.dtype);
  out.out_dtype = static_cast<uint8_t>(args.out.dtype);

  out.q_offset = abiOffset(args.qOffset);
  out.kv_offset = abiOffset(args.kvOffset);
  out.scale = args.scale.value_or(
      static_cast<float>(1 / std::sqrt(static_cast<double>(sizes.D))));
  fillDropout(args, out);
  out.apply_sink = 1;
  out.operation = ATTNJIT_FORWARD;

  params.clear();
  for (int ordinal : signature.paramSource)
    params.push_back(paramSlot(signature.params[ordinal], args));
  if (signature.asksForFiniteScores)
    params.push_back(false);
  buffers.clear();
  for (int ordinal : signature.bufferSource) {
    const CaptureArg *capture =
        findCapture(args, signature.buffers[ordinal].name);
    assert(capture && "checkRunArgs lets no used buffer be missing");
    buffers.push_back(abiBuffer(std::get<Tensor>(capture->value)));
  }
  out.params = params.data();
  out.buffers = buffers.data();
}
