//===- HostInfo.h - What this machine is ----------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads what the operating system says of the processor and its memory.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_HOSTINFO_H
#define ATTNJIT_TOOLS_SUPPORT_HOSTINFO_H

#include <cstdint>
#include <string>
#include <vector>

namespace attnjit::tool {

struct CpuInfo {
  std::string name; ///< "unknown" where the system does not say
  /// Those of the x86-64 levels and of matrix arithmetic, as Linux spells
  /// them, in its order.
  std::vector<std::string> features;
  int cores = 1; ///< that this process may run on
};

CpuInfo readCpuInfo();

/// Version of NVIDIA's kernel module, "570.86.15"; empty where it is not
/// loaded.
std::string readNvidiaModuleVersion();

/// Memory that can be had without swapping; INT64_MAX where the system does
/// not say.
int64_t availableMemoryBytes();

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_HOSTINFO_H
