//===- CheckRunArgs.cpp - Refusing bad arguments of a run -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the arguments of a run; gives its sizes, or the first thing wrong with
// the arguments. After it a kernel can run without looking at anything again:
// every element that it reads or writes exists, and what it writes nobody else
// reads.
//
//===----------------------------------------------------------------------===//

#include "Checks.h"
#include "RunTensors.h"

#include <algorithm>
#include <limits>
#include <string>

using namespace attnjit;

static constexpr int64_t kMaxSize = std::numeric_limits<int32_t>::max();

//===----------------------------------------------------------------------===//
// One tensor
//===----------------------------------------------------------------------===//

namespace {
/// An axis of a tensor of the run: its symbol, and where it is not the first
/// with that symbol, the size that it should have.
struct AxisRule {
  std::string_view symbol;
  std::optional<int64_t> size;
};
} // namespace

static Expected<void> checkTensor(std::string_view name, const Tensor &tensor,
                                  DType dtype,
                                  std::initializer_list<AxisRule> axes,
                                  Use use = Use::Elements) {
  if (Expected<void> ok = checkView(name, tensor, use); !ok)
    return ok;
  if (tensor.dtype != dtype)
    return badArgument("`{}` is {}; its element type should be {}", name,
                       tensor.describe(), attnjit::name(dtype));
  if (tensor.rank != static_cast<int>(axes.size())) {
    std::string symbols;
    for (const AxisRule &axis : axes)
      symbols += (symbols.empty() ? "" : ", ") + std::string(axis.symbol);
    return badArgument("`{}` is {}, of rank {}; it should have rank {}: [{}]",
                       name, tensor.describe(), tensor.rank, axes.size(),
                       symbols);
  }
  int axis = 0;
  for (const AxisRule &rule : axes) {
    int64_t size = tensor.shape[axis];
    if (rule.size && size != *rule.size)
      return badArgument("`{}` is {}: axis {} is {}; it should be {} = {}",
                         name, tensor.describe(), axis, size, rule.symbol,
                         *rule.size);
    if (size > kMaxSize)
      return badArgument("`{}` is {}: {} is {}; it should be below 2^31", name,
                         tensor.describe(), rule.symbol, size);
    ++axis;
  }
  return {};
}

//===----------------------------------------------------------------------===//
// All tensors
//===----------------------------------------------------------------------===//

static Expected<void> checkGroups(int64_t Hq, int64_t Hkv) {
  if (Hkv == 0 ? Hq == 0 : Hq % Hkv == 0)
    return {};
  return badArgument("Hq is {} and Hkv is {}; Hq should be a multiple of Hkv",
                     Hq, Hkv);
}

static Expected<void> checkMaskTensor(const KernelSignature &signature,
                                      const RunArgs &args,
                                      const RunSizes &sizes) {
  if (!args.mask) {
    if (!signature.maskTensor)
      return {};
    return badArgument("`mask` is missing; the kernel was compiled for runs "
                       "with a mask tensor");
  }
  const Tensor &mask = *args.mask;
  if (!signature.maskTensor)
    return badArgument("`mask` is {}; the kernel was compiled without a mask "
                       "tensor",
                       mask.describe());
  if (Expected<void> ok = checkView("mask", mask); !ok)
    return ok;
  if (mask.dtype != DType::Bool)
    return badArgument("`mask` is {}; its element type should be bool",
                       mask.describe());
  const std::array<int64_t, 4> full = {sizes.B, sizes.Hq, sizes.Sq, sizes.Skv};
  for (int axis = 0; axis < mask.rank; ++axis) {
    int64_t wanted = full[axis + 4 - mask.rank];
    if (mask.shape[axis] != wanted && mask.shape[axis] != 1)
      return badArgument("`mask` is {}; it should broadcast to [B, Hq, Sq, "
                         "Skv] = [{}, {}, {}, {}]: axis {} should be {} or 1",
                         mask.describe(), sizes.B, sizes.Hq, sizes.Sq,
                         sizes.Skv, axis, wanted);
  }
  if (mask.rank == 0 || mask.stride[mask.rank - 1] == 0)
    return {};
  return checkLastAxisContiguous("mask", mask);
}

