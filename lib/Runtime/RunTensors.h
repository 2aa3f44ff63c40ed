//===- RunTensors.h - Every tensor of a run ---------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tensors of a RunArgs with the names that errors give them, for what is
// asked of each alike. Private to lib/Runtime.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_RUNTIME_RUNTENSORS_H
#define ATTNJIT_LIB_RUNTIME_RUNTENSORS_H

#include "attnjit/Runtime/Kernel.h"

namespace attnjit {

/// Calls `visit(name, tensor)` for each tensor that is there, up to the first
/// Error, which it gives. `Args` is RunArgs or const RunArgs.
template <typename Args, typename Visit>
Expected<void> forEachTensor(Args &args, Visit &&visit) {
  auto orNull = [](auto &tensor) { return tensor ? &*tensor : nullptr; };
  for (auto [name, tensor] : {std::pair{"q", &args.q},
                              {"k", &args.k},
                              {"v", &args.v},
                              {"out", &args.out},
                              {"lse", orNull(args.lse)},
                              {"mask", orNull(args.mask)},
                              {"q_offset", orNull(args.qOffset.perBatch)},
                              {"kv_offset", orNull(args.kvOffset.perBatch)}})
    if (tensor)
      if (Expected<void> ok = visit(std::string_view(name), *tensor); !ok)
        return ok;
  for (auto &capture : args.captures)
    if (auto *buffer = std::get_if<Tensor>(&capture.value))
      if (Expected<void> ok = visit(capture.name, *buffer); !ok)
        return ok;
  return {};
}

} // namespace attnjit

#endif // ATTNJIT_LIB_RUNTIME_RUNTENSORS_H
