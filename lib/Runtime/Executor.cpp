//===- Executor.cpp - Who runs a kernel's work items ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Executor.h"

#include <fmt/format.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/partitioner.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <atomic>

using namespace attnjit;

using PieceBody = std::function<void(int64_t begin, int64_t end, int slot)>;

namespace {

class SerialExecutor final : public Executor {
public:
  int concurrency() const override { return 1; }

  void parallelFor(int64_t count, const PieceBody &body) override {
    if (count > 0)
      body(0, count, 0);
  }
};

/// Items of one parallelFor, handed out in order, a few at a time: items of
/// uneven cost (causal rows) balance, and neighbours share K and V in cache.
class ItemQueue {
public:
  ItemQueue(int64_t count, int drains, const PieceBody &body)
      : count(count),
        grain(std::max<int64_t>(1, count / (drains * kPiecesPerDrain))),
        body(body) {}

  /// Runs pieces until none is left.
  void drain(int slot) {
    while (true) {
      int64_t begin = next.fetch_add(grain, std::memory_order_relaxed);
      if (begin >= count)
        return;
      body(begin, std::min(count - begin, grain) + begin, slot);
    }
  }

private:
  /// Enough that the last piece of a thread is about 1 % of its work.
  static constexpr int64_t kPiecesPerDrain = 64;

  const int64_t count;
  const int64_t grain;
  const PieceBody &body;
  std::atomic<int64_t> next = 0;
};

class ThreadedExecutor final : public Executor {
public:
  explicit ThreadedExecutor(int threads) : threads(threads), arena(threads) {}

  int concurrency() const override { return threads; }

  void parallelFor(int64_t count, const PieceBody &body) override {
    int drains = static_cast<int>(std::min<int64_t>(count, threads));
    if (drains < 1)
      return;
    ItemQueue queue(count, drains, body);
    // One task per slot. A task that starts late finds the queue empty, so
    // fewer threads than asked for cost speed only. That also is what remains
    // where oneTBB fails (no memory for a task, no thread): it has waited for
    // the tasks that run, and what they left is done here.
    if (drains > 1) {
      try {
        arena.execute([&] {
          tbb::parallel_for(
              0, drains, [&](int slot) { queue.drain(slot); },
              tbb::simple_partitioner());
        });
      } catch (...) {
      }
    }
    queue.drain(0);
  }

private:
  const int threads;
  tbb::task_arena arena;
};

/// Stands between an executor and a body that trusts its arguments.
class ContractCheck {
public:
  ContractCheck(int64_t count, int slots, const PieceBody &body)
      : count(count), slots(slots), body(body) {}

  void runPiece(int64_t begin, int64_t end, int slot) {
    if (begin < 0 || begin > end || end > count || slot < 0 || slot >= slots) {
      broken.store(true, std::memory_order_relaxed);
      return;
    }
    body(begin, end, slot);
    done.fetch_add(end - begin, std::memory_order_relaxed);
  }

  Expected<void> result() const {
    if (!broken && done == count)
      return {};
    return fail(ErrorKind::Internal,
                fmt::format("the executor ran {} of {} work items{}",
                            done.load(), count,
                            broken ? ", and named items or slots that do not "
                                     "exist"
                                   : ""));
  }

private:
  const int64_t count;
  const int slots;
  const PieceBody &body;
  std::atomic<int64_t> done = 0;
  std::atomic<bool> broken = false;
};

} // namespace

Expected<void> attnjit::runItems(Executor &executor, int slots, int64_t count,
                                 const PieceBody &body) {
  if (slots < 1)
    return fail(ErrorKind::InvalidArgument,
                fmt::format("`executor` has concurrency {}; it should be at "
                            "least 1",
                            slots));
  ContractCheck check(count, slots, body);
  try {
    // One captured reference: std::function holds it without allocating.
    executor.parallelFor(count, [&check](int64_t begin, int64_t end, int slot) {
      check.runPiece(begin, end, slot);
    });
  } catch (...) {
    return fail(ErrorKind::Internal, "the executor threw an exception");
  }
  return check.result();
}

std::shared_ptr<Executor> attnjit::makeSerialExecutor() {
  return std::make_shared<SerialExecutor>();
}

std::shared_ptr<Executor> attnjit::makeThreadedExecutor(int threads) {
  int available = static_cast<int>(
      std::clamp<size_t>(tbb::global_control::active_value(
                             tbb::global_control::max_allowed_parallelism),
                         1, 1 << 16));
  if (threads <= 0 || threads > available)
    threads = available;
  return std::make_shared<ThreadedExecutor>(threads);
}