/// q, k and v against the signature and each other.
static Expected<RunSizes> checkInputs(const KernelSignature &signature,
                                      const RunArgs &args, Use use) {
  const DType dtype = signature.dtype;
  const int64_t D = signature.D, Dv = signature.Dv;
  if (Expected<void> ok =
          checkTensor("q", args.q, dtype,
                      {{"B", {}}, {"Hq", {}}, {"Sq", {}}, {"D", D}}, use);
      !ok)
    return fail(ok.error());
  const int64_t B = args.q.shape[0], Hq = args.q.shape[1], Sq = args.q.shape[2];
  if (Expected<void> ok =
          checkTensor("k", args.k, dtype,
                      {{"B", B}, {"Hkv", {}}, {"Skv", {}}, {"D", D}}, use);
      !ok)
    return fail(ok.error());
  const int64_t Hkv = args.k.shape[1], Skv = args.k.shape[2];
  if (Expected<void> ok =
          checkTensor("v", args.v, dtype,
                      {{"B", B}, {"Hkv", Hkv}, {"Skv", Skv}, {"Dv", Dv}}, use);
      !ok)
    return fail(ok.error());
  if (Expected<void> ok = checkGroups(Hq, Hkv); !ok)
    return fail(ok.error());
  for (auto [name, tensor] :
       {std::pair{"q", &args.q}, {"k", &args.k}, {"v", &args.v}})
    if (Expected<void> ok = checkLastAxisContiguous(name, *tensor); !ok)
      return fail(ok.error());
  return RunSizes{B, Hq, Hkv, Sq, Skv, D, Dv};
}

static Expected<void> checkOutputs(const KernelSignature &signature,
                                   const RunArgs &args, const RunSizes &sizes) {
  const AxisRule B = {"B", sizes.B}, Hq = {"Hq", sizes.Hq},
                 Sq = {"Sq", sizes.Sq}, Dv = {"Dv", sizes.Dv};
  Expected<void> ok =
      checkTensor("out", args.out, signature.dtype, {B, Hq, Sq, Dv});
  if (ok)
    ok = checkLastAxisContiguous("out", args.out);
  if (ok)
    ok = checkDistinctElements("out", args.out);
  if (!ok || !args.lse)
    return ok;
  if (!signature.softmax)
    return badArgument("`lse` is given; a mod with `normalize = none` has no "
                       "lse");
  ok = checkTensor("lse", *args.lse, DType::F32, {B, Hq, Sq});
  return ok ? checkDistinctElements("lse", *args.lse) : ok;
}

//===----------------------------------------------------------------------===//
// Offsets and dropout
//===----------------------------------------------------------------------===//

std::optional<OffsetRange>
attnjit::offsetRange(const KernelSignature &signature, const OffsetArg &offset,
                     int64_t B) {
  if (!offset.perBatch)
    return OffsetRange{offset.scalar, offset.scalar};
  if (signature.deviceMemory)
    return std::nullopt;
  OffsetRange range;
  const auto *data = static_cast<const int32_t *>(offset.perBatch->data);
  for (int64_t b = 0; b < B; ++b) {
    int32_t value = data[b * offset.perBatch->stride[0]];
    range.low = b == 0 ? value : std::min(range.low, value);
    range.high = b == 0 ? value : std::max(range.high, value);
  }
  return range;
}

static Expected<void> checkOffset(const KernelSignature &signature,
                                  std::string_view name,
                                  const OffsetArg &offset,
                                  std::string_view lengthSymbol, int64_t length,
                                  int64_t B) {
  if (offset.perBatch)
    if (Expected<void> ok =
            checkTensor(name, *offset.perBatch, DType::I32, {{"B", B}});
        !ok)
      return ok;
  const std::optional<OffsetRange> range = offsetRange(signature, offset, B);
  const int64_t highest = range ? range->high : 0;
  if (highest + length <= kMaxSize)
    return {};
  return badArgument("`{}` reaches {} and {} is {}; their sum should be below "
                     "2^31",
                     name, highest, lengthSymbol, length);
}

