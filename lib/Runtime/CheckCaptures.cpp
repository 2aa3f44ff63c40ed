//===- CheckCaptures.cpp - Refusing bad captured values of a run ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the captured values of a run and the mod's declarations; refuses what
// is missing, surplus, given twice, of another type or of another shape.
//
//===----------------------------------------------------------------------===//

#include "Checks.h"

#include <algorithm>
#include <limits>

using namespace attnjit;

const CaptureArg *attnjit::findCapture(const RunArgs &args,
                                       std::string_view name) {
  for (const CaptureArg &capture : args.captures)
    if (capture.name == name)
      return &capture;
  return nullptr;
}

std::optional<Scalar> attnjit::convertScalar(const Scalar &value, Type type) {
  // The bits of a caller's Scalar need not be in normal form.
  switch (value.type) {
  case Type::F32:
    if (type == Type::F32)
      return Scalar::f32(value.asF32());
    return std::nullopt;
  case Type::I32:
    if (type == Type::I32)
      return Scalar::i32(value.asI32());
    if (type == Type::F32)
      return Scalar::f32(static_cast<float>(value.asI32()));
    return std::nullopt;
  case Type::Bool:
    if (type == Type::Bool)
      return Scalar::boolean(value.asBool());
    return std::nullopt;
  case Type::I64:
    return std::nullopt;
  }
  return std::nullopt;
}

