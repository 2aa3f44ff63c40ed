//===- ObjectLoader.h - Making an object file executable --------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes an object file; gives the address of its entry point, and what keeps
// the code alive.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_ENGINE_OBJECTLOADER_H
#define ATTNJIT_LIB_ENGINE_OBJECTLOADER_H

#include "attnjit/ABI/KernelArgs.h"
#include "attnjit/Support/Error.h"

#include <memory>
#include <string>

namespace attnjit {

struct LoadedCode {
  AttnJitKernelFn entry = nullptr;
  AttnJitKernelFn cost = nullptr;   ///< the cost function; may be null
  std::shared_ptr<const void> code; ///< unloads when the last copy goes
};

/// Links `object` into this process and finds the entry point `symbol` and,
/// where `hasCost`, its cost function. Errors: Environment (no executable
/// memory), Internal (an object that does not link).
Expected<LoadedCode> loadObject(std::string object, const std::string &symbol,
                                bool hasCost);

} // namespace attnjit

#endif // ATTNJIT_LIB_ENGINE_OBJECTLOADER_H
