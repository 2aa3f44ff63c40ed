//===- Kernel.cpp - Running a compiled kernel -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the arguments of a run; checks them, hands the kernel's work items to
// an executor, and gives each piece its own copy of the ABI struct and its
// slot's workspace.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Kernel.h"

#include "ItemOrder.h"
#include "RunPlan.h"
#include "RunStatePool.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <mutex>
#include <new>

using namespace attnjit;

struct Kernel::Impl {
  KernelSignature signature;
  EntrySource source;
  std::shared_ptr<Executor> executor;
  /// Runs of a const Kernel take from it; thread-safe.
  mutable RunStatePool pool;

  Expected<const EntryPoint *> entryPoint(Entry entry) const;

private:
  friend class Kernel;
  struct Slot {
    std::mutex mutex; ///< held by the one thread that asks the source
    EntryPoint point;
    std::atomic<bool> ready = false;
  };
  mutable std::array<Slot, kEntryCount> slots;
};

Expected<const EntryPoint *> Kernel::Impl::entryPoint(Entry entry) const {
  Slot &slot = slots[static_cast<size_t>(entry)];
  if (!slot.ready.load(std::memory_order_acquire)) {
    std::lock_guard lock(slot.mutex);
    if (!slot.ready.load(std::memory_order_relaxed)) {
      Expected<EntryPoint> point = source(entry);
      if (!point)
        return fail(point.error());
      assert(point->function && point->blockRows >= 1 &&
             point->workspaceBytes >= 0 && "an incomplete entry point");
      slot.point = std::move(*point);
      slot.ready.store(true, std::memory_order_release);
    }
  }
  return &slot.point;
}

Kernel::Kernel(KernelSignature signature, EntrySource source,
               std::shared_ptr<Executor> executor) {
  assert(source && executor && "an incomplete kernel");
  auto made = std::make_shared<Impl>();
  made->signature = std::move(signature);
  made->source = std::move(source);
  made->executor = std::move(executor);
  impl = std::move(made);
}

const KernelSignature &Kernel::signature() const { return impl->signature; }

bool Kernel::isReady(Entry entry) const {
  return impl->slots[static_cast<size_t>(entry)].ready.load(
      std::memory_order_acquire);
}

Expected<void> Kernel::prepare(Entry entry) const {
  Expected<const EntryPoint *> point = impl->entryPoint(entry);
  if (!point)
    return fail(point.error());
  return {};
}

namespace {

/// One run in flight: calls the entry point for pieces of the work.
class RunInFlight {
public:
  RunInFlight(AttnJitKernelFn entry, const AttnJitKernelArgs &args,
              const RunState &state)
      : entry(entry), args(args), state(state) {}

  /// `begin` and `end` count in the order of the run.
  void runPiece(int64_t begin, int64_t end, int slot) {
    if (state.order.empty())
      return call(begin, end, slot);
    for (int64_t i = begin; i < end; ++i)
      call(state.order[i], state.order[i] + 1, slot);
  }

  Expected<void> result() const {
    if (status == 0)
      return {};
    return fail(
        ErrorKind::Internal,
        fmt::format("the kernel gave up with status {}", status.load()));
  }

private:
  void call(int64_t begin, int64_t end, int slot) {
    AttnJitKernelArgs piece = args;
    piece.workspace = state.workspace(slot);
    piece.work_begin = begin;
    piece.work_end = end;
    entry(&piece);
    if (piece.status != 0)
      status.store(piece.status, std::memory_order_relaxed);
  }

  const AttnJitKernelFn entry;
  const AttnJitKernelArgs &args;
  const RunState &state;
  std::atomic<int32_t> status = 0;
};

/// A RunState of a pool for the length of a scope.
class PooledRunState {
public:
  explicit PooledRunState(RunStatePool &pool)
      : pool(pool), state(pool.take()) {}
  ~PooledRunState() {
    if (state)
      pool.giveBack(std::move(state));
  }
  PooledRunState(const PooledRunState &) = delete;
  PooledRunState &operator=(const PooledRunState &) = delete;

  RunState *get() const { return state.get(); }

private:
  RunStatePool &pool;
  std::unique_ptr<RunState> state;
};

} // namespace

