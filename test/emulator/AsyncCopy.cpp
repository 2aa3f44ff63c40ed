//===- AsyncCopy.cpp - cp.async and its groups ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A copy may happen at any time between its issue and the wait that its group
// is complete at. It lands here at that wait, the last moment; its source is
// read at one of the two, by seed. Meanwhile nobody may touch the target.
//
//===----------------------------------------------------------------------===//

#include "AsyncCopy.h"

#include "InstructionTables.h"
#include "Machine.h"

#include <fmt/format.h>

namespace attnjit::emulator {

void AsyncCopy::fetch() {
  if (!source)
    return;
  std::fill(data.begin(), data.end(), std::byte(0));
  std::copy_n(source, sourceBytes, data.begin());
  source = nullptr;
}

namespace {

struct CopyOperands {
  std::byte *target;
  const std::byte *source;
};

bool issue(Thread &thread, const Site &site, CopyOperands operands,
           uint32_t bytes, uint32_t sourceBytes) {
  SharedMemory &shared = thread.block->shared;
  if (sourceBytes > bytes)
    return thread.fail(
        site, fmt::format("a copy of {} bytes from {}", bytes, sourceBytes));
  std::string wrong = shared.checkRange(operands.target, bytes, bytes);
  // Of no bytes, the address is still one that must be aligned, but nothing
  // need be there.
  if (wrong.empty() && sourceBytes != 0)
    wrong = thread.machine().global.check(operands.source, sourceBytes, bytes,
                                          false);
  else if (wrong.empty() &&
           reinterpret_cast<uintptr_t>(operands.source) % bytes != 0)
    wrong = fmt::format("global address {} is no multiple of {}",
                        static_cast<const void *>(operands.source), bytes);
  if (wrong.empty())
    wrong = shared.beginCopy(thread.index, operands.target, bytes);
  if (!wrong.empty())
    return thread.fail(site, std::move(wrong));

  AsyncCopy &copy = thread.copies.open.emplace_back();
  copy.target = operands.target;
  copy.source = operands.source;
  copy.bytes = bytes;
  copy.sourceBytes = sourceBytes;
  if (thread.machine().random.oneIn(2))
    copy.fetch();
  return true;
}

template <uint32_t kBytes>
bool copyAll(Thread &thread, const Site &site, const Operands &operands) {
  return issue(thread, site, operands.get<CopyOperands>(), kBytes, kBytes);
}

/// With a source size; the rest of the target becomes zero.
template <uint32_t kBytes>
bool copySome(Thread &thread, const Site &site, const Operands &operands) {
  return issue(thread, site, operands.get<CopyOperands>(), kBytes,
               operands.get<uint32_t>(sizeof(CopyOperands)));
}

/// A group, even of no copy at all.
bool commitGroup(Thread &thread, const Site &, const Operands &) {
  AsyncCopies &copies = thread.copies;
  copies.groups.push_back(std::move(copies.open));
  copies.open.clear();
  return true;
}

void land(Thread &thread, std::vector<AsyncCopy> &group) {
  for (AsyncCopy &copy : group) {
    copy.fetch();
    std::copy_n(copy.data.begin(), copy.bytes, copy.target);
    thread.block->shared.endCopy(thread.index, copy.target, copy.bytes);
  }
}

bool waitGroups(Thread &thread, size_t pending) {
  auto &groups = thread.copies.groups;
  while (groups.size() > pending) {
    land(thread, groups.front());
    groups.pop_front();
  }
  return true;
}

bool waitGroup(Thread &thread, const Site &, const Operands &operands) {
  return waitGroups(thread, operands.get<uint32_t>());
}

/// Those of no group too.
bool waitAll(Thread &thread, const Site &site, const Operands &operands) {
  commitGroup(thread, site, operands);
  return waitGroups(thread, 0);
}

constexpr Form kThread = Form::Thread;

const Instruction kInstructions[] = {
    {"cp.async.ca.shared.global.16", kThread, 0, copyAll<16>},
    {"cp.async.ca.shared.global.16.s", kThread, 0, copySome<16>},
    {"cp.async.ca.shared.global.4", kThread, 0, copyAll<4>},
    {"cp.async.ca.shared.global.4.s", kThread, 0, copySome<4>},
    {"cp.async.ca.shared.global.8", kThread, 0, copyAll<8>},
    {"cp.async.ca.shared.global.8.s", kThread, 0, copySome<8>},
    {"cp.async.cg.shared.global.16", kThread, 0, copyAll<16>},
    {"cp.async.cg.shared.global.16.s", kThread, 0, copySome<16>},
    {"cp.async.commit.group", kThread, 0, commitGroup},
    {"cp.async.wait.all", kThread, 0, waitAll},
    {"cp.async.wait.group", kThread, 0, waitGroup},
};

} // namespace

std::span<const Instruction> asyncCopyInstructions() { return kInstructions; }

} // namespace attnjit::emulator
