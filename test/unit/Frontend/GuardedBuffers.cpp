//===- GuardedBuffers.cpp - Buffers that touch unreadable memory ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GuardedBuffers.h"

#include <gtest/gtest.h>

#include <cstring>

#include <sys/mman.h>
#include <unistd.h>

namespace attnjit::test {

GuardedBuffers::~GuardedBuffers() {
  for (const Mapping &mapping : mappings)
    munmap(mapping.begin, mapping.bytes);
}

std::byte *GuardedBuffers::allocate(size_t bytes, Guard guard) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t room = (bytes + page - 1) / page * page;
  void *memory = mmap(nullptr, room + page, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    ADD_FAILURE() << "no memory";
    return nullptr;
  }
  auto *begin = static_cast<std::byte *>(memory);
  mappings.push_back({begin, room + page});
  const bool before = guard == Guard::Before;
  EXPECT_EQ(mprotect(before ? begin : begin + room, page, PROT_NONE), 0);
  return before ? begin + page : begin + room - bytes;
}

void GuardedBuffers::add(const BufferView &buffer, Guard guard,
                         unsigned reversed) {
  int64_t elements = 1;
  for (int axis = 0; axis < buffer.rank; ++axis)
    elements *= buffer.size[axis];
  int64_t bytes = elements * sizeBytes(buffer.element);
  BufferView copy = buffer;
  // Also an empty one owns an element, which stands for it in compiled code.
  std::byte *data = allocate(
      std::max(bytes, static_cast<int64_t>(sizeBytes(buffer.element))), guard);
  if (bytes)
    std::memcpy(data, buffer.data, bytes);
  for (int axis = 0; axis < buffer.rank && bytes; ++axis)
    if (reversed >> axis & 1) {
      data +=
          (copy.size[axis] - 1) * copy.stride[axis] * sizeBytes(buffer.element);
      copy.stride[axis] = -copy.stride[axis];
    }
  copy.data = data;
  copies.push_back(copy);
}

ModFrame::Buffer GuardedBuffers::frameBuffer(size_t ordinal) const {
  const BufferView &view = copies[ordinal];
  bool empty = false;
  for (int axis = 0; axis < view.rank; ++axis)
    empty |= view.size[axis] == 0;
  ModFrame::Buffer buffer = {};
  buffer.base = view.data;
  for (int axis = 0; axis < view.rank && !empty; ++axis) {
    buffer.last[axis] = static_cast<int32_t>(view.size[axis] - 1);
    buffer.stride[axis] = view.stride[axis];
  }
  return buffer;
}

} // namespace attnjit::test
