//===- Problem.cpp - The tensors and values of a run ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Problem.h"

#include "support/Npy.h"
#include "support/Random.h"

#include "attnjit/Engine/Engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

using namespace attnjit;
using namespace attnjit::tool;

static tl::unexpected<Error> badProblem(std::string message) {
  return fail(ErrorKind::InvalidArgument, std::move(message));
}

Tensor Problem::keep(Array array) {
  inputs.push_back(std::move(array));
  return inputs.back().view();
}

//===----------------------------------------------------------------------===//
// q, k, v
//===----------------------------------------------------------------------===//

/// A tensor of shape and type alone.
static Tensor shapeOnly(DType dtype, std::initializer_list<int64_t> shape) {
  return Tensor::contiguous(static_cast<void *>(nullptr), dtype, shape);
}

static Expected<Array> randomTensor(DType dtype,
                                    std::initializer_list<int64_t> shape,
                                    uint64_t seed, std::string_view stream) {
  Expected<Array> array = Array::allocate(dtype, shape);
  if (!array)
    return fail(Error(array.error()).in(fmt::format("`{}`", stream)));
  Random random(seed, stream);
  fillNormal(*array, random);
  return array;
}

Expected<void> Problem::makeRandomInputs(const ProblemRequest &request) {
  sizes = *request.shape;
  const DType dtype = request.dtype.value_or(DType::F32);
  attentionSpec = {sizes.D, sizes.Dv, dtype};
  // Before memory is asked for.
  if (Expected<void> ok = attentionSpec.check(); !ok)
    return ok;
  struct Input {
    const char *name;
    std::initializer_list<int64_t> shape;
    Tensor &view;
  };
  for (const Input &input :
       {Input{"q", {sizes.B, sizes.Hq, sizes.Sq, sizes.D}, runArgs.q},
        Input{"k", {sizes.B, sizes.Hkv, sizes.Skv, sizes.D}, runArgs.k},
        Input{"v", {sizes.B, sizes.Hkv, sizes.Skv, sizes.Dv}, runArgs.v}}) {
    if (request.contents == Contents::MaskOnly) {
      if (Expected<int64_t> bytes = contiguousBytes(dtype, input.shape); !bytes)
        return fail(bytes.error());
      input.view = shapeOnly(dtype, input.shape);
      continue;
    }
    Expected<Array> array =
        randomTensor(dtype, input.shape, request.randomSeed, input.name);
    if (!array)
      return fail(array.error());
    input.view = keep(std::move(*array));
  }
  return {};
}

Expected<void> Problem::readInputs(const ProblemRequest &request) {
  const NpyOptions options = {.uint16AsBf16 = request.dtype == DType::BF16};
  struct Input {
    const char *name;
    const std::string &file;
    Tensor &view;
    const char *axes;
  };
  for (const Input &input :
       {Input{"q", request.q, runArgs.q, "[B, Hq, Sq, D]"},
        Input{"k", request.k, runArgs.k, "[B, Hkv, Skv, D]"},
        Input{"v", request.v, runArgs.v, "[B, Hkv, Skv, Dv]"}}) {
    Expected<Array> array = readNpy(input.file, options);
    if (!array)
      return fail(Error(array.error()).in(input.name));
    input.view = keep(std::move(*array));
    // Sizes are taken from these axes; the library checks the rest.
    if (input.view.rank != kMaxRank)
      return badProblem(fmt::format("`{}` is {}, of rank {}; it should have "
                                    "rank 4: {}",
                                    input.name, input.view.describe(),
                                    input.view.rank, input.axes));
    const DType dtype = request.dtype.value_or(runArgs.q.dtype);
    if (input.view.dtype != dtype)
      return badProblem(
          fmt::format("`{}` is {}; its element type should be "
                      "{}, {}",
                      input.name, input.view.describe(), name(dtype),
                      request.dtype ? "as --dtype says" : "that of `q`"));
  }
  const Tensor &q = runArgs.q, &k = runArgs.k, &v = runArgs.v;
  sizes = {q.shape[0], q.shape[1], k.shape[1], q.shape[2],
           k.shape[2], q.shape[3], v.shape[3]};
  attentionSpec = {sizes.D, sizes.Dv, q.dtype};
  return attentionSpec.check();
}

Expected<void> Problem::makeInputs(const ProblemRequest &request) {
  return request.shape ? makeRandomInputs(request) : readInputs(request);
}

//===----------------------------------------------------------------------===//
// Outputs, mask and offsets
//===----------------------------------------------------------------------===//

Expected<void> Problem::makeOutputs(const ProblemRequest &request) {
  Expected<Array> array = Array::allocate(
      attentionSpec.dtype, {sizes.B, sizes.Hq, sizes.Sq, sizes.Dv});
  if (!array)
    return fail(Error(array.error()).in("`out`"));
  outArray = std::move(*array);
  runArgs.out = outArray.view();
  if (!request.lse)
    return {};
  array = Array::allocate(DType::F32, {sizes.B, sizes.Hq, sizes.Sq});
  if (!array)
    return fail(Error(array.error()).in("`lse`"));
  lseArray = std::move(*array);
  runArgs.lse = lseArray.view();
  return {};
}

Expected<void> Problem::readMask(const ProblemRequest &request) {
  if (request.mask.empty())
    return {};
  Expected<Array> array = readNpy(request.mask);
  if (!array)
    return fail(Error(array.error()).in("mask"));
  // Any non-zero byte is true, in both.
  if (array->view().dtype == DType::U8)
    array->reinterpret(DType::Bool);
  runArgs.mask = keep(std::move(*array));
  attentionSpec.maskTensor = true;
  return {};
}

