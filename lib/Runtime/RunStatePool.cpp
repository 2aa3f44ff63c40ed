//===- RunStatePool.cpp - Memory of runs, kept for the next ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "RunStatePool.h"

using namespace attnjit;

bool RunState::reserveWorkspaces(int64_t slots, int64_t bytes) {
  // Rounded up, so that every slot begins aligned.
  int64_t rounded, total;
  if (__builtin_add_overflow(bytes, kWorkspaceAlignment - 1, &rounded))
    return false;
  rounded -= rounded % kWorkspaceAlignment;
  if (__builtin_mul_overflow(slots, rounded, &total))
    return false;
  if (total > blockBytes) {
    block.reset(new (std::align_val_t(kWorkspaceAlignment), std::nothrow)
                    std::byte[total]);
    blockBytes = block ? total : 0;
    if (!block)
      return false;
  }
  bytesPerSlot = rounded;
  return true;
}

bool RunState::reservePartials(int64_t floats, int64_t cells) {
  if (floats > partialFloats) {
    partialBlock.reset(new (std::nothrow) float[floats]);
    partialFloats = partialBlock ? floats : 0;
    if (!partialBlock)
      return false;
  }
  if (cells <= static_cast<int64_t>(arrivals.size()))
    return true;
  try {
    arrivals.resize(cells);
  } catch (const std::bad_alloc &) {
    return false;
  }
  return true;
}

RunStatePool::~RunStatePool() {
  // One at a time: a long list must not unwind recursively.
  while (unused)
    unused = std::move(unused->next);
}

std::unique_ptr<RunState> RunStatePool::take() {
  {
    std::lock_guard<std::mutex> lock(mutex);
    if (unused) {
      std::unique_ptr<RunState> state = std::move(unused);
      unused = std::move(state->next);
      return state;
    }
  }
  return std::unique_ptr<RunState>(new (std::nothrow) RunState);
}

void RunStatePool::giveBack(std::unique_ptr<RunState> state) {
  std::lock_guard<std::mutex> lock(mutex);
  state->next = std::move(unused);
  unused = std::move(state);
}
