//===- DLPack.cpp - Tensors of other libraries ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/DLPack.h"

#include "Checks.h"

using namespace attnjit;

// DLDataTypeCode and DLDeviceType: numbers that never change.
enum : uint8_t { kInt = 0, kUint = 1, kFloat = 2, kBfloat = 4, kBool = 6 };
enum : int32_t { kCpu = 1, kCuda = 2, kCudaHost = 3, kCudaManaged = 13 };

static std::optional<DType> elementType(const DLPackFields &fields) {
  if (fields.typeLanes != 1)
    return std::nullopt;
  struct Known {
    uint8_t code, bits;
    DType dtype;
  };
  for (const Known &known : {Known{kFloat, 32, DType::F32},
                             {kFloat, 16, DType::F16},
                             {kBfloat, 16, DType::BF16},
                             {kInt, 32, DType::I32},
                             {kInt, 64, DType::I64},
                             {kUint, 8, DType::U8},
                             {kBool, 8, DType::Bool}})
    if (known.code == fields.typeCode && known.bits == fields.typeBits)
      return known.dtype;
  return std::nullopt;
}

Expected<Tensor> attnjit::tensorFromDLPack(const DLPackFields &fields) {
  const std::optional<DType> dtype = elementType(fields);
  if (!dtype)
    return badArgument("a DLPack tensor has elements of type code {}, {} bits "
                       "and {} lanes; they should be f32, f16, bf16, i32, i64, "
                       "u8 or bool",
                       fields.typeCode, fields.typeBits, fields.typeLanes);
  if (fields.ndim < 0 || fields.ndim > kMaxRank)
    return badArgument("a DLPack tensor has {} axes; it should have 0 to {}",
                       fields.ndim, kMaxRank);
  if (fields.ndim > 0 && !fields.shape)
    return badArgument("a DLPack tensor of {} axes has no shape", fields.ndim);

  Place place = Place::Host;
  switch (fields.deviceType) {
  case kCpu:
  case kCudaHost:
    break;
  case kCuda:
  case kCudaManaged:
    place = Place::Gpu;
    break;
  default:
    return badArgument("a DLPack tensor lies on a device of type {}; it should "
                       "be {} (CPU) or {} (CUDA)",
                       fields.deviceType, int32_t(kCpu), int32_t(kCuda));
  }

  void *data = fields.data;
  if (data)
    data = static_cast<char *>(data) + fields.byteOffset;
  Tensor tensor = Tensor::contiguous(
      data, *dtype,
      std::span<const int64_t>(fields.shape, static_cast<size_t>(fields.ndim)));
  tensor.place = place;
  if (fields.strides)
    for (int axis = 0; axis < fields.ndim; ++axis)
      tensor.stride[axis] = fields.strides[axis];
  return tensor;
}
