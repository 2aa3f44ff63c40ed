//===- GuardedMemory.h - Memory whose ends cannot be passed ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a number of bytes; gives memory with an inaccessible page directly
// before its first or after its last byte, and another at the far end. An
// access that leaves it is a fault, whichever code makes it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_DIFFERENTIAL_GUARDEDMEMORY_H
#define ATTNJIT_TEST_DIFFERENTIAL_GUARDEDMEMORY_H

#include <cstddef>
#include <cstdint>
#include <string>

namespace attnjit::test {

/// Which end of the memory touches an inaccessible page.
enum class Flush { End, Start };

/// What memory holds before it is filled: a NaN in each floating-point type,
/// an index far outside in each integer type, a true bool.
inline constexpr unsigned char kCanary = 0xFF;

class GuardedMemory {
public:
  /// Aborts where the machine has no memory: there is no test then.
  GuardedMemory(size_t bytes, Flush flush);
  ~GuardedMemory();
  GuardedMemory(const GuardedMemory &) = delete;
  GuardedMemory &operator=(const GuardedMemory &) = delete;

  std::byte *data() const { return begin; }
  size_t size() const { return bytes; }

private:
  std::byte *mapping = nullptr;
  size_t mappedBytes = 0;
  std::byte *begin = nullptr;
  size_t bytes = 0;
};

/// What a crash from here on belongs to: printed with the signal's name before
/// the process dies, so that the case can be repeated.
void setCrashNote(std::string note);

} // namespace attnjit::test

#endif // ATTNJIT_TEST_DIFFERENTIAL_GUARDEDMEMORY_H
