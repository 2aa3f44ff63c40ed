//===- FakeMemoryCalls.cpp - The fake driver's functions of memory --------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Allocation, copies and what a pointer points to. Device memory is host
// memory, copies are work on a stream.
//
//===----------------------------------------------------------------------===//

#include "FakeCall.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

using namespace attnjit;
using namespace attnjit::cuda;
using namespace attnjit::test;

extern "C" {

Status cuMemAlloc_v2(DeviceAddress *address, size_t bytes) {
  FakeCall call("cuMemAlloc_v2");
  if (call.status)
    return call.status;
  if (call.refuseInCapture("memory is allocated"))
    return kCaptureUnsupported;
  if (bytes == 0)
    return kInvalidValue;
  const FakeDevice &info = call.fake.devices[size_t(call.device())];
  if (bytes > info.memoryBytes - call.fake.usedBytes)
    return kOutOfMemory;
  void *memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  if (!memory)
    return kOutOfMemory;
  // Anything may be there.
  std::memset(memory, 0xA5, bytes);
  call.fake.blocks[numberOf(memory)] = {bytes, call.device(), false};
  call.fake.usedBytes += bytes;
  *address = numberOf(memory);
  return kSuccess;
}

Status cuMemFree_v2(DeviceAddress address) {
  FakeCall call("cuMemFree_v2");
  if (call.status)
    return call.status;
  auto found = call.fake.blocks.find(address);
  if (found == call.fake.blocks.end() || found->second.pinned) {
    call.fake.violation("memory is freed that was not allocated");
    return kInvalidValue;
  }
  call.fake.drainAll();
  call.fake.usedBytes -= found->second.bytes;
  call.fake.blocks.erase(found);
  std::free(reinterpret_cast<void *>(address));
  return kSuccess;
}

/// Queues work on device memory, all of which must be there.
static Status enqueueOn(FakeCall &call, StreamHandle stream,
                        DeviceAddress address, size_t bytes,
                        FakeDriver::Work work) {
  if (call.status)
    return call.status;
  if (!call.isStream(stream))
    return kInvalidHandle;
  if (!call.fake.find(address, bytes))
    return kInvalidValue;
  call.enqueue(stream, std::move(work));
  return kSuccess;
}

static void *at(DeviceAddress address) {
  return reinterpret_cast<void *>(address);
}

Status cuMemcpyHtoDAsync_v2(DeviceAddress to, const void *from, size_t bytes,
                            StreamHandle stream) {
  FakeCall call("cuMemcpyHtoDAsync_v2");
  return enqueueOn(call, stream, to, bytes, [=] {
    std::memcpy(at(to), from, bytes);
    return kSuccess;
  });
}

Status cuMemcpyDtoHAsync_v2(void *to, DeviceAddress from, size_t bytes,
                            StreamHandle stream) {
  FakeCall call("cuMemcpyDtoHAsync_v2");
  return enqueueOn(call, stream, from, bytes, [=] {
    std::memcpy(to, at(from), bytes);
    return kSuccess;
  });
}

Status cuMemcpyDtoDAsync_v2(DeviceAddress to, DeviceAddress from, size_t bytes,
                            StreamHandle stream) {
  FakeCall call("cuMemcpyDtoDAsync_v2");
  if (!call.fake.find(from, bytes))
    return kInvalidValue;
  return enqueueOn(call, stream, to, bytes, [=] {
    std::memmove(at(to), at(from), bytes);
    return kSuccess;
  });
}

Status cuMemsetD32Async(DeviceAddress to, unsigned value, size_t count,
                        StreamHandle stream) {
  FakeCall call("cuMemsetD32Async");
  return enqueueOn(call, stream, to, count * 4, [=] {
    std::fill_n(static_cast<unsigned *>(at(to)), count, value);
    return kSuccess;
  });
}

Status cuPointerGetAttribute(void *value, PointerAttribute attribute,
                             DeviceAddress address) {
  FakeCall call("cuPointerGetAttribute");
  if (call.status)
    return call.status;
  const FakeDriver::Block *block = call.fake.find(address, 1);
  if (!block)
    return kInvalidValue;
  switch (attribute) {
  case kPointerMemoryType:
    *static_cast<unsigned *>(value) =
        block->pinned ? kHostMemory : kDeviceMemory;
    return kSuccess;
  case kPointerIsManaged:
    *static_cast<int *>(value) = 0;
    return kSuccess;
  case kPointerDeviceOrdinal:
    *static_cast<int *>(value) = block->device;
    return kSuccess;
  }
  return kInvalidValue;
}

} // extern "C"
