//===- GpuKernel.cpp - A generated kernel on the emulator -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GpuKernel.h"

#include "Cuda/SummaryLaunch.h"
#include "attnjit/Reference/Reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

using namespace attnjit;
using namespace attnjit::test;
using emulator::Emulator;
using emulator::MemoryRange;

static std::string symbolOf(Entry entry) {
  return fmt::format("attnjit_{}", nameOf(entry));
}

Expected<GpuKernel> GpuKernel::compile(const ModProgram &mod,
                                       const AttentionSpec &spec,
                                       const TargetSpec &target, Entry entry) {
  Expected<GpuSchedule> schedule = GpuSchedule::choose(spec, target, entry);
  if (!schedule)
    return fail(std::move(schedule.error()));
  Expected<std::string> text =
      Engine::emit(mod, spec, target, Stage::Llvm, entry);
  if (!text)
    return fail(std::move(text.error()));
  return load(entry, Engine::signature(mod, spec, target), *schedule,
              std::move(*text));
}

Expected<GpuKernel> GpuKernel::load(Entry entry, KernelSignature signature,
                                    const GpuSchedule &schedule,
                                    std::string text) {
  Expected<Emulator> loaded = Emulator::load(text, symbolOf(entry));
  if (!loaded)
    return fail(std::move(loaded.error()));
  std::optional<Emulator> summaries;
  if (text.find("@" ATTNJIT_SUMMARIZE_SYMBOL "(") != text.npos) {
    Expected<Emulator> other = Emulator::load(text, ATTNJIT_SUMMARIZE_SYMBOL);
    if (!other)
      return fail(std::move(other.error()));
    summaries.emplace(std::move(*other));
  }
  return GpuKernel(entry, std::move(signature), schedule, std::move(text),
                   std::move(*loaded), std::move(summaries));
}

Expected<GpuKernel> GpuKernel::withIr(std::string changed) const {
  return load(entry, signature, chosen, std::move(changed));
}

/// The memory from a tensor's first to its last element.
static MemoryRange rangeOf(const Tensor &tensor, std::string name,
                           bool isWritable) {
  const int64_t size = sizeBytes(tensor.dtype);
  int64_t first = 0, last = size;
  for (int axis = 0; axis < tensor.rank; ++axis) {
    int64_t reach = (tensor.shape[axis] - 1) * tensor.stride[axis] * size;
    (reach < 0 ? first : last) += reach;
  }
  if (tensor.elements() == 0)
    first = last = 0;
  return {static_cast<const std::byte *>(tensor.data) + first,
          static_cast<size_t>(last - first), isWritable, std::move(name)};
}

/// `ranges` without `hole`.
static void cutOut(std::vector<MemoryRange> &ranges, const MemoryRange &hole) {
  auto begin = [](const MemoryRange &range) {
    return static_cast<const std::byte *>(range.data);
  };
  auto end = [&](const MemoryRange &range) {
    return begin(range) + range.bytes;
  };
  std::vector<MemoryRange> rest;
  for (const MemoryRange &range : ranges) {
    const std::byte *left = std::clamp(begin(hole), begin(range), end(range));
    const std::byte *right = std::clamp(end(hole), begin(range), end(range));
    for (auto [from, to] :
         {std::pair(begin(range), left), std::pair(right, end(range))})
      if (from < to)
        rest.push_back({from, static_cast<size_t>(to - from), range.isWritable,
                        range.name});
  }
  ranges = std::move(rest);
}

static std::vector<MemoryRange> rangesOf(const RunArgs &args) {
  std::vector<MemoryRange> ranges = {
      rangeOf(args.q, "q", false), rangeOf(args.k, "k", false),
      rangeOf(args.v, "v", false), rangeOf(args.out, "out", true)};
  if (args.lse)
    ranges.push_back(rangeOf(*args.lse, "lse", true));
  if (args.mask)
    ranges.push_back(rangeOf(*args.mask, "mask", false));
  if (args.qOffset.perBatch)
    ranges.push_back(rangeOf(*args.qOffset.perBatch, "q_offset", false));
  if (args.kvOffset.perBatch)
    ranges.push_back(rangeOf(*args.kvOffset.perBatch, "kv_offset", false));
  for (const CaptureArg &capture : args.captures)
    if (auto *tensor = std::get_if<Tensor>(&capture.value))
      ranges.push_back(rangeOf(*tensor, std::string(capture.name), false));
  return ranges;
}

static EntryPoint pointOf(const GpuSchedule &schedule) {
  EntryPoint point;
  point.blockRows = schedule.blockRows();
  point.partialWidth = schedule.partialWidth();
  return point;
}

/// As a run would be cut, but for the length of splits, which small problems
/// would not be given.
RunPlan GpuKernel::plan(const RunSizes &sizes, const EntryPoint &point) const {
  RunPlan cut = planRun(entry, point, sizes);
  if (entry == Entry::Prefill || splitKeys == 0 || cut.cells == 0)
    return cut;
  cut.splitKeys = splitKeys;
  const int64_t splits =
      std::max<int64_t>(1, (sizes.Skv + splitKeys - 1) / splitKeys);
  cut.items = cut.cells * splits;
  const int64_t rows = sizes.Hq / sizes.Hkv * sizes.Sq;
  cut.partialRows = splits > 1 ? std::min(rows, point.blockRows) : 0;
  return cut;
}

