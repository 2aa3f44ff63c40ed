//===- Device.h - The machine that is checked -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the tool says of the machine, and of the library of mods.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_GPUCHECK_DEVICE_H
#define ATTNJIT_TOOLS_GPUCHECK_DEVICE_H

#include "ToolCase.h"

#include <string>
#include <vector>

namespace attnjit::gpucheck {

/// What kernels run on.
struct Device {
  std::string name;   ///< "NVIDIA H100 80GB HBM3"; a processor's likewise
  std::string sm;     ///< "sm_90"; the target's name where it is no GPU
  std::string driver; ///< its version; empty where it is no GPU
};

/// The device that the tool runs `target` on. An Error of kind Unsupported
/// where that is a GPU and there is none.
Expected<Device> findDevice(const ToolSetup &setup);

/// The names of the library's mods.
Expected<std::vector<std::string>> listLibrary(const ToolSetup &setup);

} // namespace attnjit::gpucheck

#endif // ATTNJIT_TOOLS_GPUCHECK_DEVICE_H
