//===- CudaLauncher.cpp - Running an entry point on a GPU -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Cuda/CudaLauncher.h"

#include "../RunPlan.h"
#include "../RunStatePool.h"
#include "../RunTensors.h"
#include "ParameterBlock.h"
#include "StreamScratch.h"
#include "SummaryLaunch.h"

#include "attnjit/Runtime/Cuda/Memory.h"
#include "attnjit/Runtime/Cuda/Module.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

using namespace attnjit;
using namespace attnjit::cuda;

namespace {

/// What a grid's first axis can have, on every device.
constexpr int64_t kMaxBlocks = std::numeric_limits<int32_t>::max();

/// Functions of a loaded module.
struct Functions {
  FunctionHandle entry = nullptr;
  FunctionHandle summarize = nullptr; ///< null: the code has no use for it
};

class LoadedLauncher final : public CudaLauncher {
public:
  LoadedLauncher(Context::Ptr context, Module module, Functions functions,
                 CudaEntry entry, int64_t resident)
      : context(context), entry(std::move(entry)), resident(resident),
        scratch(context), module(std::move(module)), functions(functions) {}

  Expected<void> launch(const Launch &launch) const override;
  int64_t residentBlocks() const override { return resident; }

private:
  /// Those that follow: with the context current.
  Expected<void> start(AttnJitKernelArgs &args, RunState &state,
                       const Launch &launch) const;
  Expected<void> summarize(RunSummaries &summaries, int32_t *entries,
                           StreamHandle stream) const;
  Expected<void> start(FunctionHandle function, std::string_view symbol,
                       int64_t blocks, int threads, int64_t sharedBytes,
                       StreamHandle stream, void *parameter) const;

  const Context::Ptr context;
  const CudaEntry entry;
  const int64_t resident;
  /// Runs take from both; thread-safe. Freed after the module, which first
  /// waits for the work that uses them.
  mutable RunStatePool pool;
  mutable StreamScratch scratch;
  const Module module;
  const Functions functions;
};

} // namespace

static Expected<void> checkTensors(const Context &context,
                                   const RunArgs &args) {
  return forEachTensor(
      args, [&](std::string_view name, const Tensor &tensor) -> Expected<void> {
        if (tensor.elements() == 0)
          return {};
        return checkOnDevice(context, name, tensor.data);
      });
}

Expected<void> LoadedLauncher::start(FunctionHandle function,
                                     std::string_view symbol, int64_t blocks,
                                     int threads, int64_t sharedBytes,
                                     StreamHandle stream,
                                     void *parameter) const {
  void *parameters[] = {parameter};
  const Status status = context->api().launchKernel(
      function, static_cast<unsigned>(blocks), 1, 1,
      static_cast<unsigned>(threads), 1, 1, static_cast<unsigned>(sharedBytes),
      stream, parameters, nullptr);
  if (status == kSuccess)
    return {};
  return fail(context->driver().toError(
      status, fmt::format("cannot launch `{}` on {}", symbol,
                          context->device().describe())));
}

/// Starts the kernels that write the summaries, and puts those into the table.
Expected<void> LoadedLauncher::summarize(RunSummaries &summaries,
                                         int32_t *entries,
                                         StreamHandle stream) const {
  for (const WantedSummary &wanted : summaries.wanted()) {
    std::array<SummaryLaunch, 2> parts = planSummary(wanted.source, entries);
    if (parts[0].blocks > kMaxBlocks)
      continue; // the row of the table stays empty
    for (SummaryLaunch &part : parts)
      if (part.blocks > 0)
        if (auto ok = start(functions.summarize, ATTNJIT_SUMMARIZE_SYMBOL,
                            part.blocks, ATTNJIT_SUMMARIZE_THREADS, 0, stream,
                            &part.args);
            !ok)
          return ok;
    summaries.enter(wanted, entries);
    entries += wanted.source.entries();
  }
  return {};
}

