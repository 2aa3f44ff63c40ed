//===- Context.cpp - A GPU in this process --------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Cuda/Context.h"

#include <fmt/format.h>

using namespace attnjit;
using namespace attnjit::cuda;

Expected<Context::Ptr> Context::open(Driver::Ptr driver, int device) {
  Expected<DeviceInfo> info = driver->device(device);
  if (!info)
    return fail(info.error());
  ContextHandle handle = nullptr;
  // The handle of a device is its number.
  if (auto ok = driver->check(
          driver->api().devicePrimaryCtxRetain(&handle, device),
          fmt::format("cannot make a context on {}", info->describe()));
      !ok)
    return fail(ok.error());
  return Ptr(
      std::make_shared<Context>(std::move(driver), std::move(*info), handle));
}

Context::~Context() { api().devicePrimaryCtxRelease(info.index); }

Expected<void> Context::synchronize() const {
  Expected<CurrentContext> current = CurrentContext::push(*this);
  if (!current)
    return fail(current.error());
  return driver().check(api().ctxSynchronize(), "cannot wait for the GPU");
}

Expected<CurrentContext> CurrentContext::push(const Context &context) {
  if (Status status = context.api().ctxPushCurrent(context.handle());
      status != kSuccess)
    return fail(
        context.driver().toError(status, "cannot use the GPU's context"));
  return CurrentContext(context.api());
}

CurrentContext::~CurrentContext() {
  ContextHandle popped = nullptr;
  if (api)
    api->ctxPopCurrent(&popped);
}
