//===- Machine.h - The state of a running grid ------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Threads, warps and blocks, and the scheduler that runs the threads of the
// resident blocks as fibers of one OS thread. Which thread comes next is drawn:
// mostly another lane of the same warp, now and then any.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_MACHINE_H
#define ATTNJIT_TEST_EMULATOR_MACHINE_H

#include "AsyncCopy.h"
#include "Barrier.h"
#include "Clocks.h"
#include "Emulator.h"
#include "Fiber.h"
#include "GlobalMemory.h"
#include "GlobalWrites.h"
#include "Instruction.h"
#include "Random.h"
#include "SharedMemory.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace attnjit::emulator {

struct Block;
class Machine;

enum class ThreadState : uint8_t { Ready, Waiting, Exited };

struct Thread {
  Block *block = nullptr;
  Warp *warp = nullptr;
  Stack *stack = nullptr;
  Context context;
  Dim3 position;
  uint32_t index = 0; ///< in the block
  uint32_t lane = 0;
  ThreadState state = ThreadState::Ready;
  const Site *waitingAt = nullptr;
  AsyncCopies copies;

  Machine &machine() const;
  /// Ends the run with `message`, to which block, thread and instruction are
  /// added; gives false.
  bool fail(const Site &site, std::string message);
};

/// Lanes that have arrived at a collective and wait for the others.
struct PendingCall {
  const Site *site = nullptr;
  uint32_t mask = 0;
  uint32_t arrived = 0;
  Operands operands[32]; ///< of those that have arrived
};

struct Warp {
  Block *block = nullptr;
  uint32_t index = 0;
  uint32_t live = 0;  ///< lanes that exist and have not exited
  uint32_t ready = 0; ///< lanes that can run and do not
  uint32_t slot = 0;  ///< among the ready warps, where `ready` is not 0
  uint32_t rotation = 0;
  Thread *threads[32] = {};
  /// No more than one for each lane that waits.
  PendingCall pending[32];
  uint32_t pendingCount = 0;

  /// As Thread::fail, on behalf of a lane.
  bool fail(const Site &site, unsigned lane, std::string message);
};

struct Block {
  Block(Machine &machine, uint32_t threadCount, size_t sharedBytes);

  Machine &machine;
  uint64_t index = 0; ///< in the grid
  Dim3 position;
  std::vector<Thread> threads;
  std::vector<Warp> warps;
  Clocks clocks;
  SharedMemory shared;
  Barrier barriers[16];
  uint32_t liveThreads = 0;
};

/// The compiled kernel, as far as running it needs to know.
struct KernelCode {
  void (*entry)(const std::byte *params) = nullptr;
  size_t paramBytes = 0;
  size_t staticSharedBytes = 0;
  bool flushesSubnormals = false;
  std::vector<MemoryRange> globals; ///< the module's own variables
};

/// Why a run ended early.
struct Failure {
  ErrorKind kind = ErrorKind::InvalidArgument;
  std::string where;          ///< block and thread; empty: the launch
  const Site *site = nullptr; ///< null: no instruction is to blame
  std::string message;
  /// Of a deadlock: who waits where.
  std::vector<std::pair<const Site *, std::string>> waiting;
};

class Machine {
public:
  Machine(const KernelCode &code, const Launch &launch, const Options &options);
  Machine(const Machine &) = delete;
  Machine &operator=(const Machine &) = delete;

  std::optional<Failure> run();

  /// The machine that runs on this OS thread.
  static Machine *active();

  // For compiled code.
  void call(const Site &site, const Operands &operands);
  void access(const Site &site, const void *address, size_t bytes);
  std::byte *sharedBase() const { return running->block->shared.data(); }

  // For handlers.
  bool fail(const Thread *thread, const Site *site, std::string message);
  /// Lets a waiting thread go on.
  void makeReady(Thread &thread) { makeReady(*thread.warp, 1u << thread.lane); }
  void makeReady(Warp &warp, uint32_t lanes);
  /// Goes on with the running thread, which was made ready meanwhile.
  void resume(Thread &thread) { takeReady(*thread.warp, thread.lane); }
  /// Leaves the processor until another thread calls makeReady.
  void wait(Thread &thread, const Site &site);
  /// A fence of the GPU's scope.
  void publish(Thread &thread) {
    globalWrites.publish(thread.block->index, thread.index,
                         thread.block->clocks);
  }
  /// Leaves the processor for any thread that is ready.
  void yield(Thread &thread);

  const KernelCode &code;
  const Launch &launch;
  const Options &options;
  Random random;
  GlobalMemory global;
  GlobalWrites globalWrites;

private:
  static void fiberMain();
  std::string checkLaunch() const;
  bool makeBlocks(uint64_t blockCount);
  void startBlock(Block &block, uint64_t index);
  bool callWarp(Thread &thread, const Site &site, const Operands &operands);
  bool runPending(Warp &warp, uint32_t index, uint32_t running);
  std::string checkAccess(const Site &site, const void *address, size_t bytes);
  std::string checkGlobal(const Access &access, const void *address,
                          size_t bytes);
  std::string checkShared(const Access &access, const void *address,
                          size_t bytes);
  std::string checkGeneric(const Access &access, const void *address,
                           size_t bytes);
  std::string checkParams(const Access &access, const void *address,
                          size_t bytes) const;
  Thread *pickThread();
  void takeReady(Warp &warp, unsigned lane);
  void switchFrom(Thread &thread);
  [[noreturn]] void abandon();
  [[noreturn]] void exitThread();
  bool letOthersGoOn(Thread &exited);
  void reportDeadlock();

  uint32_t threadsPerBlock;
  size_t sharedBytes;
  std::vector<std::byte> params;
  const std::byte *paramBase = nullptr;
  std::vector<std::unique_ptr<Block>> blocks;
  std::vector<Stack> stacks;
  std::vector<Warp *> readyWarps;
  Warp *lastWarp = nullptr;
  Context scheduler;
  Thread *running = nullptr;
  Block *finished = nullptr;
  std::optional<Failure> failure;
};

} // namespace attnjit::emulator

#endif // ATTNJIT_TEST_EMULATOR_MACHINE_H
