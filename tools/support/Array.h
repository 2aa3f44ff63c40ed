//===- Array.h - Tensors that own their memory ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The library works on views; a tool must own what the views point to.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_ARRAY_H
#define ATTNJIT_TOOLS_SUPPORT_ARRAY_H

#include "attnjit/Runtime/Tensor.h"
#include "attnjit/Support/Error.h"

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>

namespace attnjit::tool {

/// Bytes of a contiguous tensor. An Error where a size is negative or the
/// product does not fit.
Expected<int64_t> contiguousBytes(DType dtype, std::span<const int64_t> shape);

/// A contiguous tensor of up to kMaxRank axes and its memory, 64-byte aligned.
/// Views stay valid when the Array is moved.
class Array {
public:
  Array() = default;

  /// Zeros. An Error of kind Environment where the machine has less memory
  /// free: the request may come from a hostile header or a slip in a shape,
  /// and memory that is only promised ends the process when it is touched.
  static Expected<Array> allocate(DType dtype, std::span<const int64_t> shape);
  static Expected<Array> allocate(DType dtype,
                                  std::initializer_list<int64_t> shape) {
    return allocate(dtype,
                    std::span<const int64_t>(shape.begin(), shape.size()));
  }

  const Tensor &view() const { return tensor; }
  std::span<std::byte> bytes();
  std::span<const std::byte> bytes() const;

  /// The elements as what they are stored as, whose size must be that of the
  /// element type.
  template <typename T> std::span<T> elements() {
    return {reinterpret_cast<T *>(memory.get()),
            static_cast<size_t>(tensor.elements())};
  }

  /// The same memory as another element type of the same size.
  void reinterpret(DType dtype) { tensor.dtype = dtype; }

private:
  struct Free {
    void operator()(std::byte *bytes) const { std::free(bytes); }
  };

  std::unique_ptr<std::byte, Free> memory;
  Tensor tensor;
};

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_ARRAY_H