static Expected<void> checkDropout(const KernelSignature &signature,
                                   const RunArgs &args) {
  if (!args.dropout || args.deterministic)
    return {};
  if (!signature.dropout)
    return badArgument("`dropout` is given; the kernel was compiled without "
                       "dropout");
  double rate = args.dropout->rate;
  if (rate >= 0 && rate < 1)
    return {};
  return badArgument("the rate of `dropout` is {}; it should lie in [0, 1)",
                     rate);
}

//===----------------------------------------------------------------------===//
// Overlap
//===----------------------------------------------------------------------===//

/// That `output` shares no memory with anything that the run reads.
static Expected<void> checkOutputApart(std::string_view name,
                                       const Tensor &output,
                                       const RunArgs &args) {
  auto orNull = [](const std::optional<Tensor> &tensor) {
    return tensor ? &*tensor : nullptr;
  };
  for (auto [other, input] : {std::pair{"q", &args.q},
                              {"k", &args.k},
                              {"v", &args.v},
                              {"mask", orNull(args.mask)},
                              {"q_offset", orNull(args.qOffset.perBatch)},
                              {"kv_offset", orNull(args.kvOffset.perBatch)}})
    if (input)
      if (Expected<void> ok = checkApart(name, output, other, *input); !ok)
        return ok;
  for (const CaptureArg &capture : args.captures)
    if (const Tensor *buffer = std::get_if<Tensor>(&capture.value))
      if (Expected<void> ok = checkApart(name, output, capture.name, *buffer);
          !ok)
        return ok;
  return {};
}

//===----------------------------------------------------------------------===//
// checkRunArgs
//===----------------------------------------------------------------------===//

/// That no tensor is said to lie where the kernel cannot reach it.
static Expected<void> checkPlaces(const KernelSignature &signature,
                                  const RunArgs &args) {
  return forEachTensor(
      args, [&](std::string_view name, const Tensor &tensor) -> Expected<void> {
        if (tensor.place == Place::Gpu && !signature.deviceMemory)
          return badArgument("`{}` lies in the memory of a GPU; it should lie "
                             "in host memory, for the kernel runs on the CPU",
                             name);
        if (tensor.place == Place::Host && signature.deviceMemory)
          return badArgument("`{}` lies in host memory; it should lie in the "
                             "memory of the GPU that the kernel runs on",
                             name);
        return {};
      });
}

static Expected<void> checkOffsets(const KernelSignature &signature,
                                   const RunArgs &args, const RunSizes &sizes) {
  Expected<void> ok =
      checkOffset(signature, "q_offset", args.qOffset, "Sq", sizes.Sq, sizes.B);
  if (ok)
    ok = checkOffset(signature, "kv_offset", args.kvOffset, "Skv", sizes.Skv,
                     sizes.B);
  return ok;
}

Expected<RunSizes> attnjit::checkRunArgs(const KernelSignature &signature,
                                         const RunArgs &args) {
  Expected<RunSizes> sizes = checkInputs(signature, args, Use::Elements);
  if (!sizes)
    return sizes;
  Expected<void> ok = checkPlaces(signature, args);
  if (ok)
    ok = checkOutputs(signature, args, *sizes);
  if (ok)
    ok = checkMaskTensor(signature, args, *sizes);
  if (ok)
    ok = checkOffsets(signature, args, *sizes);
  if (ok)
    ok = checkDropout(signature, args);
  if (ok)
    ok = checkCaptures(signature, args, *sizes);
  if (ok)
    ok = checkOutputApart("out", args.out, args);
  if (ok && args.lse)
    ok = checkOutputApart("lse", *args.lse, args);
  if (ok && args.lse)
    ok = checkApart("out", args.out, "lse", *args.lse);
  if (!ok)
    return fail(ok.error());
  return sizes;
}

Expected<RunSizes> attnjit::checkModArgs(const KernelSignature &signature,
                                         const RunArgs &args) {
  Expected<RunSizes> sizes = checkInputs(signature, args, Use::Shape);
  if (!sizes)
    return sizes;
  Expected<void> ok = checkPlaces(signature, args);
  if (ok)
    ok = checkOffsets(signature, args, *sizes);
  if (ok)
    ok = checkCaptures(signature, args, *sizes);
  if (!ok)
    return fail(ok.error());
  return sizes;
}
