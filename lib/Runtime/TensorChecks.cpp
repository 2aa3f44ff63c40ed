//===- TensorChecks.cpp - Refusing bad tensors ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/TensorChecks.h"

#include "Checks.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

using namespace attnjit;

Expected<void> attnjit::checkView(std::string_view name, const Tensor &tensor,
                                  Use use) {
  if (sizeBytes(tensor.dtype) == 0)
    return badArgument("`{}` has the unknown element type {}", name,
                       static_cast<int>(tensor.dtype));
  if (tensor.rank < 0 || tensor.rank > kMaxRank)
    return badArgument("`{}` has rank {}; it should be 0 to {}", name,
                       tensor.rank, kMaxRank);
  for (int axis = 0; axis < tensor.rank; ++axis)
    if (tensor.shape[axis] < 0)
      return badArgument("`{}` is {}: axis {} has a negative size", name,
                         tensor.describe(), axis);
  const auto sizes = tensor.shape.begin();
  const bool empty =
      std::find(sizes, sizes + tensor.rank, 0) != sizes + tensor.rank;
  const bool touched = use == Use::Elements && !empty;
  if (touched && !tensor.data)
    return badArgument("`{}` is {} with null data; it should point at its "
                       "elements",
                       name, tensor.describe());
  if (Expected<Tensor::ByteRange> range = tensor.byteRange(); !range)
    return badArgument("`{}`: {}", name, range.error().message());
  if (!touched)
    return {};
  if (reinterpret_cast<uintptr_t>(tensor.data) % sizeBytes(tensor.dtype) != 0)
    return badArgument("the data of `{}` is not aligned; {} should lie at a "
                       "multiple of {} bytes",
                       name, attnjit::name(tensor.dtype),
                       sizeBytes(tensor.dtype));
  return {};
}

Expected<void> attnjit::checkLastAxisContiguous(std::string_view name,
                                                const Tensor &tensor) {
  int last = tensor.rank - 1;
  if (tensor.shape[last] <= 1 || tensor.stride[last] == 1)
    return {};
  return badArgument("`{}` is {}: the stride of its last axis is {}; it "
                     "should be 1",
                     name, tensor.describe(), tensor.stride[last]);
}

Expected<void> attnjit::checkDistinctElements(std::string_view name,
                                              const Tensor &tensor) {
  std::array<std::pair<uint64_t, int64_t>, kMaxRank> axes; // |stride|, size
  int count = 0;
  for (int axis = 0; axis < tensor.rank; ++axis) {
    if (tensor.shape[axis] == 0)
      return {};
    int64_t stride = tensor.stride[axis];
    uint64_t step = stride < 0 ? 0 - static_cast<uint64_t>(stride) : stride;
    if (tensor.shape[axis] > 1)
      axes[count++] = {step, tensor.shape[axis]};
  }
  std::sort(axes.begin(), axes.begin() + count);
  // No overflow: checkView has found the whole extent to fit.
  uint64_t extent = 1;
  for (int i = 0; i < count; ++i) {
    auto [step, size] = axes[i];
    if (step < extent)
      return badArgument("`{}` is {}: its elements may share memory; each "
                         "stride should step over the axes of smaller stride",
                         name, tensor.describe());
    extent += step * static_cast<uint64_t>(size - 1);
  }
  return {};
}

Expected<void> attnjit::checkApart(std::string_view name, const Tensor &tensor,
                                   std::string_view otherName,
                                   const Tensor &other) {
  Expected<Tensor::ByteRange> x = tensor.byteRange(), y = other.byteRange();
  if (!x || !y)
    return fail(x ? y.error() : x.error());
  const bool empty = x->begin == x->end || y->begin == y->end;
  if (empty || x->end <= y->begin || y->end <= x->begin)
    return {};
  return badArgument("`{}` overlaps `{}` in memory; their byte ranges should "
                     "be disjoint",
                     name, otherName);
}
