//===- Fiber.cpp - Stacks and the switch between them ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Fiber.h"

#include <cstdint>
#include <utility>

#include <sys/mman.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ATTNJIT_EMULATOR_ASAN 1
#include <sanitizer/common_interface_defs.h>
#endif
#endif

/// Saves what the ABI asks a callee to keep, stores the stack pointer in
/// `*saved` and goes on with the stack `resumed`.
extern "C" void attnjitEmulatorSwitch(void **saved, void *resumed);
asm(R"(
  .text
  .globl attnjitEmulatorSwitch
  .type attnjitEmulatorSwitch, @function
attnjitEmulatorSwitch:
  push %rbp
  push %rbx
  push %r12
  push %r13
  push %r14
  push %r15
  mov %rsp, (%rdi)
  mov %rsi, %rsp
  pop %r15
  pop %r14
  pop %r13
  pop %r12
  pop %rbx
  pop %rbp
  ret
  .size attnjitEmulatorSwitch, .-attnjitEmulatorSwitch
)");

namespace attnjit::emulator {

static constexpr size_t kGuardBytes = 4096;

Stack::Stack(size_t bytes) {
  void *pages = mmap(nullptr, kGuardBytes + bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (pages == MAP_FAILED)
    return;
  if (mprotect(pages, kGuardBytes, PROT_NONE) != 0) {
    munmap(pages, kGuardBytes + bytes);
    return;
  }
  base = static_cast<std::byte *>(pages) + kGuardBytes;
  size = bytes;
}

Stack::Stack(Stack &&other) noexcept
    : base(std::exchange(other.base, nullptr)),
      size(std::exchange(other.size, 0)) {}

Stack &Stack::operator=(Stack &&other) noexcept {
  std::swap(base, other.base);
  std::swap(size, other.size);
  return *this;
}

Stack::~Stack() {
  if (base)
    munmap(base - kGuardBytes, kGuardBytes + size);
}

bool Stack::contains(const void *address, size_t length) const {
  auto *first = static_cast<const std::byte *>(address);
  return first >= base && first < base + size &&
         length <= static_cast<size_t>(base + size - first);
}

Context::Context(const Stack &stack, size_t skip, void (*entry)())
    : stackBottom(stack.bottom()), stackBytes(stack.bytes()) {
  // From the top: a return address of 0, where unwinders stop; `entry`, where
  // the switch returns to, at an address divisible by 16, so that `entry` sees
  // the stack as after a call; six registers.
  auto *top =
      reinterpret_cast<uint64_t *>(stack.bottom() + stack.bytes() - skip);
  *--top = 0;
  *--top = reinterpret_cast<uint64_t>(entry);
  for (int i = 0; i < 6; ++i)
    *--top = 0;
  stackPointer = top;
}

#ifdef ATTNJIT_EMULATOR_ASAN

// Who is told the bounds of the stack that was left.
static thread_local const void **leftBottom = nullptr;
static thread_local size_t *leftBytes = nullptr;

void Context::change(Context &from, Context &to) {
  leftBottom = &from.stackBottom;
  leftBytes = &from.stackBytes;
  __sanitizer_start_switch_fiber(&from.fakeStack, to.stackBottom,
                                 to.stackBytes);
  attnjitEmulatorSwitch(&from.stackPointer, to.stackPointer);
  __sanitizer_finish_switch_fiber(from.fakeStack, leftBottom, leftBytes);
}

void Context::started() {
  __sanitizer_finish_switch_fiber(nullptr, leftBottom, leftBytes);
}

#else

void Context::change(Context &from, Context &to) {
  attnjitEmulatorSwitch(&from.stackPointer, to.stackPointer);
}

void Context::started() {}

#endif

} // namespace attnjit::emulator