int64_t attnjit::sizeValue(Size size, const RunSizes &sizes) {
  switch (size) {
  case Size::B:
  case Size::BGlobal:
    return sizes.B;
  case Size::Hq:
  case Size::HqGlobal:
    return sizes.Hq;
  case Size::Hkv:
    return sizes.Hkv;
  case Size::Sq:
    return sizes.Sq;
  case Size::Skv:
    return sizes.Skv;
  case Size::D:
    return sizes.D;
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// One value against its declaration
//===----------------------------------------------------------------------===//

static Expected<void> checkParam(const ParamDecl &decl,
                                 const CaptureArg &capture) {
  const Scalar *value = std::get_if<Scalar>(&capture.value);
  if (!value)
    return badArgument("param `{}` is given a tensor; it should be a scalar of "
                       "type {}",
                       decl.name, name(decl.type));
  if (!convertScalar(*value, decl.type))
    return badArgument("param `{}` is given a value of type {}; it should be "
                       "{}",
                       decl.name, name(value->type), name(decl.type));
  return {};
}

static Expected<void> checkBuffer(const BufferDecl &decl,
                                  const CaptureArg &capture,
                                  const RunSizes &sizes) {
  const Tensor *tensor = std::get_if<Tensor>(&capture.value);
  if (!tensor)
    return badArgument("buffer `{}` is given a scalar; it should be a tensor "
                       "of {}",
                       decl.name, name(decl.element));
  if (Expected<void> ok = checkView(decl.name, *tensor); !ok)
    return ok;
  if (tensor->dtype != decl.element)
    return badArgument("buffer `{}` is {}; it is declared with element type {}",
                       decl.name, tensor->describe(), name(decl.element));
  if (tensor->rank != static_cast<int>(decl.dims.size()))
    return badArgument("buffer `{}` is {}, of rank {}; it is declared with "
                       "rank {}",
                       decl.name, tensor->describe(), tensor->rank,
                       decl.dims.size());
  for (int axis = 0; axis < tensor->rank; ++axis) {
    const Dim &dim = decl.dims[axis];
    int64_t size = tensor->shape[axis];
    // Subscripts are i32, and a size that i32 cannot hold has no clamp.
    if (size > std::numeric_limits<int32_t>::max())
      return badArgument("buffer `{}` is {}: axis {} should be below 2^31",
                         decl.name, tensor->describe(), axis);
    if (dim.kind == Dim::Kind::Fixed && size != dim.extent)
      return badArgument("buffer `{}` is {}: axis {} is {}; it is declared as "
                         "{}",
                         decl.name, tensor->describe(), axis, size, dim.extent);
    if (dim.kind == Dim::Kind::Size && size != sizeValue(dim.size, sizes))
      return badArgument("buffer `{}` is {}: axis {} is {}; it is declared as "
                         "{}, which is {}",
                         decl.name, tensor->describe(), axis, size,
                         name(dim.size), sizeValue(dim.size, sizes));
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Local dimensions
//===----------------------------------------------------------------------===//

/// That `position`, which subscripts an axis of local size, can reach it: for
/// no batch entry may its whole range lie outside (where clamping would give
/// the same element everywhere).
static Expected<void> checkReach(const KernelSignature &signature,
                                 const BufferDecl &decl, int axis,
                                 std::string_view position,
                                 const OffsetArg &offset, int64_t length,
                                 const RunSizes &sizes) {
  int64_t size = sizeValue(decl.dims[axis].size, sizes);
  const std::optional<OffsetRange> range =
      offsetRange(signature, offset, sizes.B);
  if (!range)
    return {};
  for (int64_t first : {int64_t(range->low), int64_t(range->high)}) {
    int64_t last = first + length - 1;
    if (last >= 0 && first < size)
      continue;
    return badArgument("buffer `{}`: axis {} has the local size {} = {} and is "
                       "subscripted by `{}`, which runs from {} to {} under "
                       "its offset; `{}_local` subscripts local axes",
                       decl.name, axis, name(decl.dims[axis].size), size,
                       position, first, last, position);
  }
  return {};
}

static Expected<void> checkLocalAxes(const KernelSignature &signature,
                                     const RunArgs &args,
                                     const RunSizes &sizes) {
  if (sizes.B == 0 || sizes.Hq == 0 || sizes.Sq == 0 || sizes.Skv == 0)
    return {};
  size_t count =
      std::min(signature.bufferAxisUse.size(), signature.buffers.size());
  for (size_t buffer = 0; buffer < count; ++buffer) {
    const BufferDecl &decl = signature.buffers[buffer];
    for (int axis = 0; axis < static_cast<int>(decl.dims.size()); ++axis) {
      const Dim &dim = decl.dims[axis];
      if (dim.kind != Dim::Kind::Size ||
          (dim.size != Size::Sq && dim.size != Size::Skv))
        continue;
      KernelSignature::AxisUse use = signature.bufferAxisUse[buffer][axis];
      Expected<void> ok;
      if (use.byQ)
        ok = checkReach(signature, decl, axis, "q", args.qOffset, sizes.Sq,
                        sizes);
      if (ok && use.byKv)
        ok = checkReach(signature, decl, axis, "kv", args.kvOffset, sizes.Skv,
                        sizes);
      if (!ok)
        return ok;
    }
  }
  return {};
}

//===----------------------------------------------------------------------===//
// checkCaptures
//===----------------------------------------------------------------------===//

template <typename Decl>
static const Decl *findDecl(const std::vector<Decl> &decls,
                            std::string_view name) {
  for (const Decl &decl : decls)
    if (decl.name == name)
      return &decl;
  return nullptr;
}

/// That what compiled code reads is given or has a default.
static Expected<void> checkNoneMissing(const KernelSignature &signature,
                                       const RunArgs &args) {
  for (int ordinal : signature.paramSource) {
    const ParamDecl &decl = signature.params[ordinal];
    if (!decl.defaultValue && !findCapture(args, decl.name))
      return badArgument("param `{}` is missing; it is a scalar of type {} "
                         "without a default",
                         decl.name, name(decl.type));
  }
  for (int ordinal : signature.bufferSource) {
    const BufferDecl &decl = signature.buffers[ordinal];
    if (!findCapture(args, decl.name))
      return badArgument("buffer `{}` is missing; it is a tensor of {} and "
                         "rank {}",
                         decl.name, name(decl.element), decl.dims.size());
  }
  return {};
}

Expected<void> attnjit::checkCaptures(const KernelSignature &signature,
                                      const RunArgs &args,
                                      const RunSizes &sizes) {
  for (const CaptureArg &capture : args.captures) {
    // Ends after at most one more value than there are declarations.
    if (findCapture(args, capture.name) != &capture)
      return badArgument("captured value `{}` is given twice", capture.name);
    Expected<void> ok;
    if (const auto *param = findDecl(signature.params, capture.name))
      ok = checkParam(*param, capture);
    else if (const auto *buffer = findDecl(signature.buffers, capture.name))
      ok = checkBuffer(*buffer, capture, sizes);
    else
      ok = badArgument("captured value `{}` is given; the mod captures nothing "
                       "of that name",
                       capture.name);
    if (!ok)
      return ok;
  }
  if (Expected<void> ok = checkNoneMissing(signature, args); !ok)
    return ok;
  return checkLocalAxes(signature, args, sizes);
}
