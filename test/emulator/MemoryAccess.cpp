//===- MemoryAccess.cpp - Checking plain loads and stores -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Address spaces of NVPTX: 0 generic, 1 global, 3 shared, 4 constant, 5 local,
// 101 parameters. All are parts of the process's address space here, and a
// generic address is the same number as the one it came from.
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include <fmt/format.h>

namespace attnjit::emulator {

std::string Machine::checkGlobal(const Access &access, const void *address,
                                 size_t bytes) {
  std::string wrong =
      global.check(address, bytes, access.alignment, access.isWrite);
  if (!wrong.empty() || access.isAtomic)
    return wrong;
  const Block &block = *running->block;
  if (access.isRead)
    wrong = globalWrites.read(block.index, address, bytes);
  if (wrong.empty() && access.isWrite)
    globalWrites.write(block.index, running->index,
                       block.clocks.now(running->index), address, bytes);
  return wrong;
}

std::string Machine::checkShared(const Access &access, const void *address,
                                 size_t bytes) {
  SharedMemory &shared = running->block->shared;
  std::string wrong = shared.checkRange(address, bytes, access.alignment);
  if (wrong.empty() && access.isRead)
    wrong = shared.read(running->index, address, bytes, access.isAtomic);
  if (wrong.empty() && access.isWrite)
    wrong = shared.write(running->index, address, bytes, access.isAtomic);
  return wrong;
}

std::string Machine::checkParams(const Access &access, const void *address,
                                 size_t bytes) const {
  int64_t offset = static_cast<const std::byte *>(address) - paramBase;
  if (offset < 0 || offset + bytes > launch.params.size())
    return fmt::format("{} bytes at offset {} of the parameters, which have {}",
                       bytes, offset, launch.params.size());
  if (access.isWrite)
    return fmt::format("a write to offset {} of the parameters", offset);
  if (offset % access.alignment != 0)
    return fmt::format("offset {} of the parameters is no multiple of {}",
                       offset, access.alignment);
  return {};
}

std::string Machine::checkGeneric(const Access &access, const void *address,
                                  size_t bytes) {
  for (const auto &block : blocks) {
    if (!block->shared.isNear(address))
      continue;
    if (block.get() == running->block)
      return checkShared(access, address, bytes);
    return fmt::format("{} is shared memory of another block", address);
  }
  if (running->stack->contains(address, bytes))
    return {};
  auto *at = static_cast<const std::byte *>(address);
  if (at >= paramBase && at < paramBase + launch.params.size())
    return checkParams(access, address, bytes);
  return checkGlobal(access, address, bytes);
}

std::string Machine::checkAccess(const Site &site, const void *address,
                                 size_t bytes) {
  const Access &access = site.access;
  switch (access.addressSpace) {
  case 0:
    return checkGeneric(access, address, bytes);
  case 1:
  case 4:
    return checkGlobal(access, address, bytes);
  case 3:
    return checkShared(access, address, bytes);
  case 5:
    if (running->stack->contains(address, bytes))
      return {};
    return fmt::format("{} is not in the thread's local memory", address);
  case 101:
    return checkParams(access, address, bytes);
  default:
    return fmt::format("an access to address space {}", access.addressSpace);
  }
}

} // namespace attnjit::emulator
