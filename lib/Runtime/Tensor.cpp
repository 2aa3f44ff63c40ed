//===- Tensor.cpp - Views of tensors in memory ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

using namespace attnjit;

/// Product that wraps: a view may be described before it is checked.
static int64_t wrappingMul(int64_t a, int64_t b) {
  return static_cast<int64_t>(static_cast<uint64_t>(a) *
                              static_cast<uint64_t>(b));
}

/// Number of entries of `shape` and `stride` that may be read.
static int storedRank(const Tensor &tensor) {
  return std::clamp(tensor.rank, 0, kMaxRank);
}

Tensor Tensor::contiguous(void *data, DType dtype,
                          std::span<const int64_t> shape) {
  Tensor tensor;
  tensor.data = data;
  tensor.dtype = dtype;
  // More axes than a Tensor can hold: the rank says so, and every check of a
  // tensor refuses it.
  tensor.rank = static_cast<int>(
      std::min<size_t>(shape.size(), std::numeric_limits<int>::max()));
  int64_t stride = 1;
  for (int axis = storedRank(tensor) - 1; axis >= 0; --axis) {
    tensor.shape[axis] = shape[axis];
    tensor.stride[axis] = stride;
    stride = wrappingMul(stride, std::max<int64_t>(shape[axis], 1));
  }
  return tensor;
}

int64_t Tensor::elements() const {
  int64_t product = 1;
  for (int axis = 0; axis < storedRank(*this); ++axis)
    product = wrappingMul(product, shape[axis]);
  return product;
}

Expected<Tensor::ByteRange> Tensor::byteRange() const {
  auto base = reinterpret_cast<uintptr_t>(data);
  if (std::any_of(shape.begin(), shape.begin() + storedRank(*this),
                  [](int64_t size) { return size == 0; }))
    return ByteRange{base, base};

  // Offsets of the lowest and highest element, in elements.
  int64_t low = 0, high = 0;
  bool overflow = false;
  for (int axis = 0; axis < storedRank(*this); ++axis) {
    int64_t last, reach;
    overflow |= __builtin_sub_overflow(shape[axis], 1, &last);
    overflow |= __builtin_mul_overflow(last, stride[axis], &reach);
    int64_t &end = reach < 0 ? low : high;
    overflow |= __builtin_add_overflow(end, reach, &end);
  }
  overflow |= __builtin_add_overflow(high, 1, &high);
  overflow |= __builtin_mul_overflow(low, sizeBytes(dtype), &low);
  overflow |= __builtin_mul_overflow(high, sizeBytes(dtype), &high);
  ByteRange range;
  overflow |= __builtin_add_overflow(base, low, &range.begin);
  overflow |= __builtin_add_overflow(base, high, &range.end);
  if (overflow)
    return fail(ErrorKind::InvalidArgument,
                fmt::format("the extent of {} does not fit in the address "
                            "space",
                            describe()));
  return range;
}

static bool isContiguous(const Tensor &tensor) {
  int64_t expected = 1;
  for (int axis = storedRank(tensor) - 1; axis >= 0; --axis) {
    if (tensor.shape[axis] == 0)
      return true;
    if (tensor.shape[axis] == 1)
      continue;
    if (tensor.stride[axis] != expected)
      return false;
    expected = wrappingMul(expected, tensor.shape[axis]);
  }
  return true;
}

std::string Tensor::describe() const {
  if (rank != storedRank(*this))
    return fmt::format("{} of rank {}", attnjit::name(dtype), rank);
  std::span<const int64_t> sizes(shape.data(), rank);
  std::string text = fmt::format("{}[{}]", attnjit::name(dtype),
                                 fmt::join(sizes.begin(), sizes.end(), ", "));
  if (isContiguous(*this))
    return text;
  std::span<const int64_t> strides(stride.data(), rank);
  return text + fmt::format(" with strides [{}]",
                            fmt::join(strides.begin(), strides.end(), ", "));
}
