//===- Module.cpp - Code on a GPU -----------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Cuda/Module.h"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <cstring>

using namespace attnjit;
using namespace attnjit::cuda;

namespace {

/// What the driver's compiler says, and the options that ask it to.
class JitLog {
public:
  unsigned count() const { return static_cast<unsigned>(options.size()); }
  JitOption *keys() { return options.data(); }
  void **values() { return optionValues.data(); }

  /// On one line; empty where nothing was said.
  std::string text() const {
    std::string line(buffer.data(), ::strnlen(buffer.data(), buffer.size()));
    for (char &c : line)
      if (c == '\n' || c == '\r' || c == '\t')
        c = ' ';
    const size_t end = line.find_last_not_of(' ');
    line.resize(end == std::string::npos ? 0 : end + 1);
    return line;
  }

private:
  std::array<char, 4096> buffer = {};
  std::array<JitOption, 2> options = {kErrorLogBuffer,
                                      kErrorLogBufferSizeBytes};
  std::array<void *, 2> optionValues = {
      buffer.data(), reinterpret_cast<void *>(uintptr_t(4096 - 1))};
};

} // namespace

/// ISA of a PTX text, by its `.version` line.
static bool readPtxIsa(const std::string &ptx, int &major, int &minor) {
  const size_t at = ptx.find(".version");
  return at != std::string::npos &&
         std::sscanf(ptx.c_str() + at, ".version %d.%d", &major, &minor) == 2;
}

static Error codeError(const Context &context, Status status,
                       const std::string &image, const JitLog &log) {
  const Driver &driver = context.driver();
  Error error =
      driver.toError(status, fmt::format("cannot load a kernel on {}",
                                         context.device().describe()));
  std::string message = error.message();
  int major = 0, minor = 0;
  if (status == kUnsupportedPtxVersion && readPtxIsa(image, major, minor))
    message += fmt::format("; the driver supports CUDA {}, the kernel is PTX "
                           "of ISA {}.{}, which needs a driver of CUDA {} or "
                           "later",
                           driver.version().text(), major, minor,
                           cudaOfPtxIsa(major, minor).text());
  if (std::string said = log.text(); !said.empty())
    message += "; the driver says: " + said;
  ErrorKind kind = error.kind();
  if (status == kInvalidPtx)
    kind = ErrorKind::Internal;
  if (status == kNoBinaryForGpu || status == kInvalidImage)
    kind = ErrorKind::Unsupported;
  return Error(kind, std::move(message));
}

Expected<Module> Module::load(Context::Ptr context, const std::string &image) {
  Expected<CurrentContext> current = CurrentContext::push(*context);
  if (!current)
    return fail(current.error());
  JitLog log;
  ModuleHandle handle = nullptr;
  const Status status = context->api().moduleLoadDataEx(
      &handle, image.c_str(), log.count(), log.keys(), log.values());
  if (status != kSuccess)
    return fail(codeError(*context, status, image, log));
  Module result;
  result.module = {std::move(context), handle};
  return result;
}

Module::~Module() {
  if (module)
    // Whatever it says, the module is of no more use.
    (void)module.owner()->synchronize();
}

Expected<FunctionHandle> Module::function(const std::string &name,
                                          int64_t sharedBytes) const {
  const Context &context = *module.owner();
  Expected<CurrentContext> current = CurrentContext::push(context);
  if (!current)
    return fail(current.error());
  if (sharedBytes > context.device().sharedBytesPerBlock)
    return fail(ErrorKind::Unsupported,
                fmt::format("a kernel needs {} bytes of shared memory; a block "
                            "on {} has at most {}",
                            sharedBytes, context.device().describe(),
                            context.device().sharedBytesPerBlock));
  FunctionHandle function = nullptr;
  Status status =
      context.api().moduleGetFunction(&function, module.get(), name.c_str());
  if (status == kSuccess)
    status = context.api().funcSetAttribute(
        function, kMaxDynamicSharedSizeBytes, static_cast<int>(sharedBytes));
  if (status != kSuccess)
    return fail(context.driver().toError(
        status, fmt::format("cannot prepare `{}` on {}", name,
                            context.device().describe())));
  return function;
}
