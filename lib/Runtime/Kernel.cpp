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

#include "RunStatePool.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <new>

using namespace attnjit;

struct Kernel::Impl {
  KernelSignature signature;
  AttnJitKernelFn entry;
  std::shared_ptr<const void> code;
  std::shared_ptr<Executor> executor;
  /// Runs of a const Kernel take from it; thread-safe.
  mutable RunStatePool pool;
};

Kernel::Kernel(KernelSignature signature, AttnJitKernelFn entry,
               std::shared_ptr<const void> code,
               std::shared_ptr<Executor> executor) {
  assert(signature.blockQ >= 1 && signature.workspaceBytes >= 0 && entry &&
         executor && "an incomplete kernel");
  auto made = std::make_shared<Impl>();
  made->signature = std::move(signature);
  made->entry = entry;
  made->code = std::move(code);
  made->executor = std::move(executor);
  impl = std::move(made);
}

const KernelSignature &Kernel::signature() const { return impl->signature; }

namespace {

/// One run in flight: calls the entry point for pieces of the work.
class RunInFlight {
public:
  RunInFlight(AttnJitKernelFn entry, const AttnJitKernelArgs &args,
              const RunState &state)
      : entry(entry), args(args), state(state) {}

  void runPiece(int64_t begin, int64_t end, int slot) {
    AttnJitKernelArgs piece = args;
    piece.workspace = state.workspace(slot);
    piece.work_begin = begin;
    piece.work_end = end;
    entry(&piece);
    if (piece.status != 0)
      status.store(piece.status, std::memory_order_relaxed);
  }

  Expected<void> result() const {
    if (status == 0)
      return {};
    return fail(
        ErrorKind::Internal,
        fmt::format("the kernel gave up with status {}", status.load()));
  }

private:
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

Expected<void> Kernel::run(const RunArgs &args) const {
  const KernelSignature &signature = impl->signature;
  Expected<RunSizes> sizes = checkRunArgs(signature, args);
  if (!sizes)
    return fail(sizes.error());
  const int64_t items = countWorkItems(signature, *sizes);
  if (items == 0)
    return {};

  Executor &executor = args.executor ? *args.executor : *impl->executor;
  const int slots = executor.concurrency();
  PooledRunState pooled(impl->pool);
  RunState *state = pooled.get();
  if (!state ||
      !state->reserveWorkspaces(std::max(slots, 1), signature.workspaceBytes))
    return fail(ErrorKind::Environment,
                fmt::format("no memory for {} workspaces of {} bytes", slots,
                            signature.workspaceBytes));
  AttnJitKernelArgs kernelArgs;
  try {
    fillKernelArgs(signature, args, *sizes, kernelArgs, state->params,
                   state->buffers);
  } catch (const std::bad_alloc &) {
    return fail(ErrorKind::Environment, "no memory for captured values");
  }
  kernelArgs.workspace_bytes = signature.workspaceBytes;

  RunInFlight run(impl->entry, kernelArgs, *state);
  Expected<void> done = runItems(executor, slots, items,
                                 [&run](int64_t begin, int64_t end, int slot) {
                                   run.runPiece(begin, end, slot);
                                 });
  return done ? run.result() : done;
}