Expected<void> attnjit::test::runSummary(Emulator &kernel,
                                         const SummarySource &source,
                                         int32_t *entries,
                                         const emulator::Options &options) {
  for (const cuda::SummaryLaunch &part : cuda::planSummary(source, entries)) {
    if (part.blocks == 0)
      continue;
    emulator::Launch launch;
    launch.params = std::as_bytes(std::span(&part.args, 1));
    launch.grid.x = static_cast<uint32_t>(part.blocks);
    launch.block.x = ATTNJIT_SUMMARIZE_THREADS;
    if (auto done = kernel.run(launch, options); !done)
      return done;
  }
  return {};
}

/// Makes the summaries, and fills the table.
Expected<void> GpuKernel::summarize(RunSummaries &table,
                                    std::span<int32_t> entries,
                                    const emulator::Options &options) {
  int32_t *next = entries.data();
  for (const WantedSummary &wanted : table.wanted()) {
    if (auto done = runSummary(*summaries, wanted.source, next, options); !done)
      return done;
    table.enter(wanted, next);
    next += wanted.source.entries();
  }
  return {};
}

Expected<void> GpuKernel::run(const RunArgs &args, uint64_t seed,
                              bool perturbs) {
  Expected<RunSizes> sizes = checkRunArgs(signature, args);
  if (!sizes)
    return fail(std::move(sizes.error()));
  AttnJitKernelArgs abi;
  std::vector<uint64_t> params;
  std::vector<AttnJitBuffer> buffers;
  fillKernelArgs(signature, args, *sizes, abi, params, buffers);
  abi.params = nullptr;
  abi.buffers = nullptr;
  const EntryPoint point = pointOf(chosen);
  const RunPlan cut = plan(*sizes, point);
  // Poisoned, as the driver gives memory; counters are 0 before a run.
  std::vector<float> partials(partialFloats(cut, point), NAN);
  std::vector<uint32_t> arrivals(cut.cells, 0);
  fillPartials(cut, point, partials.data(), arrivals.data(), abi);
  abi.work_begin = 0;
  abi.work_end = cut.items;

  RunSummaries table;
  table.find(signature, args, *sizes, buffers);
  int64_t entryCount = 0;
  for (const WantedSummary &wanted : table.wanted())
    entryCount += wanted.source.entries();
  // Entries that no block of elements has are never asked for.
  std::vector<int32_t> entries(entryCount, 0x7fc0dead);
  emulator::Options options;
  options.seed = seed;
  options.perturbApproximations = perturbs;
  options.memory = rangesOf(args);
  for (const MemoryRange &hole : missing)
    cutOut(*options.memory, hole);
  options.memory->push_back(
      {entries.data(), entries.size() * sizeof(int32_t), true, "summaries"});
  if (auto done = summarize(table, entries, options); !done)
    return done;
  options.memory->back().isWritable = false;

  std::vector<std::byte> bytes;
  auto append = [&](const void *data, size_t size) {
    auto *first = static_cast<const std::byte *>(data);
    bytes.insert(bytes.end(), first, first + size);
  };
  append(&abi, sizeof(abi));
  append(buffers.data(), buffers.size() * sizeof(AttnJitBuffer));
  append(params.data(), params.size() * sizeof(uint64_t));
  append(table.table().data(), table.table().size_bytes());

  emulator::Launch launch;
  launch.params = bytes;
  launch.grid.x = static_cast<uint32_t>(abi.work_end);
  launch.block.x = static_cast<uint32_t>(chosen.threads());
  launch.dynamicSharedBytes = chosen.sharedBytes();
  options.memory->push_back({partials.data(), partials.size() * sizeof(float),
                             true, "partial results"});
  options.memory->push_back(
      {arrivals.data(), arrivals.size() * sizeof(uint32_t), true, "arrivals"});
  if (auto done = emulator.run(launch, options); !done)
    return done;
  if (std::ranges::any_of(arrivals, [](uint32_t n) { return n != 0; }))
    return fail(ErrorKind::Internal, "arrivals are not 0 after the run");
  return {};
}

std::string attnjit::test::runAndJudge(const ModProgram &mod, GpuKernel &kernel,
                                       Problem &problem, uint64_t seed,
                                       int64_t maxPairs) {
  problem.clearOutputs();
  // Approximations err in every other case.
  Expected<void> done = kernel.run(problem.args, seed, seed % 2 == 1);
  if (!done)
    return "run: " + done.error().message();
  if (!problem.areGapsUntouched())
    return "memory between the rows of out or lse was written";
  CheckOptions options;
  options.maxPairs = maxPairs;
  Expected<CheckReport> report =
      checkAgainstReference(mod, problem.args, options);
  if (!report)
    return "check: " + report.error().message();
  if (report->worstBoundRatio > problem.shape().boundFactor())
    return fmt::format("{} times the error bound at {}",
                       report->worstBoundRatio, report->worst);
  return {};
}
