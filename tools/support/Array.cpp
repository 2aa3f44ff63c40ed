//===- Array.cpp - Tensors that own their memory --------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a shape; gives zeroed memory for it, or an Error while there still is
// memory to word one.
//
//===----------------------------------------------------------------------===//

#include "support/Array.h"

#include "support/HostInfo.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

using namespace attnjit;
using namespace attnjit::tool;

static constexpr int64_t kAlignment = 64;

static std::string shapeText(DType dtype, std::span<const int64_t> shape) {
  return fmt::format("{}[{}]", name(dtype), fmt::join(shape, ", "));
}

Expected<int64_t> tool::contiguousBytes(DType dtype,
                                        std::span<const int64_t> shape) {
  // Strides are products too, whatever size 0 makes of the whole.
  int64_t bytes = sizeBytes(dtype), extent = bytes;
  bool overflow = false;
  for (int64_t size : shape) {
    if (size < 0)
      return fail(ErrorKind::InvalidArgument,
                  fmt::format("{}: sizes should be 0 or more",
                              shapeText(dtype, shape)));
    overflow |=
        __builtin_mul_overflow(extent, std::max<int64_t>(size, 1), &extent);
    bytes = size == 0 ? 0 : bytes;
  }
  if (overflow)
    return fail(
        ErrorKind::InvalidArgument,
        fmt::format("{} is larger than any memory", shapeText(dtype, shape)));
  return bytes == 0 ? 0 : extent;
}

Expected<Array> Array::allocate(DType dtype, std::span<const int64_t> shape) {
  if (shape.size() > static_cast<size_t>(kMaxRank))
    return fail(ErrorKind::InvalidArgument,
                fmt::format("{} has rank {}; it should be at most {}",
                            shapeText(dtype, shape), shape.size(), kMaxRank));
  Expected<int64_t> size = contiguousBytes(dtype, shape);
  if (!size)
    return fail(size.error());
  int64_t available = availableMemoryBytes();
  if (*size > available - kAlignment)
    return fail(ErrorKind::Environment,
                fmt::format("{} takes {} MiB; {} MiB of memory are free",
                            shapeText(dtype, shape), *size >> 20,
                            available >> 20));
  size_t rounded = static_cast<size_t>((*size / kAlignment + 1) * kAlignment);
  Array array;
  array.memory.reset(
      static_cast<std::byte *>(std::aligned_alloc(kAlignment, rounded)));
  if (!array.memory)
    return fail(ErrorKind::Environment,
                fmt::format("no memory for {}, {} MiB", shapeText(dtype, shape),
                            *size >> 20));
  // Touches every page, so that no measured run pays for them.
  std::memset(array.memory.get(), 0, rounded);
  array.tensor = Tensor::contiguous(array.memory.get(), dtype, shape);
  return array;
}

std::span<std::byte> Array::bytes() {
  return {memory.get(),
          static_cast<size_t>(tensor.elements() * sizeBytes(tensor.dtype))};
}

std::span<const std::byte> Array::bytes() const {
  return const_cast<Array *>(this)->bytes();
}
