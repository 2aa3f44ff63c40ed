//===- Barrier.cpp - barrier.cta, bar.warp.sync and fences ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Barrier.h"

#include "InstructionTables.h"
#include "Machine.h"

#include <fmt/format.h>

#include <bit>

namespace attnjit::emulator {

using Reduction = Barrier::Reduction;

void Barrier::completeIfFull(Block &block) {
  if (arrived == 0 || arrived != (expected ? expected : block.liveThreads))
    return;
  // As new before anybody goes on.
  Barrier full = std::move(*this);
  *this = {};
  for (const Arrival &waiter : full.waiters) {
    block.clocks.acquire(waiter.thread->index, full.joined);
    switch (full.reduction) {
    case Reduction::None:
      break;
    case Reduction::Popc:
      std::memcpy(waiter.result, &full.trueCount, sizeof(uint32_t));
      break;
    case Reduction::And:
      *waiter.result = std::byte(full.trueCount == full.arrived);
      break;
    case Reduction::Or:
      *waiter.result = std::byte(full.trueCount != 0);
      break;
    }
    block.machine.makeReady(*waiter.thread);
  }
}

namespace {

/// How a thread comes to a barrier.
struct Manner {
  bool isAligned = false;
  bool hasCount = false;
  bool waits = true;
  Reduction reduction = Reduction::None;
};

/// What is wrong with an arrival; empty where nothing is.
std::string checkArrival(const Thread &thread, const Site &site,
                         const Barrier &barrier, Manner manner, uint32_t id,
                         uint32_t count) {
  if (manner.hasCount && (count == 0 || count % 32 != 0))
    return fmt::format("barrier {} for {} threads: no multiple of the warp "
                       "size",
                       id, count);
  if (count > thread.block->threads.size())
    return fmt::format("barrier {} for {} threads in a block of {}", id, count,
                       thread.block->threads.size());
  if (barrier.arrived == 0)
    return {};
  if (barrier.expected != count)
    return fmt::format("barrier {} for {} threads, while {} have arrived at it "
                       "for {} (0: all)",
                       id, count, barrier.arrived, barrier.expected);
  if (barrier.reduction != manner.reduction)
    return fmt::format("barrier {} with another reduction than that of the {} "
                       "threads that have arrived",
                       id, barrier.arrived);
  if (const Site *seen = barrier.warpSites.empty()
                             ? nullptr
                             : barrier.warpSites[thread.warp->index];
      manner.isAligned && seen && seen != &site)
    return fmt::format("divergent: a lane of the warp is at barrier {} in "
                       "another place",
                       id);
  return {};
}

bool arrive(Thread &thread, const Site &site, const Operands &operands,
            Manner manner) {
  Block &block = *thread.block;
  const uint32_t id = operands.get<uint32_t>(0);
  const uint32_t count = manner.hasCount ? operands.get<uint32_t>(4) : 0;
  if (id >= std::size(block.barriers))
    return thread.fail(site, fmt::format("barrier {}; a block has 16", id));
  Barrier &barrier = block.barriers[id];
  if (std::string wrong =
          checkArrival(thread, site, barrier, manner, id, count);
      !wrong.empty())
    return thread.fail(site, std::move(wrong));

  barrier.expected = count;
  barrier.reduction = manner.reduction;
  if (manner.reduction != Reduction::None)
    barrier.trueCount += operands.get<uint8_t>(manner.hasCount ? 8 : 4) & 1;
  barrier.warpSites.resize(block.warps.size());
  if (manner.isAligned)
    barrier.warpSites[thread.warp->index] = &site;
  block.clocks.release(thread.index, barrier.joined);
  ++barrier.arrived;
  if (!manner.waits) {
    barrier.completeIfFull(block);
    return true;
  }
  barrier.waiters.push_back({&thread, &site, operands.result});
  thread.state = ThreadState::Waiting;
  barrier.completeIfFull(block);
  // The last to arrive is one that waits, and has just been let go.
  if (thread.state == ThreadState::Ready)
    thread.machine().resume(thread);
  else
    thread.machine().wait(thread, site);
  return true;
}

template <bool kAligned, bool kCount, bool kWaits = true,
          Reduction kReduction = Reduction::None>
bool barrier(Thread &thread, const Site &site, const Operands &operands) {
  return arrive(thread, site, operands, {kAligned, kCount, kWaits, kReduction});
}

bool barWarpSync(WarpCall &call) {
  Clocks &clocks = call.warp.block->clocks;
  Clocks::Joined joined;
  for (uint32_t lanes = call.lanes; lanes; lanes &= lanes - 1)
    clocks.release(call.warp.threads[std::countr_zero(lanes)]->index, joined);
  for (uint32_t lanes = call.lanes; lanes; lanes &= lanes - 1)
    clocks.acquire(call.warp.threads[std::countr_zero(lanes)]->index, joined);
  return true;
}

/// What it orders is in order here anyway; threads may overtake this one. For
/// other blocks it is what lets them read.
template <bool kOfGpu>
bool fence(Thread &thread, const Site &, const Operands &) {
  Machine &machine = thread.machine();
  if (kOfGpu)
    machine.publish(thread);
  if (machine.random.oneIn(2))
    machine.yield(thread);
  return true;
}

constexpr Form kThread = Form::Thread;

const Instruction kInstructions[] = {
    {"bar.warp.sync", Form::WarpMasked, 0, nullptr, barWarpSync},
    {"barrier.cta.arrive.aligned.count", kThread, 0,
     barrier<true, true, false>},
    {"barrier.cta.arrive.count", kThread, 0, barrier<false, true, false>},
    {"barrier.cta.red.and.aligned.all", kThread, 0,
     barrier<true, false, true, Reduction::And>},
    {"barrier.cta.red.and.aligned.count", kThread, 0,
     barrier<true, true, true, Reduction::And>},
    {"barrier.cta.red.and.all", kThread, 0,
     barrier<false, false, true, Reduction::And>},
    {"barrier.cta.red.and.count", kThread, 0,
     barrier<false, true, true, Reduction::And>},
    {"barrier.cta.red.or.aligned.all", kThread, 0,
     barrier<true, false, true, Reduction::Or>},
    {"barrier.cta.red.or.aligned.count", kThread, 0,
     barrier<true, true, true, Reduction::Or>},
    {"barrier.cta.red.or.all", kThread, 0,
     barrier<false, false, true, Reduction::Or>},
    {"barrier.cta.red.or.count", kThread, 0,
     barrier<false, true, true, Reduction::Or>},
    {"barrier.cta.red.popc.aligned.all", kThread, 0,
     barrier<true, false, true, Reduction::Popc>},
    {"barrier.cta.red.popc.aligned.count", kThread, 0,
     barrier<true, true, true, Reduction::Popc>},
    {"barrier.cta.red.popc.all", kThread, 0,
     barrier<false, false, true, Reduction::Popc>},
    {"barrier.cta.red.popc.count", kThread, 0,
     barrier<false, true, true, Reduction::Popc>},
    {"barrier.cta.sync.aligned.all", kThread, 0, barrier<true, false>},
    {"barrier.cta.sync.aligned.count", kThread, 0, barrier<true, true>},
    {"barrier.cta.sync.all", kThread, 0, barrier<false, false>},
    {"barrier.cta.sync.count", kThread, 0, barrier<false, true>},
    {"membar.cta", kThread, 0, fence<false>},
    {"membar.gl", kThread, 0, fence<true>},
    {"membar.sys", kThread, 0, fence<true>},
};

} // namespace

std::span<const Instruction> barrierInstructions() { return kInstructions; }

} // namespace attnjit::emulator
