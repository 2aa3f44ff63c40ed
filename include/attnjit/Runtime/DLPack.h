//===- DLPack.h - Tensors of other libraries --------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a DLTensor, the exchange format of NumPy, PyTorch, JAX and others;
// gives a view of the same memory. The struct is the caller's, of any version
// of dlpack.h: this header includes none.
//
//   DLManagedTensor *managed = ...;
//   auto q = tensorFromDLPack(managed->dl_tensor);
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_DLPACK_H
#define ATTNJIT_RUNTIME_DLPACK_H

#include "attnjit/Runtime/Tensor.h"
#include "attnjit/Support/Error.h"

#include <cstdint>

namespace attnjit {

/// The fields of a DLTensor.
struct DLPackFields {
  void *data = nullptr;
  int32_t deviceType = 0; ///< DLDeviceType
  int32_t deviceId = 0;
  int32_t ndim = 0;
  uint8_t typeCode = 0; ///< DLDataTypeCode
  uint8_t typeBits = 0;
  uint16_t typeLanes = 1;
  const int64_t *shape = nullptr;
  const int64_t *strides = nullptr; ///< null: contiguous
  uint64_t byteOffset = 0;
};

/// A view; who owns the memory must keep it. Errors of kind InvalidArgument
/// name what no Tensor can be: an element type other than f32, f16, bf16, i32,
/// i64, u8 and bool, vectors as elements, more than four axes, a device other
/// than the CPU and CUDA (pinned host memory counts as the CPU's).
Expected<Tensor> tensorFromDLPack(const DLPackFields &fields);

/// The same of a DLTensor.
template <typename DLTensorType>
Expected<Tensor> tensorFromDLPack(const DLTensorType &tensor) {
  DLPackFields fields;
  fields.data = tensor.data;
  fields.deviceType = static_cast<int32_t>(tensor.device.device_type);
  fields.deviceId = static_cast<int32_t>(tensor.device.device_id);
  fields.ndim = tensor.ndim;
  fields.typeCode = tensor.dtype.code;
  fields.typeBits = tensor.dtype.bits;
  fields.typeLanes = tensor.dtype.lanes;
  fields.shape = tensor.shape;
  fields.strides = tensor.strides;
  fields.byteOffset = tensor.byte_offset;
  return tensorFromDLPack(fields);
}

} // namespace attnjit

#endif // ATTNJIT_RUNTIME_DLPACK_H
