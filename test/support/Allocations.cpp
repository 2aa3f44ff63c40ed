//===- Allocations.cpp - Counting and refusing memory ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Allocations.h"

#include <atomic>
#include <cstdlib>
#include <new>

static std::atomic<int64_t> allocations = 0;
static std::atomic<size_t> failFrom = 0;

int64_t attnjit::test::allocationCount() { return allocations; }
void attnjit::test::failAllocationsFrom(size_t bytes) { failFrom = bytes; }

static void *countedAllocate(size_t bytes, size_t alignment) {
  ++allocations;
  if (failFrom != 0 && bytes >= failFrom)
    return nullptr;
  size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  return std::aligned_alloc(alignment, rounded ? rounded : alignment);
}

void *operator new(size_t bytes) {
  if (void *memory = countedAllocate(bytes, 16))
    return memory;
  throw std::bad_alloc();
}
void *operator new(size_t bytes, const std::nothrow_t &) noexcept {
  return countedAllocate(bytes, 16);
}
void *operator new[](size_t bytes, std::align_val_t alignment,
                     const std::nothrow_t &) noexcept {
  return countedAllocate(bytes, static_cast<size_t>(alignment));
}
void operator delete(void *memory) noexcept { std::free(memory); }
void operator delete(void *memory, size_t) noexcept { std::free(memory); }
void operator delete[](void *memory, std::align_val_t) noexcept {
  std::free(memory);
}
