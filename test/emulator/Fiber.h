//===- Fiber.h - A stack of its own for each GPU thread ---------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Cooperative contexts for x86-64, System V ABI. A fiber is abandoned by not
// being resumed: nothing on its stack is unwound, which is what an error in
// compiled code without unwind tables needs. So code that may abandon a fiber
// keeps nothing on its stack that has a destructor.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_FIBER_H
#define ATTNJIT_TEST_EMULATOR_FIBER_H

#include <cstddef>

namespace attnjit::emulator {

/// Pages for a fiber, mapped when touched, with a guard page below.
class Stack {
public:
  explicit Stack(size_t bytes);
  Stack(Stack &&other) noexcept;
  Stack &operator=(Stack &&other) noexcept;
  ~Stack();

  bool isValid() const { return base != nullptr; }
  std::byte *bottom() const { return base; }
  size_t bytes() const { return size; }
  bool contains(const void *address, size_t length) const;

private:
  std::byte *base = nullptr; ///< lowest usable address
  size_t size = 0;
};

/// Where execution goes on when the context is resumed.
class Context {
public:
  /// The context of the caller; may be switched away from.
  Context() = default;
  /// Starts `entry` on the stack, `skip` bytes from its top (a multiple of 16),
  /// when first resumed. `entry` never returns.
  Context(const Stack &stack, size_t skip, void (*entry)());

  /// Leaves `from`, which must be the running context, for `to`; returns when
  /// `from` is resumed.
  static void change(Context &from, Context &to);

  /// To be called first by `entry`.
  static void started();

private:
  void *stackPointer = nullptr;
  const void *stackBottom = nullptr; ///< for the address sanitizer
  size_t stackBytes = 0;
  [[maybe_unused]] void *fakeStack = nullptr;
};

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_FIBER_H