Expected<OffsetArg> Problem::readOffset(const char *option,
                                        const std::string &text) {
  OffsetArg offset;
  if (text.empty())
    return offset;
  if (std::optional<int32_t> scalar = parseInteger<int32_t>(text)) {
    offset.scalar = *scalar;
    return offset;
  }
  const bool looksLikeNumber =
      text.find_first_not_of("+-0123456789") == std::string::npos;
  if (looksLikeNumber)
    return badProblem(fmt::format("{} is `{}`; it should be an integer of 32 "
                                  "bits or a .npy file of i32[B]",
                                  option, text));
  Expected<Array> array = readNpy(text);
  if (!array)
    return fail(Error(array.error()).in(option));
  offset.perBatch = keep(std::move(*array));
  return offset;
}

//===----------------------------------------------------------------------===//
// Captured values
//===----------------------------------------------------------------------===//

bool Problem::hasCapture(std::string_view name) const {
  return std::ranges::find(runArgs.captures, name, &CaptureArg::name) !=
         runArgs.captures.end();
}

static tl::unexpected<Error> unknownCapture(const ModProgram &mod,
                                            const std::string &name) {
  std::vector<std::string> names;
  for (const ParamDecl &decl : mod.params())
    names.push_back(decl.name);
  for (const BufferDecl &decl : mod.buffers())
    names.push_back(decl.name);
  return badProblem(fmt::format(
      "`{}` is set, but the mod declares no such const, param or buffer; its "
      "params and buffers are: {}",
      name,
      names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))));
}

Expected<void> Problem::addSettings(const ModProgram &mod,
                                    const ProblemRequest &request) {
  for (const Setting &setting : request.settings) {
    if (int ordinal = mod.paramOrdinal(setting.name); ordinal >= 0) {
      const ParamDecl &decl = mod.params()[static_cast<size_t>(ordinal)];
      Expected<Scalar> value = parseScalar(setting, decl.type);
      if (!value)
        return fail(value.error());
      runArgs.captures.push_back({decl.name, *value});
      continue;
    }
    int ordinal = mod.bufferOrdinal(setting.name);
    if (ordinal < 0)
      return unknownCapture(mod, setting.name);
    const BufferDecl &decl = mod.buffers()[static_cast<size_t>(ordinal)];
    Expected<Array> array =
        readNpy(setting.value, {.uint16AsBf16 = decl.element == DType::BF16});
    if (!array)
      return fail(
          Error(array.error()).in(fmt::format("buffer `{}`", decl.name)));
    runArgs.captures.push_back({decl.name, keep(std::move(*array))});
  }
  return {};
}

static int64_t sizeOf(Size size, const Shape &shape) {
  switch (size) {
  case Size::B:
  case Size::BGlobal:
    return shape.B;
  case Size::Hq:
  case Size::HqGlobal:
    return shape.Hq;
  case Size::Hkv:
    return shape.Hkv;
  case Size::Sq:
    return shape.Sq;
  case Size::Skv:
    return shape.Skv;
  case Size::D:
    return shape.D;
  }
  return 0;
}

Expected<void> Problem::addRandomBuffers(const ModProgram &mod,
                                         const ProblemRequest &request) {
  const int64_t longest = std::max(sizes.Sq, sizes.Skv);
  for (const BufferDecl &decl : mod.buffers()) {
    if (hasCapture(decl.name))
      continue;
    std::vector<int64_t> shape;
    for (const Dim &dim : decl.dims)
      shape.push_back(dim.kind == Dim::Kind::Fixed  ? dim.extent
                      : dim.kind == Dim::Kind::Size ? sizeOf(dim.size, sizes)
                                                    : longest);
    Expected<Array> array = Array::allocate(decl.element, shape);
    if (!array)
      return fail(
          Error(array.error()).in(fmt::format("buffer `{}`", decl.name)));
    Random random(request.randomSeed, "buffer " + decl.name);
    fillBuffer(*array, decl, longest, random);
    runArgs.captures.push_back({decl.name, keep(std::move(*array))});
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Problem
//===----------------------------------------------------------------------===//

Expected<Problem> Problem::create(const ModProgram &mod,
                                  const ProblemRequest &request) {
  Problem problem;
  Expected<void> ok = problem.makeInputs(request);
  if (ok && request.contents == Contents::Run)
    ok = problem.makeOutputs(request);
  if (ok)
    ok = problem.readMask(request);
  if (ok)
    ok = problem.addSettings(mod, request);
  if (ok && request.shape)
    ok = problem.addRandomBuffers(mod, request);
  if (!ok)
    return fail(ok.error());
  Expected<OffsetArg> qOffset =
      problem.readOffset("--q-offset", request.qOffset);
  Expected<OffsetArg> kvOffset =
      problem.readOffset("--kv-offset", request.kvOffset);
  if (!qOffset || !kvOffset)
    return fail(!qOffset ? qOffset.error() : kvOffset.error());
  problem.runArgs.qOffset = *qOffset;
  problem.runArgs.kvOffset = *kvOffset;
  problem.runArgs.scale = request.scale;
  problem.runArgs.dropout = request.dropout;
  problem.attentionSpec.dropout = request.dropout.has_value();
  return problem;
}

Entry Problem::entry(const ModProgram &mod, const TargetSpec &target) const {
  return chooseEntry(
      Engine::signature(mod, attentionSpec, target),
      {sizes.B, sizes.Hq, sizes.Hkv, sizes.Sq, sizes.Skv, sizes.D, sizes.Dv});
}
