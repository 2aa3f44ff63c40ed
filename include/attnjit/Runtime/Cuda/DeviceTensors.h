//===- DeviceTensors.h - A run's tensors, copied to a GPU -------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For tensors that lie in host memory: copies them to a device and the results
// back.
//
//   auto copy = DeviceTensors::copy(context, args);
//   kernel.run(copy->args());
//   copy->copyBack();
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_CUDA_DEVICETENSORS_H
#define ATTNJIT_RUNTIME_CUDA_DEVICETENSORS_H

#include "attnjit/Runtime/Cuda/Memory.h"
#include "attnjit/Runtime/Kernel.h"

#include <vector>

namespace attnjit::cuda {

/// Device memory of the tensors of one RunArgs, with the same strides. What
/// lies between the elements of `out` and `lse` is copied both ways, so it must
/// not change meanwhile.
class DeviceTensors {
public:
  /// Copies everything, on the stream of `args`, whose memory must stay. Errors
  /// name the tensor: InvalidArgument for one that is no lawful view or has
  /// null data, Environment for a lack of memory.
  static Expected<DeviceTensors> copy(Context::Ptr context,
                                      const RunArgs &args);

  /// The arguments with tensors on the device. For Kernel::run, any number of
  /// times.
  const RunArgs &args() const { return deviceArgs; }

  /// Copies `out` and `lse` back, after all work of the stream, and waits.
  /// Shows the error of work that has failed.
  Expected<void> copyBack() const;

private:
  struct Copied {
    DeviceMemory memory;
    void *host = nullptr; ///< the lowest address of the tensor
    bool output = false;
  };
  Expected<void> copyTensor(std::string_view name, Tensor &tensor);

  Context::Ptr context;
  RunArgs deviceArgs;
  std::vector<Copied> copied;
};

} // namespace attnjit::cuda

#endif // ATTNJIT_RUNTIME_CUDA_DEVICETENSORS_H
