//===- Memory.cpp - Memory of a GPU ---------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Cuda/Memory.h"

#include <fmt/format.h>

using namespace attnjit;
using namespace attnjit::cuda;

Expected<DeviceMemory> DeviceMemory::allocate(Context::Ptr context,
                                              int64_t bytes,
                                              std::string_view what) {
  DeviceMemory result;
  if (bytes == 0)
    return result;
  Expected<CurrentContext> current = CurrentContext::push(*context);
  if (!current)
    return fail(current.error());
  DeviceAddress address = 0;
  const Status status =
      context->api().memAlloc(&address, static_cast<size_t>(bytes));
  if (status != kSuccess)
    return fail(context->driver().toError(
        status, fmt::format("cannot allocate {} bytes for {} on {}", bytes,
                            what, context->device().describe())));
  result.memory = {std::move(context), address};
  result.bytes = bytes;
  return result;
}

Expected<void> cuda::checkOnDevice(const Context &context,
                                   std::string_view name, const void *data) {
  const auto address =
      static_cast<DeviceAddress>(reinterpret_cast<uintptr_t>(data));
  auto wrong = [&](std::string_view where) {
    return fail(ErrorKind::InvalidArgument,
                fmt::format("`{}` lies {}; it should lie in memory of {}", name,
                            where, context.device().describe()));
  };
  unsigned type = 0;
  Status status =
      context.api().pointerGetAttribute(&type, kPointerMemoryType, address);
  // Of memory that it has not made the driver knows nothing.
  if (status == kInvalidValue)
    return wrong("in host memory");
  int device = 0;
  if (status == kSuccess)
    status = context.api().pointerGetAttribute(&device, kPointerDeviceOrdinal,
                                               address);
  if (status != kSuccess)
    return fail(context.driver().toError(
        status, fmt::format("cannot ask where `{}` lies", name)));
  if (type == kHostMemory)
    return wrong("in pinned host memory");
  if (device != context.device().index)
    return wrong(fmt::format("on cuda:{}", device));
  return {};
}
