//===- Machine.cpp - Running the threads of a grid ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <map>
#include <numeric>

#include <xmmintrin.h>

namespace attnjit::emulator {

/// Enough for the frames of a kernel that keeps every value of an unrolled
/// tile on its stack; pages are mapped when touched.
static constexpr size_t kStackBytes = 512 * 1024;
static constexpr size_t kStackSkew = 5 * 64, kMaxSkew = 4096;
static constexpr uint32_t kMaxThreads = 1024;
static constexpr size_t kParamAlignment = 128;
/// How rarely the scheduler leaves a warp that could go on. Often enough for
/// warps to overtake each other within a tile; at 4 a run is 10 % slower.
static constexpr uint32_t kStaySwitches = 16;

static thread_local Machine *activeMachine = nullptr;

Machine *Machine::active() { return activeMachine; }

Machine &Thread::machine() const { return block->machine; }

bool Thread::fail(const Site &site, std::string message) {
  return machine().fail(this, &site, std::move(message));
}

bool Warp::fail(const Site &site, unsigned lane, std::string message) {
  return threads[lane]->fail(site, std::move(message));
}

Block::Block(Machine &machine, uint32_t threadCount, size_t sharedBytes)
    : machine(machine), threads(threadCount), warps((threadCount + 31) / 32),
      clocks(threadCount), shared(sharedBytes, threadCount, clocks) {
  const Dim3 size = machine.launch.block;
  for (uint32_t i = 0; i < threadCount; ++i) {
    Thread &thread = threads[i];
    Warp &warp = warps[i / 32];
    thread.block = warp.block = this;
    thread.warp = &warp;
    thread.index = i;
    thread.lane = i % 32;
    thread.position = {i % size.x, i / size.x % size.y, i / size.x / size.y};
    warp.index = i / 32;
    warp.threads[i % 32] = &thread;
  }
}

Machine::Machine(const KernelCode &code, const Launch &launch,
                 const Options &options)
    : code(code), launch(launch), options(options), random(options.seed),
      global(options.memory, code.globals),
      threadsPerBlock(launch.block.x * launch.block.y * launch.block.z),
      sharedBytes(code.staticSharedBytes + launch.dynamicSharedBytes) {}

//===--- starting blocks --------------------------------------------------===//

std::string Machine::checkLaunch() const {
  const Dim3 &block = launch.block;
  const uint64_t threads = uint64_t(block.x) * block.y * block.z;
  if (threads == 0 || threads > kMaxThreads)
    return fmt::format("a block of {} x {} x {} threads; it has 1 to {}",
                       block.x, block.y, block.z, kMaxThreads);
  if (launch.grid.y > 65535 || launch.grid.z > 65535)
    return fmt::format("a grid of {} x {} x {} blocks; y and z are at most "
                       "65535",
                       launch.grid.x, launch.grid.y, launch.grid.z);
  if (sharedBytes > options.sharedLimitBytes)
    return fmt::format("{} bytes of shared memory, {} of them static; a block "
                       "has at most {}",
                       sharedBytes, code.staticSharedBytes,
                       options.sharedLimitBytes);
  if (launch.params.size() < code.paramBytes)
    return fmt::format("{} bytes of parameters; the kernel takes {}",
                       launch.params.size(), code.paramBytes);
  return {};
}

bool Machine::makeBlocks(uint64_t blockCount) {
  params.resize(launch.params.size() + kParamAlignment);
  auto first = reinterpret_cast<uintptr_t>(params.data());
  size_t skip = -first % kParamAlignment;
  std::copy(launch.params.begin(), launch.params.end(), params.begin() + skip);
  paramBase = params.data() + skip;

  const uint64_t resident =
      std::clamp<uint64_t>(options.residentBlocks, 1, blockCount);
  stacks.reserve(resident * threadsPerBlock);
  for (uint64_t i = 0; i < resident; ++i) {
    blocks.push_back(
        std::make_unique<Block>(*this, threadsPerBlock, sharedBytes));
    if (!blocks.back()->shared.isValid())
      return false;
    for (Thread &thread : blocks.back()->threads) {
      stacks.emplace_back(kStackBytes);
      if (!stacks.back().isValid())
        return false;
      thread.stack = &stacks.back();
    }
  }
  return true;
}

void Machine::startBlock(Block &block, uint64_t index) {
  const Dim3 &grid = launch.grid;
  block.index = index;
  block.position = {static_cast<uint32_t>(index % grid.x),
                    static_cast<uint32_t>(index / grid.x % grid.y),
                    static_cast<uint32_t>(index / grid.x / grid.y)};
  block.clocks.reset();
  block.shared.reset();
  for (Barrier &barrier : block.barriers)
    barrier = {};
  block.liveThreads = threadsPerBlock;
  for (Warp &warp : block.warps) {
    warp.pendingCount = 0;
    warp.live = warp.ready = 0;
  }
  for (Thread &thread : block.threads) {
    thread.copies.clear();
    thread.warp->live |= 1u << thread.lane;
    // Stacks that began at the same offset of a page would share the lines of
    // a few cache sets: a third of the run time.
    const size_t skip = thread.index * kStackSkew % kMaxSkew;
    thread.context = Context(*thread.stack, skip, &Machine::fiberMain);
    makeReady(thread);
  }
}

void Machine::fiberMain() {
  Context::started();
  Machine &machine = *activeMachine;
  machine.code.entry(machine.paramBase);
  machine.exitThread();
}

static Failure launchFailure(ErrorKind kind, std::string message) {
  Failure failure;
  failure.kind = kind;
  failure.message = std::move(message);
  return failure;
}

std::optional<Failure> Machine::run() {
  if (std::string wrong = checkLaunch(); !wrong.empty())
    return launchFailure(ErrorKind::InvalidArgument, "a launch of " + wrong);
  const uint64_t blockCount =
      uint64_t(launch.grid.x) * launch.grid.y * launch.grid.z;
  if (blockCount == 0)
    return {};
  if (!makeBlocks(blockCount))
    return launchFailure(ErrorKind::Environment,
                         "no memory for the stacks and shared memory of "
                         "the resident blocks");

  std::vector<uint64_t> order(blockCount);
  std::iota(order.begin(), order.end(), 0);
  for (uint64_t i = blockCount; i > 1; --i)
    std::swap(order[i - 1], order[random.next() % i]);

  uint64_t started = 0, done = 0;
  for (auto &block : blocks)
    startBlock(*block, order[started++]);
  Machine *const outer = std::exchange(activeMachine, this);
  const unsigned mode = _mm_getcsr();
  // Flush to zero and denormals are zero: bits 15 and 6.
  _mm_setcsr(code.flushesSubnormals ? mode | 0x8040 : mode & ~0x8040);
  while (done < blockCount && !failure) {
    running = pickThread();
    if (!running) {
      reportDeadlock();
      break;
    }
    finished = nullptr;
    Context::change(scheduler, running->context);
    if (!finished)
      continue;
    ++done;
    if (started < blockCount)
      startBlock(*finished, order[started++]);
  }
  _mm_setcsr(mode);
  activeMachine = outer;
  return std::move(failure);
}

//===--- switching --------------------------------------------------------===//

void Machine::makeReady(Warp &warp, uint32_t lanes) {
  if (lanes == 0)
    return;
  if (warp.ready == 0) {
    warp.slot = readyWarps.size();
    readyWarps.push_back(&warp);
  }
  warp.ready |= lanes;
  for (; lanes; lanes &= lanes - 1)
    warp.threads[std::countr_zero(lanes)]->state = ThreadState::Ready;
}

/// The lane is ready no longer.
void Machine::takeReady(Warp &warp, unsigned lane) {
  warp.ready &= ~(1u << lane);
  if (warp.ready != 0)
    return;
  readyWarps[warp.slot] = readyWarps.back();
  readyWarps[warp.slot]->slot = warp.slot;
  readyWarps.pop_back();
}

/// A thread that is ready, no longer counted as such; null: there is none.
Thread *Machine::pickThread() {
  if (readyWarps.empty())
    return nullptr;
  if (!lastWarp || lastWarp->ready == 0 || random.oneIn(kStaySwitches)) {
    lastWarp = readyWarps[random.below(readyWarps.size())];
    lastWarp->rotation = random.below(32);
  }
  Warp &warp = *lastWarp;
  unsigned lane =
      (std::countr_zero(std::rotr(warp.ready, warp.rotation)) + warp.rotation) %
      32;
  takeReady(warp, lane);
  return warp.threads[lane];
}

void Machine::switchFrom(Thread &thread) {
  Thread *next = pickThread();
  if (next == &thread)
    return;
  running = next;
  Context::change(thread.context, next ? next->context : scheduler);
}

void Machine::wait(Thread &thread, const Site &site) {
  thread.state = ThreadState::Waiting;
  thread.waitingAt = &site;
  switchFrom(thread);
}

void Machine::yield(Thread &thread) {
  makeReady(thread);
  switchFrom(thread);
}

void Machine::abandon() {
  Context::change(running->context, scheduler);
  __builtin_unreachable();
}

void Machine::exitThread() {
  Thread &thread = *running;
  thread.state = ThreadState::Exited;
  thread.warp->live &= ~(1u << thread.lane);
  if (!letOthersGoOn(thread))
    abandon();
  if (--thread.block->liveThreads == 0) {
    finished = thread.block;
    abandon();
  }
  for (Barrier &barrier : thread.block->barriers)
    barrier.completeIfFull(*thread.block);
  running = pickThread();
  Context::change(thread.context, running ? running->context : scheduler);
  __builtin_unreachable();
}

//===--- collectives of a warp --------------------------------------------===//

/// Runs a collective that everybody has arrived at. The lanes of `running` need
/// not be made ready.
bool Machine::runPending(Warp &warp, uint32_t index, uint32_t running) {
  const PendingCall &pending = warp.pending[index];
  WarpCall call{warp, *pending.site, pending.arrived, pending.operands};
  if (!pending.site->instruction->warp(call))
    return false;
  makeReady(warp, pending.arrived & ~running);
  if (index != --warp.pendingCount)
    warp.pending[index] = warp.pending[warp.pendingCount];
  return true;
}

static std::string laneList(uint32_t lanes) {
  if (std::has_single_bit(lanes))
    return fmt::format("lane {}", std::countr_zero(lanes));
  return fmt::format("lanes {:#010x}", lanes);
}

static std::string whereabouts(const Thread &thread) {
  const Dim3 &block = thread.block->position;
  return fmt::format("block ({}, {}, {}), thread {} (warp {}, lane {})",
                     block.x, block.y, block.z, thread.index,
                     thread.warp->index, thread.lane);
}

static Failure divergence(const Thread &thread, const Site &site, uint32_t mask,
                          const PendingCall &other) {
  return {.where = whereabouts(thread),
          .site = &site,
          .message =
              fmt::format("divergent: the lane's mask is {:#010x}, and "
                          "{} of its warp wait for it with mask {:#010x}",
                          mask, laneList(other.arrived & mask), other.mask),
          .waiting = {{other.site, laneList(other.arrived)}}};
}

bool Machine::callWarp(Thread &thread, const Site &site,
                       const Operands &operands) {
  Warp &warp = *thread.warp;
  const Instruction &instruction = *site.instruction;
  const bool isAligned = instruction.form == Form::WarpAligned;
  const uint32_t self = 1u << thread.lane;
  const uint32_t mask =
      isAligned ? ~0u : operands.get<uint32_t>(instruction.maskOffset);
  if (!(mask & self))
    return thread.fail(site, fmt::format("the mask {:#010x} does not name the "
                                         "lane itself, {}",
                                         mask, thread.lane));

  if (isAligned && warp.live != mask)
    return thread.fail(site, fmt::format("an instruction of the whole warp; of "
                                         "this one there are only {}",
                                         laneList(warp.live)));

  uint32_t index = 0;
  for (; index < warp.pendingCount; ++index) {
    const PendingCall &other = warp.pending[index];
    const bool isSame = isAligned ? other.site == &site
                                  : other.site->instruction == &instruction &&
                                        other.mask == mask;
    if (isSame && !(other.arrived & self))
      break;
    // Each waits for the other: neither can ever go on.
    if ((other.mask & self) && (other.arrived & mask)) {
      failure = divergence(thread, site, mask, other);
      return false;
    }
  }
  PendingCall &pending = warp.pending[index];
  if (index == warp.pendingCount) {
    ++warp.pendingCount;
    pending.site = &site;
    pending.mask = mask;
    pending.arrived = 0;
  }
  pending.arrived |= self;
  pending.operands[thread.lane] = operands;
  if (pending.arrived == (mask & warp.live))
    return runPending(warp, index, self);
  wait(thread, site);
  return true;
}

/// What an exited thread no longer holds up.
bool Machine::letOthersGoOn(Thread &exited) {
  Warp &warp = *exited.warp;
  for (uint32_t i = 0; i < warp.pendingCount;) {
    PendingCall &pending = warp.pending[i];
    if (pending.site->instruction->form == Form::WarpAligned)
      return exited.fail(*pending.site,
                         fmt::format("the thread has exited, while {} of its "
                                     "warp wait at an instruction of the "
                                     "whole warp",
                                     laneList(pending.arrived)));
    if (pending.arrived == (pending.mask & warp.live)) {
      if (!runPending(warp, i, 0))
        return false;
    } else {
      ++i;
    }
  }
  return true;
}

//===--- failing ----------------------------------------------------------===//

bool Machine::fail(const Thread *thread, const Site *site,
                   std::string message) {
  if (!failure) {
    failure.emplace();
    failure->where = thread ? whereabouts(*thread) : "";
    failure->site = site;
    failure->message = std::move(message);
  }
  return false;
}

void Machine::reportDeadlock() {
  struct Group {
    uint32_t count = 0;
    const Thread *first = nullptr;
  };
  std::map<const Site *, Group> groups;
  uint32_t waiting = 0;
  for (const auto &block : blocks)
    for (const Thread &thread : block->threads)
      if (thread.state == ThreadState::Waiting) {
        Group &group = groups[thread.waitingAt];
        if (!group.first)
          group.first = &thread;
        ++group.count;
        ++waiting;
      }
  failure.emplace();
  failure->message = fmt::format("a deadlock: all of {} threads wait", waiting);
  for (const auto &[site, group] : groups)
    failure->waiting.emplace_back(site, fmt::format("{} thread{}, first {}",
                                                    group.count,
                                                    group.count == 1 ? "" : "s",
                                                    whereabouts(*group.first)));
}

//===--- what compiled code calls -----------------------------------------===//

void Machine::call(const Site &site, const Operands &operands) {
  const bool isFine = site.instruction->form == Form::Thread
                          ? site.instruction->thread(*running, site, operands)
                          : callWarp(*running, site, operands);
  if (!isFine)
    abandon();
}

void Machine::access(const Site &site, const void *address, size_t bytes) {
  bool isFine = true;
  if (site.access.isFence)
    ;
  else if (std::string wrong = checkAccess(site, address, bytes);
           !wrong.empty())
    isFine = fail(running, &site, std::move(wrong));
  if (!isFine)
    abandon();
  if (site.access.isRelease)
    publish(*running);
  // Where other threads could see that it was not yet, or already, done.
  if ((site.access.isAtomic || site.access.isFence) && random.oneIn(2))
    yield(*running);
}

} // namespace attnjit::emulator
