//===- Kernel.cpp - Running a compiled kernel -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the arguments of a run; checks them, chooses the entry point, plans its
// work items, and gives them to the launcher of its code.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Kernel.h"

#include "RunPlan.h"

#include <atomic>
#include <cassert>
#include <mutex>

using namespace attnjit;

struct Kernel::Impl {
  KernelSignature signature;
  EntrySource source;
  std::shared_ptr<Executor> executor;

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
      assert(point->launcher && point->blockRows >= 1 &&
             "an incomplete entry point");
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
  return point.launcher->launch(
      {signature, point, args, *sizes, plan, executor});
}

namespace {
class RefusingLauncher final : public Launcher {
public:
  explicit RefusingLauncher(Error why) : why(std::move(why)) {}
  Expected<void> launch(const Launch &) const override { return fail(why); }

private:
  const Error why;
};
} // namespace

std::shared_ptr<const Launcher> attnjit::makeRefusingLauncher(Error why) {
  return std::make_shared<const RefusingLauncher>(std::move(why));
}
