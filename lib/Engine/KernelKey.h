//===- KernelKey.h - When two kernels are the same --------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes everything that machine code depends on; gives the text that the
// caches store and compare whole.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_ENGINE_KERNELKEY_H
#define ATTNJIT_LIB_ENGINE_KERNELKEY_H

#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Spec/AttentionSpec.h"
#include "attnjit/Spec/TargetSpec.h"

#include <string>
#include <string_view>

namespace attnjit {

/// Hexadecimal build id of the library or program that holds the compiler:
/// another build, even of the same release, makes other keys. Empty where the
/// linker wrote none; then nothing may be kept on disk.
const std::string &compilerBuildId();

/// The key of an entry point, which is named by the text of its schedule.
std::string kernelKey(const CanonicalMod &mod, const AttentionSpec &spec,
                      std::string_view scheduleText, const TargetSpec &target);

} // namespace attnjit

#endif // ATTNJIT_LIB_ENGINE_KERNELKEY_H