Expected<void> LoadedLauncher::start(AttnJitKernelArgs &args, RunState &state,
                                     const Launch &launch) const {
  auto *stream = static_cast<StreamHandle>(launch.args.stream);
  const RunPlan &plan = launch.plan;
  const int64_t floats = partialFloats(plan, launch.point);
  int64_t words = floats;
  for (const WantedSummary &wanted : state.summaries.wanted())
    words += wanted.source.entries();
  float *partials = nullptr;
  uint32_t *arrivals = nullptr;
  if (words) {
    auto block =
        scratch.reserve(stream, words, plan.partialRows ? plan.cells : 0);
    if (!block)
      return fail(block.error());
    partials = static_cast<float *>((*block)->words.pointer());
    arrivals = static_cast<uint32_t *>((*block)->arrivals.pointer());
  }
  fillPartials(plan, launch.point, partials, arrivals, args);
  if (auto ok =
          summarize(state.summaries,
                    reinterpret_cast<int32_t *>(partials + floats), stream);
      !ok)
    return ok;
  args.work_end = plan.items;
  ParameterBlock block(args, state.buffers, state.params,
                       state.summaries.table());
  return start(functions.entry, entry.symbol, plan.items, entry.threads,
               entry.sharedBytes, stream, block.data());
}

Expected<void> LoadedLauncher::launch(const Launch &launch) const {
  if (launch.plan.items > kMaxBlocks)
    return fail(ErrorKind::Unsupported,
                fmt::format("the run has {} work items; a GPU takes at most {} "
                            "at once",
                            launch.plan.items, kMaxBlocks));
  Expected<CurrentContext> current = CurrentContext::push(*context);
  if (!current)
    return fail(current.error());
  if (auto ok = checkTensors(*context, launch.args); !ok)
    return ok;
  PooledRunState pooled(pool);
  RunState *state = pooled.get();
  if (!state)
    return fail(ErrorKind::Environment, "no memory for a run");
  AttnJitKernelArgs args;
  try {
    fillKernelArgs(launch.signature, launch.args, launch.sizes, args,
                   state->params, state->buffers);
    state->summaries.find(launch.signature, launch.args, launch.sizes,
                          state->buffers);
  } catch (const std::bad_alloc &) {
    return fail(ErrorKind::Environment, "no memory for captured values");
  }
  return start(args, *state, launch);
}

//===----------------------------------------------------------------------===//
// Loading
//===----------------------------------------------------------------------===//

/// That the code takes as many bytes as runs give it, where the driver can
/// tell (CUDA 12.4).
static Expected<void> checkParameter(const Context &context,
                                     FunctionHandle function,
                                     const CudaEntry &entry) {
  const auto ask = context.api().funcGetParamInfo;
  size_t offset = 0, bytes = 0;
  if (!ask || ask(function, 0, &offset, &bytes) != kSuccess)
    return {};
  const size_t given = ParameterBlock::bytesFor(
      entry.bufferSlots, entry.paramSlots, entry.summaryRows);
  if (bytes == given)
    return {};
  return fail(ErrorKind::Internal,
              fmt::format("`{}` has a parameter of {} bytes; the runtime gives "
                          "it {}",
                          entry.symbol, bytes, given));
}

Expected<std::shared_ptr<const CudaLauncher>>
CudaLauncher::create(Context::Ptr context, const std::string &image,
                     CudaEntry entry) {
  Expected<Module> module = Module::load(context, image);
  if (!module)
    return fail(module.error());
  Expected<FunctionHandle> function =
      module->function(entry.symbol, entry.sharedBytes);
  if (!function)
    return fail(function.error());
  Functions functions = {*function};
  if (entry.summaryRows) {
    function = module->function(ATTNJIT_SUMMARIZE_SYMBOL, 0);
    if (!function)
      return fail(function.error());
    functions.summarize = *function;
  }
  Expected<CurrentContext> current = CurrentContext::push(*context);
  if (!current)
    return fail(current.error());
  if (auto ok = checkParameter(*context, functions.entry, entry); !ok)
    return fail(ok.error());
  int blocks = 0;
  if (auto ok = context->driver().check(
          context->api().occupancyMaxActiveBlocksPerMultiprocessor(
              &blocks, functions.entry, entry.threads,
              static_cast<size_t>(entry.sharedBytes)),
          fmt::format("cannot ask how many blocks of `{}` run at once",
                      entry.symbol));
      !ok)
    return fail(ok.error());
  const int64_t resident =
      std::max<int64_t>(1, int64_t(blocks) * context->device().multiprocessors);
  return std::make_shared<const LoadedLauncher>(std::move(context),
                                                std::move(*module), functions,
                                                std::move(entry), resident);
}
