//===- Allocations.h - Counting and refusing memory -------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A test that links AttnJITCountedAllocations counts what `new` is asked for,
// and can let it fail.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_SUPPORT_ALLOCATIONS_H
#define ATTNJIT_TEST_SUPPORT_ALLOCATIONS_H

#include <cstddef>
#include <cstdint>

namespace attnjit::test {

/// Calls of operator new up to now, in all threads.
int64_t allocationCount();

/// From now on allocations of at least so many bytes fail; 0: none does.
void failAllocationsFrom(size_t bytes);

} // namespace attnjit::test

#endif // ATTNJIT_TEST_SUPPORT_ALLOCATIONS_H
