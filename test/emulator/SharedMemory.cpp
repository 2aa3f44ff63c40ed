//===- SharedMemory.cpp - Ranges, first writes and races ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SharedMemory.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include <sys/mman.h>

namespace attnjit::emulator {

SharedMemory::SharedMemory(size_t bytes, uint32_t threads, const Clocks &clocks)
    : size(bytes), warps((threads + 31) / 32), clocks(clocks),
      words((bytes + 3) / 4), readers(words.size() * warps) {
  // Twice the window has an aligned one in it.
  void *pages =
      mmap(nullptr, 2 * kWindowBytes, PROT_READ | PROT_WRITE,
           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_32BIT, -1, 0);
  if (pages == MAP_FAILED)
    return;
  auto first = reinterpret_cast<uintptr_t>(pages);
  uintptr_t aligned = (first + kWindowBytes - 1) & ~(kWindowBytes - 1);
  if (aligned > first)
    munmap(pages, aligned - first);
  if (uintptr_t rest = first + kWindowBytes - aligned)
    munmap(reinterpret_cast<void *>(aligned + kWindowBytes), rest);
  base = reinterpret_cast<std::byte *>(aligned);
}

SharedMemory::~SharedMemory() {
  if (base)
    munmap(base, kWindowBytes);
}

void SharedMemory::reset() {
  std::memset(base, 0xff, size);
  std::fill(words.begin(), words.end(), Word());
  std::fill(readers.begin(), readers.end(), Readers());
}

std::string SharedMemory::checkRange(const void *address, size_t length,
                                     size_t alignment) const {
  int64_t offset = static_cast<const std::byte *>(address) - base;
  if (offset < 0 || offset + length > size)
    return fmt::format("{} bytes at offset {} of shared memory, which has {} "
                       "bytes",
                       length, offset, size);
  if (offset % alignment != 0)
    return fmt::format("offset {} of shared memory is no multiple of {}",
                       offset, alignment);
  return {};
}

/// Calls `visit(index of the word, which of its bytes)` until it gives false.
template <typename Visit>
static bool forEachWord(size_t offset, size_t length, Visit visit) {
  const size_t end = offset + length;
  while (offset < end) {
    size_t first = offset % 4, last = std::min<size_t>(4, first + end - offset);
    uint8_t bytes = (0xf << first & 0xf) & 0xf >> (4 - last);
    if (!visit(offset / 4, bytes))
      return false;
    offset += last - first;
  }
  return true;
}

std::string SharedMemory::inFlight(size_t index) const {
  return fmt::format("offset {} of shared memory is the target of a copy of "
                     "thread {} that no wait has completed",
                     index * 4, words[index].copier - 1);
}

//===--- reads ------------------------------------------------------------===//

inline bool SharedMemory::canRead(uint32_t thread, const Word &word,
                                  uint8_t bytes, bool isAtomic) const {
  return word.copier == 0 && (word.writtenEver & bytes) == bytes &&
         (clocks.isBefore(word.writer, word.writeTime, thread) ||
          !(word.writtenLast & bytes) || (isAtomic && word.isAtomic));
}

std::string SharedMemory::whyNotRead(uint32_t thread, size_t index,
                                     uint8_t bytes) const {
  const Word &word = words[index];
  if (word.copier)
    return inFlight(index);
  if ((word.writtenEver & bytes) != bytes)
    return fmt::format("offset {} of shared memory was never written",
                       index * 4);
  return fmt::format(
      "a race: thread {} reads offset {} of shared memory, which "
      "thread {} wrote, with no barrier between them",
      thread, index * 4, word.writer);
}

inline void SharedMemory::noteRead(uint32_t thread, size_t index, uint8_t bytes,
                                   bool isAtomic) {
  Readers &seen = readersOf(thread / 32, index);
  const Clocks::Time now = clocks.now(thread);
  const uint32_t lane = 1u << thread % 32;
  if (seen.time == now && seen.bytes == bytes && seen.isAtomic == isAtomic)
    seen.lanes |= lane;
  else if (now >= seen.time)
    seen = {now, lane, bytes, isAtomic};
}

std::string SharedMemory::read(uint32_t thread, const void *address,
                               size_t length, bool isAtomic) {
  std::string wrong;
  forEachWord(static_cast<const std::byte *>(address) - base, length,
              [&](size_t index, uint8_t bytes) {
                if (!canRead(thread, words[index], bytes, isAtomic)) {
                  wrong = whyNotRead(thread, index, bytes);
                  return false;
                }
                noteRead(thread, index, bytes, isAtomic);
                return true;
              });
  return wrong;
}

//===--- writes -----------------------------------------------------------===//

std::string SharedMemory::checkWrite(uint32_t thread, size_t index,
                                     uint8_t bytes, bool isAtomic) const {
  const Word &word = words[index];
  if (word.copier)
    return inFlight(index);
  if ((word.writtenLast & bytes) && !(isAtomic && word.isAtomic) &&
      !clocks.isBefore(word.writer, word.writeTime, thread))
    return fmt::format("a race: thread {} writes offset {} of shared memory, "
                       "which thread {} wrote, with no barrier between them",
                       thread, index * 4, word.writer);
  for (uint32_t warp = 0; warp < warps; ++warp) {
    const Readers &seen = readers[warp * words.size() + index];
    if (!(seen.bytes & bytes) || (isAtomic && seen.isAtomic))
      continue;
    for (uint32_t lanes = seen.lanes; lanes; lanes &= lanes - 1) {
      uint32_t reader = warp * 32 + std::countr_zero(lanes);
      if (!clocks.isBefore(reader, seen.time, thread))
        return fmt::format("a race: thread {} writes offset {} of shared "
                           "memory, which thread {} read, with no barrier "
                           "between them",
                           thread, index * 4, reader);
    }
  }
  return {};
}

void SharedMemory::noteWrite(uint32_t thread, size_t index, uint8_t bytes,
                             bool isAtomic) {
  Word &word = words[index];
  word.writer = thread;
  word.writeTime = clocks.now(thread);
  word.writtenLast = bytes;
  word.writtenEver |= bytes;
  word.isAtomic = isAtomic;
  // The reads so far are ordered before this write, and so before whatever is
  // ordered after it.
  for (uint32_t warp = 0; warp < warps; ++warp)
    if (Readers &seen = readersOf(warp, index); (seen.bytes & ~bytes) == 0)
      seen = {};
}

std::string SharedMemory::write(uint32_t thread, const void *address,
                                size_t length, bool isAtomic) {
  std::string wrong;
  forEachWord(static_cast<const std::byte *>(address) - base, length,
              [&](size_t index, uint8_t bytes) {
                wrong = checkWrite(thread, index, bytes, isAtomic);
                if (!wrong.empty())
                  return false;
                noteWrite(thread, index, bytes, isAtomic);
                return true;
              });
  return wrong;
}

//===--- copies in flight -------------------------------------------------===//

std::string SharedMemory::beginCopy(uint32_t thread, const void *address,
                                    size_t length) {
  const size_t first = indexOf(address), last = first + length / 4;
  for (size_t index = first; index < last; ++index) {
    if (std::string wrong = checkWrite(thread, index, 0xf, false);
        !wrong.empty())
      return wrong;
    words[index].copier = thread + 1;
  }
  return {};
}

void SharedMemory::endCopy(uint32_t thread, const void *address,
                           size_t length) {
  const size_t first = indexOf(address), last = first + length / 4;
  for (size_t index = first; index < last; ++index) {
    words[index].copier = 0;
    // Nobody can have touched the word meanwhile.
    noteWrite(thread, index, 0xf, false);
  }
}

} // namespace attnjit::emulator
