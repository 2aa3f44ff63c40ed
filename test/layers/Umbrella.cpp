//===- Umbrella.cpp - attnjit.h compiles alone ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled without a path to the headers of LLVM, fmt or oneTBB, as a user of
// the installed library compiles.
//
//===----------------------------------------------------------------------===//

#include "attnjit/attnjit.h"

#if defined(LLVM_VERSION_MAJOR) || defined(FMT_VERSION) ||                     \
    defined(TBB_VERSION_MAJOR)
#error "attnjit/attnjit.h pulls in a header of a private dependency"
#endif
