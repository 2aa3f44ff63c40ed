//===- Compiler.h - From a canonical mod to an object file ------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs the stages of a compilation one after the other.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_ENGINE_COMPILER_H
#define ATTNJIT_LIB_ENGINE_COMPILER_H

#include "attnjit/Engine/Engine.h"
#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Spec/AttentionSpec.h"
#include "attnjit/Spec/TargetSpec.h"
#include "attnjit/Support/Error.h"
#include "attnjit/Support/Trace.h"

#include <filesystem>
#include <string>

namespace attnjit {

/// Symbol of an entry point in its object.
std::string symbolOf(Entry entry);

/// Whether the object of an entry point holds a cost function as well.
bool hasCostFunction(const CanonicalMod &mod, Entry entry);

/// Compiles an entry point up to `stage` and gives its text or bytes. Where
/// `dumpStem` is not empty, every stage on the way is written to a file of that
/// name and the stage's extension. Errors: Unsupported (the message says what),
/// Internal.
Expected<std::string>
compileTo(const CanonicalMod &mod, const AttentionSpec &spec,
          const TargetSpec &target, Entry entry, Stage stage,
          const std::filesystem::path &dumpStem, Trace &trace);

} // namespace attnjit

#endif // ATTNJIT_LIB_ENGINE_COMPILER_H