/// Refers to the memory of the run's partial results.
static void fillPartials(const RunPlan &plan, const EntryPoint &point,
                         RunState &state, AttnJitKernelArgs &out) {
  out.split_keys = plan.splitKeys;
  if (plan.partialRows == 0)
    return;
  out.split_arrivals = state.arrivalCounters();
  float *next = state.partials();
  auto take = [&](int64_t width) {
    AttnJitTensor tensor = {next, {plan.partialRows * width, width, 1, 0}};
    next += plan.items * plan.partialRows * width;
    return tensor;
  };
  out.partial_out = take(point.partialWidth);
  out.partial_m = take(1);
  out.partial_l = take(1);
}

/// Makes room in `state` for everything that a run needs.
static Expected<void> reserve(RunState &state, const RunPlan &plan,
                              const EntryPoint &point, int slots) {
  if (!state.reserveWorkspaces(std::max(slots, 1), point.workspaceBytes))
    return fail(ErrorKind::Environment,
                fmt::format("no memory for {} workspaces of {} bytes", slots,
                            point.workspaceBytes));
  // At most some hundred items are partial: this does not overflow.
  int64_t floats = plan.items * plan.partialRows * (point.partialWidth + 2);
  if (plan.partialRows && !state.reservePartials(floats, plan.cells))
    return fail(ErrorKind::Environment,
                fmt::format("no memory for partial results of {} bytes",
                            floats * sizeof(float)));
  return {};
}

/// Calls `function` for all work items.
static Expected<void> runAll(AttnJitKernelFn function,
                             const AttnJitKernelArgs &args, RunState &state,
                             Executor &executor, int slots, int64_t items) {
  RunInFlight run(function, args, state);
  Expected<void> done = runItems(executor, slots, items,
                                 [&run](int64_t begin, int64_t end, int slot) {
                                   run.runPiece(begin, end, slot);
                                 });
  return done ? run.result() : done;
}

/// Leaves in `state` an order of the items that keeps all threads busy to the
/// end, where items differ.
static Expected<void> orderItems(const RunPlan &plan, const EntryPoint &point,
                                 AttnJitKernelArgs &args, RunState &state,
                                 Executor &executor, int slots) {
  state.order.clear();
  if (!point.cost || slots == 1 || plan.items <= slots)
    return {};
  try {
    state.costs.resize(plan.items);
    state.order.reserve(plan.items);
  } catch (const std::bad_alloc &) {
    return fail(
        ErrorKind::Environment,
        fmt::format("no memory for the costs of {} work items", plan.items));
  }
  args.item_costs = state.costs.data();
  if (auto done = runAll(point.cost, args, state, executor, slots, plan.items);
      !done)
    return done;
  state.order.resize(plan.items);
  if (!orderByCost(state.costs, plan.itemsPerHead, state.order))
    state.order.clear();
  return {};
}

Expected<void> Kernel::run(const RunArgs &args) const {
  const KernelSignature &signature = impl->signature;
  Expected<RunSizes> sizes = checkRunArgs(signature, args);
  if (!sizes)
    return fail(sizes.error());
  const Entry entry = chooseEntry(signature, *sizes);
  Expected<const EntryPoint *> found = impl->entryPoint(entry);
  if (!found)
    return fail(found.error());
  const EntryPoint &point = **found;
  const RunPlan plan = planRun(entry, point, *sizes);
  if (plan.items == 0)
    return {};

  Executor &executor = args.executor ? *args.executor : *impl->executor;
  const int slots = executor.concurrency();
  PooledRunState pooled(impl->pool);
  RunState *state = pooled.get();
  if (!state)
    return fail(ErrorKind::Environment, "no memory for a run");
  if (auto reserved = reserve(*state, plan, point, slots); !reserved)
    return reserved;
  AttnJitKernelArgs kernelArgs;
  try {
    fillKernelArgs(signature, args, *sizes, kernelArgs, state->params,
                   state->buffers);
  } catch (const std::bad_alloc &) {
    return fail(ErrorKind::Environment, "no memory for captured values");
  }
  kernelArgs.workspace_bytes = point.workspaceBytes;
  fillPartials(plan, point, *state, kernelArgs);

  Expected<void> done =
      orderItems(plan, point, kernelArgs, *state, executor, slots);
  if (done)
    done =
        runAll(point.function, kernelArgs, *state, executor, slots, plan.items);
  if (!done)
    state->forgetArrivals();
  return done;
}
