//===- Tensor.h - Views of tensors in memory ------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A non-owning description of a tensor: where it lies, its element type, shape
// and strides.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_TENSOR_H
#define ATTNJIT_RUNTIME_TENSOR_H

#include "attnjit/Support/DType.h"
#include "attnjit/Support/Error.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace attnjit {

/// Tensors have at most this many axes.
inline constexpr int kMaxRank = 4;

/// Where the memory of a tensor lies, as far as the caller has said.
enum class Place : uint8_t {
  Unstated, ///< where the kernel that is given the tensor expects it
  Host,
  Gpu, ///< memory of a CUDA device: kernels for the CPU refuse it
};

/// A view of a tensor. The memory stays the caller's and must outlive every use
/// of the view.
struct Tensor {
  void *data = nullptr;
  DType dtype = DType::F32;
  Place place = Place::Unstated;
  int rank = 0;
  std::array<int64_t, kMaxRank> shape = {};  ///< in elements; past rank: 0
  std::array<int64_t, kMaxRank> stride = {}; ///< in elements; past rank: 0

  /// A contiguous (row-major) tensor.
  static Tensor contiguous(void *data, DType dtype,
                           std::span<const int64_t> shape);
  static Tensor contiguous(void *data, DType dtype,
                           std::initializer_list<int64_t> shape) {
    return contiguous(data, dtype,
                      std::span<const int64_t>(shape.begin(), shape.size()));
  }
  /// For inputs; the library never writes through q, k, v, masks or captures.
  static Tensor contiguous(const void *data, DType dtype,
                           std::initializer_list<int64_t> shape) {
    return contiguous(const_cast<void *>(data), dtype, shape);
  }

  /// A shape without data, where only shapes count.
  static Tensor contiguous(std::nullptr_t, DType dtype,
                           std::initializer_list<int64_t> shape) {
    return contiguous(static_cast<void *>(nullptr), dtype, shape);
  }

  /// Product of the shape; 1 for rank 0. Assumes that it fits.
  int64_t elements() const;

  /// Half-open range of addresses that the elements cover (strides may be
  /// negative); empty where an axis is. An Error where the extent overflows.
  struct ByteRange {
    uintptr_t begin, end;
  };
  Expected<ByteRange> byteRange() const;

  /// "f32[1, 32, 2048, 128]", with strides where it is not contiguous.
  std::string describe() const;
};

} // namespace attnjit

#endif // ATTNJIT_RUNTIME_TENSOR_H
