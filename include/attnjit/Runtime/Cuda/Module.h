//===- Module.h - Code on a GPU ---------------------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes PTX or a cubin; gives functions that can be launched.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_CUDA_MODULE_H
#define ATTNJIT_RUNTIME_CUDA_MODULE_H

#include "attnjit/Runtime/Cuda/Context.h"

#include <string>

namespace attnjit::cuda {

/// A loaded module. Unloading waits for the context's work, of which some may
/// run its code.
class Module {
public:
  /// `image` is a cubin, or PTX, which the driver compiles. Errors: Environment
  /// (the driver is older than the PTX: both versions are named; no memory),
  /// Unsupported (code of another kind of GPU), Internal (PTX that the driver
  /// refuses: its log is in the message).
  static Expected<Module> load(Context::Ptr context, const std::string &image);

  Module(Module &&) noexcept = default;
  Module &operator=(Module &&) noexcept = default;
  ~Module();

  /// The entry point of that name, with leave to use so much dynamic shared
  /// memory. It lives as long as the module.
  Expected<FunctionHandle> function(const std::string &name,
                                    int64_t sharedBytes) const;

  const Context::Ptr &context() const { return module.owner(); }

private:
  Module() = default;
  Owned<ModuleHandle, &DriverTable::moduleUnload> module;
};

} // namespace attnjit::cuda

#endif // ATTNJIT_RUNTIME_CUDA_MODULE_H
