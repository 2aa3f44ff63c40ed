//===- DeviceTensors.cpp - A run's tensors, copied to a GPU ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Cuda/DeviceTensors.h"

#include "../RunTensors.h"

#include "attnjit/Runtime/TensorChecks.h"

#include <fmt/format.h>

using namespace attnjit;
using namespace attnjit::cuda;

static StreamHandle streamOf(const RunArgs &args) {
  return static_cast<StreamHandle>(args.stream);
}

/// `tensor` becomes one on the device. The whole range of bytes is copied, with
/// whatever lies between the elements: a view of another view's memory keeps
/// its strides.
Expected<void> DeviceTensors::copyTensor(std::string_view name,
                                         Tensor &tensor) {
  if (auto ok = checkView(name, tensor); !ok)
    return ok;
  Expected<Tensor::ByteRange> range = tensor.byteRange();
  if (!range)
    return fail(range.error());
  const auto bytes = static_cast<int64_t>(range->end - range->begin);
  tensor.place = Place::Gpu;
  if (bytes == 0)
    return {};
  Expected<DeviceMemory> memory =
      DeviceMemory::allocate(context, bytes, fmt::format("`{}`", name));
  if (!memory)
    return fail(memory.error());
  auto *host = reinterpret_cast<void *>(range->begin);
  if (auto ok = context->driver().check(
          context->api().memcpyHtoDAsync(memory->address(), host,
                                         static_cast<size_t>(bytes),
                                         streamOf(deviceArgs)),
          fmt::format("cannot copy `{}` to the GPU", name));
      !ok)
    return ok;
  const auto first = reinterpret_cast<uintptr_t>(tensor.data) - range->begin;
  tensor.data = static_cast<char *>(memory->pointer()) + first;
  copied.push_back({std::move(*memory), host, name == "out" || name == "lse"});
  return {};
}

Expected<DeviceTensors> DeviceTensors::copy(Context::Ptr context,
                                            const RunArgs &args) {
  DeviceTensors result;
  result.context = std::move(context);
  result.deviceArgs = args;
  Expected<CurrentContext> current = CurrentContext::push(*result.context);
  if (!current)
    return fail(current.error());
  if (auto ok = forEachTensor(result.deviceArgs,
                              [&](std::string_view name, Tensor &tensor) {
                                return result.copyTensor(name, tensor);
                              });
      !ok)
    return fail(ok.error());
  return result;
}

Expected<void> DeviceTensors::copyBack() const {
  Expected<CurrentContext> current = CurrentContext::push(*context);
  if (!current)
    return fail(current.error());
  const DriverTable &api = context->api();
  Status status = kSuccess;
  for (const Copied &tensor : copied)
    if (tensor.output && status == kSuccess)
      status = api.memcpyDtoHAsync(
          tensor.host, tensor.memory.address(),
          static_cast<size_t>(tensor.memory.sizeBytes()), streamOf(deviceArgs));
  if (status == kSuccess)
    status = api.streamSynchronize(streamOf(deviceArgs));
  return context->driver().check(status,
                                 "cannot copy the results from the GPU");
}
