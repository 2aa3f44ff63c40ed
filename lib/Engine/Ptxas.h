//===- Ptxas.h - NVIDIA's assembler, where it is found ----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Makes a cubin of PTX on a machine without a GPU.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_ENGINE_PTXAS_H
#define ATTNJIT_LIB_ENGINE_PTXAS_H

#include "attnjit/Support/Error.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace attnjit {

/// The `ptxas` of PATH, $CUDA_HOME/bin, $CUDA_PATH/bin or /usr/local/cuda/bin,
/// in this order. In a set-user-id program the variables are not read.
std::optional<std::filesystem::path> findPtxas();

/// The cubin for `sm` ("sm_90"). Errors: Environment (it does not run, or there
/// is no room for its files), Internal with what it says (it refuses the PTX).
Expected<std::string> runPtxas(const std::filesystem::path &ptxas,
                               std::string_view ptx, std::string_view sm);

} // namespace attnjit

#endif // ATTNJIT_LIB_ENGINE_PTXAS_H
