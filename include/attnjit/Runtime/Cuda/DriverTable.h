//===- DriverTable.h - The CUDA driver's interface, as we use it ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Our own declarations of the driver's types and functions: attn-jit builds
// where no CUDA toolkit is, and one binary runs with and without a GPU. Where
// the toolkit is present, a test holds every size, value and signature against
// its cuda.h.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_CUDA_DRIVERTABLE_H
#define ATTNJIT_RUNTIME_CUDA_DRIVERTABLE_H

#include <cstddef>
#include <cstdint>

namespace attnjit::cuda {

/// CUresult. The values that attn-jit treats apart from others.
enum Status : int {
  kSuccess = 0,
  kInvalidValue = 1,
  kOutOfMemory = 2,
  kNoDevice = 100,
  kInvalidImage = 200,
  kNoBinaryForGpu = 209,
  kEccUncorrectable = 214,
  kInvalidPtx = 218,
  kUnsupportedPtxVersion = 222,
  kNotFound = 500,
  kIllegalAddress = 700,
  kLaunchTimeout = 702,
  kContextIsDestroyed = 709,
  kAssert = 710,
  kHardwareStackError = 714,
  kIllegalInstruction = 715,
  kMisalignedAddress = 716,
  kInvalidAddressSpace = 717,
  kInvalidPc = 718,
  kLaunchFailed = 719,
};

/// CUdevice: the number of a device.
using DeviceHandle = int;
/// CUdeviceptr: an address of device memory. Kernels take the same number as a
/// pointer.
using DeviceAddress = unsigned long long;

// CUcontext, CUmodule, ...: the driver's own objects.
using ContextHandle = struct OpaqueContext *;
using ModuleHandle = struct OpaqueModule *;
using FunctionHandle = struct OpaqueFunction *;
using StreamHandle = struct OpaqueStream *;
using EventHandle = struct OpaqueEvent *;

/// CUdevice_attribute.
enum DeviceAttribute : int {
  kMultiprocessorCount = 16,
  kComputeCapabilityMajor = 75,
  kComputeCapabilityMinor = 76,
  kMaxSharedMemoryPerBlockOptin = 97,
};

/// CUfunction_attribute.
enum FunctionAttribute : int {
  kLocalSizeBytes = 3,
  kNumRegs = 4,
  kMaxDynamicSharedSizeBytes = 8,
};

/// CUpointer_attribute.
enum PointerAttribute : int {
  kPointerMemoryType = 2,    ///< a MemoryType, 4 bytes
  kPointerIsManaged = 8,     ///< an int
  kPointerDeviceOrdinal = 9, ///< an int
};

/// CUmemorytype.
enum MemoryType : unsigned { kHostMemory = 1, kDeviceMemory = 2 };

/// CUjit_option. A value is passed in a void pointer, by its bits.
enum JitOption : int { kErrorLogBuffer = 5, kErrorLogBufferSizeBytes = 6 };

/// CUstreamCaptureStatus.
enum CaptureStatus : int { kCaptureNone = 0 };

/// CU_STREAM_NON_BLOCKING: the stream does not wait for the default one.
inline constexpr unsigned kStreamNonBlocking = 1;

// Streams that the driver knows by number.
/// The default stream, under its other name, which is 0.
inline constexpr uintptr_t kLegacyStream = 1;
/// The default stream of the calling thread.
inline constexpr uintptr_t kPerThreadStream = 2;

/// The functions of Driver.def.
struct DriverTable {
#define ATTNJIT_CUDA_FUNCTION(member, symbol, parameters)                      \
  Status(*member) parameters = nullptr;
#include "attnjit/Runtime/Cuda/Driver.def"
};

} // namespace attnjit::cuda

#endif // ATTNJIT_RUNTIME_CUDA_DRIVERTABLE_H
