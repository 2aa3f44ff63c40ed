//===- HostLauncher.cpp - Running work items on threads -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a planned run; hands its work items to an executor, and gives each
// piece its own copy of the ABI struct and its slot's workspace.
//
//===----------------------------------------------------------------------===//

#include "FiniteScores.h"
#include "ItemOrder.h"
#include "RunPlan.h"
#include "RunStatePool.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <new>
#include <span>

using namespace attnjit;

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

} // namespace

/// Makes room in `state` for everything that a run needs.
static Expected<void> reserve(RunState &state, const Launch &launch,
                              const HostCode &code, int slots) {
  if (!state.reserveWorkspaces(std::max(slots, 1), code.workspaceBytes))
    return fail(ErrorKind::Environment,
                fmt::format("no memory for {} workspaces of {} bytes", slots,
                            code.workspaceBytes));
  const int64_t floats = partialFloats(launch.plan, launch.point);
  if (launch.plan.partialRows &&
      !state.reservePartials(floats, launch.plan.cells))
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

/// Has the kernel estimate what each work item costs.
static Expected<void> findCosts(const RunPlan &plan, AttnJitKernelFn cost,
                                AttnJitKernelArgs &args, RunState &state,
                                Executor &executor, int slots,
                                std::vector<uint32_t> &costs) {
  try {
    costs.assign(plan.items, 1);
  } catch (const std::bad_alloc &) {
    return fail(
        ErrorKind::Environment,
        fmt::format("no memory for the costs of {} work items", plan.items));
  }
  state.order.clear();
  if (!cost)
    return {};
  args.item_costs = costs.data();
  return runAll(cost, args, state, executor, slots, plan.items);
}

/// Makes items of prefill smaller, and leaves in `state` an order of them,
/// where that keeps all threads busy to the end.
static Expected<void> balance(RunPlan &plan, const Launch &launch,
                              AttnJitKernelFn cost, AttnJitKernelArgs &args,
                              RunState &state, int slots) {
  state.order.clear();
  if (slots == 1 || plan.itemQueries == 0)
    return {};
  auto cut = [&](std::span<const uint32_t> costs) {
    const int64_t queries =
        fairItemQueries(plan, launch.signature.strip, slots, costs);
    if (queries == plan.itemQueries)
      return false;
    plan = planPrefill(launch.sizes, args.item_queries = queries);
    return true;
  };
  auto weigh = [&] {
    return findCosts(plan, cost, args, state, launch.executor, slots,
                     state.costs);
  };
  cut({});
  if (!cost)
    return {};
  if (auto done = weigh(); !done)
    return done;
  if (cut(state.costs))
    if (auto done = weigh(); !done)
      return done;
  try {
    state.order.resize(plan.items);
  } catch (const std::bad_alloc &) {
    return fail(
        ErrorKind::Environment,
        fmt::format("no memory for the order of {} work items", plan.items));
  }
  if (!orderByCost(state.costs, plan.itemsPerHead, state.order))
    state.order.clear();
  return {};
}

namespace {
class HostLauncher final : public Launcher {
public:
  explicit HostLauncher(HostCode code) : code(std::move(code)) {}
  Expected<void> launch(const Launch &launch) const override;

private:
  const HostCode code;
  /// Runs take from these; thread-safe.
  mutable RunStatePool pool;
  mutable SummaryCache summaries;
};
} // namespace

Expected<void> HostLauncher::launch(const Launch &launch) const {
  RunPlan plan = launch.plan;
  Executor &executor = launch.executor;
  const int slots = executor.concurrency();
  PooledRunState pooled(pool);
  RunState *state = pooled.get();
  if (!state)
    return fail(ErrorKind::Environment, "no memory for a run");
  if (auto reserved = reserve(*state, launch, code, slots); !reserved)
    return reserved;
  AttnJitKernelArgs kernelArgs;
  try {
    fillKernelArgs(launch.signature, launch.args, launch.sizes, kernelArgs,
                   state->params, state->buffers);
  } catch (const std::bad_alloc &) {
    return fail(ErrorKind::Environment, "no memory for captured values");
  }
  kernelArgs.workspace_bytes = code.workspaceBytes;
  kernelArgs.item_queries = plan.itemQueries;
  fillPartials(plan, launch.point, state->partials(), state->arrivalCounters(),
               kernelArgs);
  if (auto made =
          state->summaries.make(launch.signature, launch.args, launch.sizes,
                                state->buffers, executor, slots, summaries);
      !made)
    return made;
  const auto table = state->summaries.table();
  kernelArgs.summaries = table.empty() ? nullptr : table.data();
  // Decode reads K once, and so would this.
  if (launch.signature.asksForFiniteScores && plan.cells == 0) {
    Expected<bool> finite = areScoresFinite(launch.args, launch.sizes,
                                            kernelArgs.scale, executor, slots);
    if (!finite)
      return fail(finite.error());
    state->params.back() = *finite;
  }
  if (launch.args.costs)
    return findCosts(plan, code.cost, kernelArgs, *state, executor, slots,
                     *launch.args.costs);

  Expected<void> done =
      balance(plan, launch, code.cost, kernelArgs, *state, slots);
  if (done)
    done =
        runAll(code.function, kernelArgs, *state, executor, slots, plan.items);
  if (!done)
    state->forgetArrivals();
  return done;
}

std::shared_ptr<const Launcher> attnjit::makeHostLauncher(HostCode code) {
  assert(code.function && code.workspaceBytes >= 0 && "incomplete code");
  return std::make_shared<const HostLauncher>(std::move(code));
}
