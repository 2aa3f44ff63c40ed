//===- KernelModule.h - A kernel compiled for the host ----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the text of a kernel's IR; gives code that runs one GPU thread, and can
// print the instruction that a site stands for.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_KERNELMODULE_H
#define ATTNJIT_TEST_EMULATOR_KERNELMODULE_H

#include "Machine.h"
#include "RewriteKernel.h"

#include <memory>
#include <string>
#include <string_view>

namespace attnjit::emulator {

class KernelModule {
public:
  static Expected<KernelModule> compile(std::string_view llvmIr,
                                        std::string_view kernelName);

  const KernelCode &code() const { return kernelCode; }
  /// The instruction as the given text has it.
  std::string describe(const Site &site) const;

private:
  KernelModule() = default;

  std::string source;
  RewrittenKernel kernel;
  KernelCode kernelCode;
  std::shared_ptr<const void> session; ///< keeps the code alive
};

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_KERNELMODULE_H
