//===- GuardedBuffers.h - Buffers that touch unreadable memory --*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes buffers; gives copies of which each begins right after, or ends right
// before, a page that traps: a read outside, even of one byte, ends the test.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_FRONTEND_GUARDEDBUFFERS_H
#define ATTNJIT_TEST_UNIT_FRONTEND_GUARDEDBUFFERS_H

#include "ModKernel.h"

#include "attnjit/Expr/Interpreter.h"

#include <span>
#include <vector>

namespace attnjit::test {

enum class Guard { Before, After };

class GuardedBuffers {
public:
  GuardedBuffers() = default;
  GuardedBuffers(const GuardedBuffers &) = delete;
  GuardedBuffers &operator=(const GuardedBuffers &) = delete;
  ~GuardedBuffers();

  /// Copies a contiguous buffer. Axes whose bit is set in
  /// `reversed` get a negative stride.
  void add(const BufferView &buffer, Guard guard, unsigned reversed);

  /// What the Interpreter reads.
  std::span<const BufferView> views() const { return copies; }
  /// What compiled code reads: an empty buffer is one zero element.
  ModFrame::Buffer frameBuffer(size_t ordinal) const;

private:
  struct Mapping {
    std::byte *begin;
    size_t bytes;
  };
  /// `bytes` zero bytes that touch a guard.
  std::byte *allocate(size_t bytes, Guard guard);

  std::vector<Mapping> mappings;
  std::vector<BufferView> copies;
};

} // namespace attnjit::test

#endif // ATTNJIT_TEST_UNIT_FRONTEND_GUARDEDBUFFERS_H
