//===- GlobalMemory.h - Which addresses a kernel may use --------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Global memory is the process's own: an address is valid if it lies in one of
// the ranges that the launch named.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_GLOBALMEMORY_H
#define ATTNJIT_TEST_EMULATOR_GLOBALMEMORY_H

#include "Emulator.h"

#include <string>
#include <vector>

namespace attnjit::emulator {

class GlobalMemory {
public:
  /// `named` ranges, if there are any, and the module's variables.
  GlobalMemory(const std::optional<std::vector<MemoryRange>> &named,
               const std::vector<MemoryRange> &variables);

  /// What is wrong with the access; empty where nothing is.
  std::string check(const void *address, size_t length, size_t alignment,
                    bool isWrite);

private:
  const MemoryRange *find(const void *address, size_t length) const;
  std::string describe(const void *address, size_t length) const;

  bool isChecked;
  std::vector<MemoryRange> ranges; ///< by address
  const MemoryRange *last = nullptr;
};

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_GLOBALMEMORY_H
