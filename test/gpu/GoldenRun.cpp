//===- GoldenRun.cpp - A golden case on a device --------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GoldenRun.h"

#include "attnjit/Runtime/Cuda/Memory.h"
#include "attnjit/Runtime/Cuda/Module.h"

#include <algorithm>

using namespace attnjit;
using namespace attnjit::cuda;
using namespace attnjit::golden;

/// Device memory with a copy of the words; at least one, so that there is
/// memory.
static Expected<DeviceMemory> copyOf(const Context::Ptr &context,
                                     const Words &words) {
  const size_t bytes = words.size() * sizeof(uint32_t);
  auto memory = DeviceMemory::allocate(
      context, static_cast<int64_t>(std::max(bytes, sizeof(uint32_t))),
      "a golden case");
  if (!memory || words.empty())
    return memory;
  if (auto done = context->driver().check(
          context->api().memcpyHtoDAsync(memory->address(), words.data(), bytes,
                                         nullptr),
          "cannot copy words to the device");
      !done)
    return fail(done.error());
  return memory;
}

static Expected<void> launch(const Context &context, FunctionHandle function,
                             const GoldenCase &one, DeviceAddress in,
                             DeviceAddress out) {
  struct {
    DeviceAddress in, out;
  } addresses = {in, out};
  void *parameters[] = {&addresses};
  return context.driver().check(
      context.api().launchKernel(function, one.grid[0], one.grid[1],
                                 one.grid[2], one.block[0], one.block[1],
                                 one.block[2], one.sharedBytes, nullptr,
                                 parameters, nullptr),
      "cannot launch a kernel");
}

Expected<Words> golden::runOnDevice(const Context::Ptr &context,
                                    const GoldenCase &one) {
  auto module = Module::load(context, one.ptx);
  if (!module)
    return fail(module.error());
  auto function = module->function(kGoldenSymbol, one.sharedBytes);
  if (!function)
    return fail(function.error());
  auto current = CurrentContext::push(*context);
  if (!current)
    return fail(current.error());
  Words results(one.expected.size(), kUnwritten);
  auto in = copyOf(context, one.in), out = copyOf(context, results);
  for (const auto *memory : {&in, &out})
    if (!*memory)
      return fail(memory->error());
  if (auto done =
          launch(*context, *function, one, in->address(), out->address());
      !done)
    return fail(done.error());
  if (auto done = context->driver().check(
          context->api().memcpyDtoHAsync(results.data(), out->address(),
                                         results.size() * sizeof(uint32_t),
                                         nullptr),
          "cannot copy results from the device");
      !done)
    return fail(done.error());
  if (auto done = context->synchronize(); !done)
    return fail(done.error());
  return results;
}
