//===- Memory.h - Memory of a GPU -------------------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Device memory that frees itself, and where an address lies.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_CUDA_MEMORY_H
#define ATTNJIT_RUNTIME_CUDA_MEMORY_H

#include "attnjit/Runtime/Cuda/Context.h"

#include <string_view>

namespace attnjit::cuda {

/// A block of device memory, at least 256-byte aligned. Freeing it waits for
/// the device.
class DeviceMemory {
public:
  /// Without memory.
  DeviceMemory() = default;

  /// `bytes` of any contents; for 0 there is no memory and no error. Errors
  /// name the size, what for, and the device.
  static Expected<DeviceMemory> allocate(Context::Ptr context, int64_t bytes,
                                         std::string_view what);

  DeviceAddress address() const { return memory.get(); }
  /// As kernels and tensors hold it. Not for the host to follow.
  void *pointer() const {
    return reinterpret_cast<void *>(static_cast<uintptr_t>(address()));
  }
  int64_t sizeBytes() const { return bytes; }

private:
  Owned<DeviceAddress, &DriverTable::memFree> memory;
  int64_t bytes = 0;
};

/// That `data` lies in memory of the context's device. An Error of kind
/// InvalidArgument says where `name` lies instead: in host memory, on another
/// device. The context is current. Allocates only to word an Error.
Expected<void> checkOnDevice(const Context &context, std::string_view name,
                             const void *data);

} // namespace attnjit::cuda

#endif // ATTNJIT_RUNTIME_CUDA_MEMORY_H
