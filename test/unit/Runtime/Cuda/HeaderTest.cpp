//===- HeaderTest.cpp - Our declarations against cuda.h -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiles, or our table of the driver's functions is wrong. Types have names
// of their own on both sides, so what is compared is what a call depends on:
// the number of parameters, which of them are pointers, and sizes.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Cuda/DriverTable.h"

#include <cuda.h>

#include <type_traits>

namespace cuda = attnjit::cuda;

template <typename Ours, typename Theirs>
constexpr bool isAlike = sizeof(Ours) == sizeof(Theirs) &&
                         std::is_pointer_v<Ours> == std::is_pointer_v<Theirs>;

template <typename Ours, typename Theirs> struct SameCall : std::false_type {};
template <typename... Ours, typename... Theirs>
struct SameCall<cuda::Status (*)(Ours...), CUresult (*)(Theirs...)>
    : std::bool_constant<[] {
      if constexpr (sizeof...(Ours) == sizeof...(Theirs))
        return (isAlike<Ours, Theirs> && ...);
      return false;
    }()> {};

static_assert(isAlike<cuda::Status, CUresult>);
// A symbol without a suffix may stand for a newer version in cuda.h: it has the
// same signature.
#define ATTNJIT_CUDA_FUNCTION(member, symbol, parameters)                      \
  static_assert(                                                               \
      SameCall<decltype(cuda::DriverTable::member), decltype(&symbol)>(),      \
      #symbol);
#include "attnjit/Runtime/Cuda/Driver.def"

#define SAME_VALUE(ours, theirs)                                               \
  static_assert(static_cast<long long>(cuda::ours) ==                          \
                static_cast<long long>(theirs))
SAME_VALUE(kSuccess, CUDA_SUCCESS);
SAME_VALUE(kInvalidValue, CUDA_ERROR_INVALID_VALUE);
SAME_VALUE(kOutOfMemory, CUDA_ERROR_OUT_OF_MEMORY);
SAME_VALUE(kNoDevice, CUDA_ERROR_NO_DEVICE);
SAME_VALUE(kInvalidImage, CUDA_ERROR_INVALID_IMAGE);
SAME_VALUE(kNoBinaryForGpu, CUDA_ERROR_NO_BINARY_FOR_GPU);
SAME_VALUE(kEccUncorrectable, CUDA_ERROR_ECC_UNCORRECTABLE);
SAME_VALUE(kInvalidPtx, CUDA_ERROR_INVALID_PTX);
SAME_VALUE(kUnsupportedPtxVersion, CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
SAME_VALUE(kNotFound, CUDA_ERROR_NOT_FOUND);
SAME_VALUE(kIllegalAddress, CUDA_ERROR_ILLEGAL_ADDRESS);
SAME_VALUE(kLaunchTimeout, CUDA_ERROR_LAUNCH_TIMEOUT);
SAME_VALUE(kContextIsDestroyed, CUDA_ERROR_CONTEXT_IS_DESTROYED);
SAME_VALUE(kAssert, CUDA_ERROR_ASSERT);
SAME_VALUE(kHardwareStackError, CUDA_ERROR_HARDWARE_STACK_ERROR);
SAME_VALUE(kIllegalInstruction, CUDA_ERROR_ILLEGAL_INSTRUCTION);
SAME_VALUE(kMisalignedAddress, CUDA_ERROR_MISALIGNED_ADDRESS);
SAME_VALUE(kInvalidAddressSpace, CUDA_ERROR_INVALID_ADDRESS_SPACE);
SAME_VALUE(kInvalidPc, CUDA_ERROR_INVALID_PC);
SAME_VALUE(kLaunchFailed, CUDA_ERROR_LAUNCH_FAILED);
SAME_VALUE(kMultiprocessorCount, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
SAME_VALUE(kComputeCapabilityMajor,
           CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
SAME_VALUE(kComputeCapabilityMinor,
           CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
SAME_VALUE(kMaxSharedMemoryPerBlockOptin,
           CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
SAME_VALUE(kLocalSizeBytes, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);
SAME_VALUE(kNumRegs, CU_FUNC_ATTRIBUTE_NUM_REGS);
SAME_VALUE(kMaxDynamicSharedSizeBytes,
           CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
SAME_VALUE(kPointerMemoryType, CU_POINTER_ATTRIBUTE_MEMORY_TYPE);
SAME_VALUE(kPointerIsManaged, CU_POINTER_ATTRIBUTE_IS_MANAGED);
SAME_VALUE(kPointerDeviceOrdinal, CU_POINTER_ATTRIBUTE_DEVICE_ORDINAL);
SAME_VALUE(kHostMemory, CU_MEMORYTYPE_HOST);
SAME_VALUE(kDeviceMemory, CU_MEMORYTYPE_DEVICE);
static_assert(isAlike<cuda::MemoryType, CUmemorytype>);
SAME_VALUE(kErrorLogBuffer, CU_JIT_ERROR_LOG_BUFFER);
SAME_VALUE(kErrorLogBufferSizeBytes, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
static_assert(isAlike<cuda::JitOption, CUjit_option>);
SAME_VALUE(kCaptureNone, CU_STREAM_CAPTURE_STATUS_NONE);
static_assert(isAlike<cuda::CaptureStatus, CUstreamCaptureStatus>);
SAME_VALUE(kStreamNonBlocking, CU_STREAM_NON_BLOCKING);
