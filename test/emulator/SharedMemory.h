//===- SharedMemory.h - Shared memory that is watched -----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The shared memory of one block, and for each of its 4-byte words who wrote
// and read it last and when, which bytes were ever written, and whether an
// asynchronous copy into it is in flight.
//
// A race is two accesses of different threads to a byte, one of them a write,
// that no barrier orders. It is found at the second of the two, whatever order
// the schedule gave them. No race is reported that is none; missed are some
// where threads share a word but not its bytes, and those of lanes of one warp
// that read at different times.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_SHAREDMEMORY_H
#define ATTNJIT_TEST_EMULATOR_SHAREDMEMORY_H

#include "Clocks.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace attnjit::emulator {

class SharedMemory {
public:
  /// Shared addresses are 32 bits wide in PTX, and matrix descriptors hold 18
  /// of them: memory lies below 2^31, at a multiple of this.
  static constexpr size_t kWindowBytes = 256 * 1024;

  SharedMemory(size_t bytes, uint32_t threads, const Clocks &clocks);
  SharedMemory(const SharedMemory &) = delete;
  SharedMemory &operator=(const SharedMemory &) = delete;
  ~SharedMemory();

  /// Whether there was memory for it.
  bool isValid() const { return base != nullptr; }
  std::byte *data() const { return base; }
  size_t bytes() const { return size; }

  /// Every byte 0xff, which is a NaN in f32, f16 and bf16, and not written.
  void reset();

  /// Whether the address is in the window, though perhaps past the end.
  bool isNear(const void *address) const {
    auto offset = static_cast<const std::byte *>(address) - base;
    return offset >= 0 && offset < static_cast<ptrdiff_t>(kWindowBytes);
  }

  // Each gives what is wrong with the access, empty where nothing is.

  std::string checkRange(const void *address, size_t length,
                         size_t alignment) const;
  /// The range must have been checked, here and below.
  std::string read(uint32_t thread, const void *address, size_t length,
                   bool isAtomic = false);
  std::string write(uint32_t thread, const void *address, size_t length,
                    bool isAtomic = false);
  /// From here to endCopy nobody may touch the bytes, which are whole words.
  std::string beginCopy(uint32_t thread, const void *address, size_t length);
  void endCopy(uint32_t thread, const void *address, size_t length);

private:
  struct Word {
    Clocks::Time writeTime = 0;
    uint16_t writer = 0;
    uint16_t copier = 0;     ///< thread + 1 of a copy in flight, or 0
    uint8_t writtenLast = 0; ///< bytes of the last write
    uint8_t writtenEver = 0;
    bool isAtomic = false; ///< the last write
  };
  /// The reads by one warp since the last write.
  struct Readers {
    Clocks::Time time = 0;
    uint32_t lanes = 0;
    uint8_t bytes = 0;
    bool isAtomic = false;
  };

  size_t indexOf(const void *address) const {
    return (static_cast<const std::byte *>(address) - base) / 4;
  }
  Readers &readersOf(uint32_t warp, size_t index) {
    return readers[warp * words.size() + index];
  }
  bool canRead(uint32_t thread, const Word &word, uint8_t bytes,
               bool isAtomic) const;
  std::string whyNotRead(uint32_t thread, size_t index, uint8_t bytes) const;
  void noteRead(uint32_t thread, size_t index, uint8_t bytes, bool isAtomic);
  std::string checkWrite(uint32_t thread, size_t index, uint8_t bytes,
                         bool isAtomic) const;
  void noteWrite(uint32_t thread, size_t index, uint8_t bytes, bool isAtomic);
  std::string inFlight(size_t index) const;

  std::byte *base = nullptr;
  size_t size;
  uint32_t warps;
  const Clocks &clocks;
  std::vector<Word> words;
  std::vector<Readers> readers; ///< by warp, then by word
};

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_SHAREDMEMORY_H
