//===- RangeSummaries.cpp - Extremes of captured buffers ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A row is cut into stretches of kStretch elements, each a piece of work that
// fills the levels up to one block a stretch; the levels above, one entry in
// kStretch and less, are filled after all stretches.
//
//===----------------------------------------------------------------------===//

#include "RangeSummaries.h"

#include "Checks.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <new>

using namespace attnjit;

/// Blocks of the lowest level have 2^kFirstLevel elements.
static constexpr int kFirstLevel = 2;
/// Elements of a piece of work: its first levels lie in L1.
static constexpr int kStretchLevel = 12;
static constexpr int64_t kStretch = int64_t(1) << kStretchLevel;
/// Fewer elements than this are summarised by the calling thread: waking the
/// others takes longer.
static constexpr int64_t kFewElements = int64_t(1) << 16;

static int64_t divideUp(int64_t x, int64_t y) { return x / y + (x % y != 0); }

//===----------------------------------------------------------------------===//
// SummarySource
//===----------------------------------------------------------------------===//

int64_t SummarySource::padded() const {
  return std::max<int64_t>(8, static_cast<int64_t>(std::bit_ceil(
                                  static_cast<uint64_t>(size[axis]))));
}

int64_t SummarySource::rows() const {
  int64_t rows = 1;
  for (int other = 0; other < kMaxBufferRank; ++other)
    rows *= other == axis ? 1 : size[other];
  return rows;
}

//===----------------------------------------------------------------------===//
// Computing
//===----------------------------------------------------------------------===//

namespace {

/// A row of one summary.
class Row {
public:
  /// The `row`-th of the source, counted over its other axes in their order;
  /// `entries` are those of all rows.
  Row(const SummarySource &source, int64_t row, int32_t *entries)
      : source(source), padded(source.padded()), least(entries + row * padded),
        greatest(least + padded / 2) {
    for (int axis = kMaxBufferRank; axis-- > 0;)
      if (axis != source.axis) {
        origin += row % source.size[axis] * source.stride[axis];
        row /= source.size[axis];
      }
  }

  /// The levels up to kStretchLevel of elements [begin, begin + kStretch).
  void fillStretch(int64_t begin) {
    const int64_t size = source.size[source.axis];
    const int64_t count = std::min(kStretch, size - begin);
    std::array<int32_t, kStretch> elements;
    load(begin, count, elements.data());
    // A last block of fewer elements repeats one of them.
    for (int64_t i = count; i % 4 != 0; ++i)
      elements[static_cast<size_t>(i)] = elements[static_cast<size_t>(i - 1)];
    const int64_t blocks = divideUp(count, 4), first = begin >> kFirstLevel;
    int32_t *lo = least + levelBegin(kFirstLevel) + first;
    int32_t *hi = greatest + levelBegin(kFirstLevel) + first;
    for (int64_t i = 0; i < blocks; ++i) {
      const int32_t *four = elements.data() + 4 * i;
      lo[i] = std::min(std::min(four[0], four[1]), std::min(four[2], four[3]));
      hi[i] = std::max(std::max(four[0], four[1]), std::max(four[2], four[3]));
    }
    fillLevels(begin, begin + count, kFirstLevel + 1, kStretchLevel);
  }

  /// The levels above, once all stretches are there.
  void fillTop() {
    fillLevels(0, source.size[source.axis], kStretchLevel + 1,
               std::countr_zero(static_cast<uint64_t>(padded)));
  }

private:
  int64_t levelBegin(int level) const {
    return padded / 2 - (padded >> (level - 1));
  }

  /// Levels `from` to `to`, as far as there are, over elements [begin, end).
  void fillLevels(int64_t begin, int64_t end, int from, int to) {
    for (int level = from; level <= to && padded >> level != 0; ++level) {
      const int64_t lastBelow = (end - 1) >> (level - 1);
      const int64_t last = (end - 1) >> level;
      combine(least, level, begin >> level, last, lastBelow,
              [](int32_t x, int32_t y) { return std::min(x, y); });
      combine(greatest, level, begin >> level, last, lastBelow,
              [](int32_t x, int32_t y) { return std::max(x, y); });
    }
  }

  template <typename Combine>
  void combine(int32_t *entries, int level, int64_t first, int64_t last,
               int64_t lastBelow, Combine combine) {
    const int32_t *below = entries + levelBegin(level - 1);
    int32_t *to = entries + levelBegin(level);
    for (int64_t i = first; i < last; ++i)
      to[i] = combine(below[2 * i], below[2 * i + 1]);
    // The last block may have one half alone.
    to[last] =
        combine(below[2 * last], below[std::min(2 * last + 1, lastBelow)]);
  }

  template <typename T, typename Convert>
  void loadAs(int64_t begin, int64_t count, int32_t *to, Convert convert) {
    const int64_t stride = source.stride[source.axis];
    const T *from =
        static_cast<const T *>(source.data) + origin + begin * stride;
    if (stride == 1)
      for (int64_t i = 0; i < count; ++i)
        to[i] = convert(from[i]);
    else
      for (int64_t i = 0; i < count; ++i)
        to[i] = convert(from[i * stride]);
  }

  void load(int64_t begin, int64_t count, int32_t *to) {
    switch (source.dtype) {
    case DType::I32:
      return loadAs<int32_t>(begin, count, to, [](int32_t x) { return x; });
    case DType::U8:
      return loadAs<uint8_t>(begin, count, to,
                             [](uint8_t x) { return int32_t(x); });
    case DType::Bool:
      return loadAs<uint8_t>(begin, count, to,
                             [](uint8_t x) { return int32_t(x != 0); });
    case DType::I64:
      return loadAs<int64_t>(begin, count, to, [](int64_t x) {
        using Limits = std::numeric_limits<int32_t>;
        return static_cast<int32_t>(
            std::clamp<int64_t>(x, Limits::min(), Limits::max()));
      });
    case DType::F32:
    case DType::F16:
    case DType::BF16:
      // The analysis knows no ranges of them, so that none are asked for.
      std::fill_n(to, count, 0);
    }
  }

  const SummarySource &source;
  const int64_t padded;
  int32_t *const least, *const greatest;
  int64_t origin = 0; ///< of the row, in elements
};

/// All summaries of a run, as pieces of work.
struct Work {
  std::span<const SummarySource> sources;
  std::span<int32_t *const> to;

  static int64_t stretchesPerRow(const SummarySource &source) {
    return divideUp(source.size[source.axis], kStretch);
  }
  int64_t pieces() const {
    int64_t sum = 0;
    for (const SummarySource &source : sources)
      sum += source.rows() * stretchesPerRow(source);
    return sum;
  }
  void run(int64_t begin, int64_t end) const {
    int64_t before = 0;
    for (size_t i = 0; i < sources.size() && before < end; ++i) {
      const int64_t perRow = stretchesPerRow(sources[i]);
      const int64_t count = sources[i].rows() * perRow;
      for (int64_t piece = std::max(begin - before, int64_t(0));
           piece < std::min(end - before, count); ++piece)
        Row(sources[i], piece / perRow, to[i])
            .fillStretch(piece % perRow * kStretch);
      before += count;
    }
  }
  void finish() const {
    for (size_t i = 0; i < sources.size(); ++i)
      if (sources[i].size[sources[i].axis] > kStretch)
        for (int64_t row = 0; row < sources[i].rows(); ++row)
          Row(sources[i], row, to[i]).fillTop();
  }
};

} // namespace

Expected<void> attnjit::summarize(std::span<const SummarySource> sources,
                                  std::span<int32_t *const> to,
                                  Executor &executor, int slots) {
  const Work work = {sources, to};
  int64_t elements = 0;
  for (const SummarySource &source : sources)
    elements += source.entries();
  if (elements < kFewElements || slots == 1) {
    work.run(0, work.pieces());
  } else if (auto done = runItems(executor, slots, work.pieces(),
                                  [&work](int64_t begin, int64_t end, int) {
                                    work.run(begin, end);
                                  });
             !done) {
    return done;
  }
  work.finish();
  return {};
}

//===----------------------------------------------------------------------===//
// SummaryCache
//===----------------------------------------------------------------------===//

SummaryCache::Entries SummaryCache::find(const SummarySource &source,
                                         uint64_t version) {
  std::lock_guard<std::mutex> lock(mutex);
  for (const Kept &entry : kept)
    if (entry.version == version && entry.source == source)
      return entry.entries;
  return nullptr;
}

void SummaryCache::keep(const SummarySource &source, uint64_t version,
                        Entries entries) {
  std::lock_guard<std::mutex> lock(mutex);
  // Another version of the same memory is out of date.
  std::erase_if(kept,
                [&](const Kept &entry) { return entry.source == source; });
  if (kept.size() == kMostKept)
    kept.erase(kept.begin());
  kept.push_back({source, version, std::move(entries)});
}

//===----------------------------------------------------------------------===//
// RunSummaries
//===----------------------------------------------------------------------===//

/// A summary of more elements than this is not made: reading them takes longer
/// than what it may save. Nothing is left out whose size grows as the
/// positions do, one map of blocks for each head included.
static int64_t mostElements(const RunSizes &sizes) {
  constexpr int64_t kPerPosition = 8, kAlways = 1 << 16;
  return std::max(kAlways,
                  kPerPosition * sizes.B * sizes.Hq * (sizes.Sq + sizes.Skv));
}

/// No elements, or so few along the axis that they are read one by one.
static bool isWorthwhile(const AttnJitBuffer &buffer, int axis, int64_t most) {
  constexpr int64_t kReadOneByOne = 4;
  int64_t elements = 1;
  for (int64_t size : buffer.size)
    // Sizes are below 2^31 and `most` below 2^60: checked before it overflows.
    if (size == 0 || (elements *= size) > most)
      return false;
  return buffer.size[axis] > kReadOneByOne;
}

/// A mask that is the same for all queries, along the keys: [B, Hq, Skv], axes
/// that are broadcast of size 1. Its row is behind those of the buffers.
void RunSummaries::addMask(const Tensor &mask, const RunSizes &sizes) {
  SummarySource source;
  source.data = mask.data;
  source.dtype = DType::Bool;
  source.axis = 2;
  source.size.fill(1);
  std::array<int64_t, kMaxRank> shape, stride;
  for (int axis = 0; axis < kMaxRank; ++axis) {
    const int from = axis - (kMaxRank - mask.rank);
    shape[axis] = from < 0 ? 1 : mask.shape[from];
    stride[axis] = shape[axis] > 1 ? mask.stride[from] : 0;
  }
  if (stride[2] != 0 || stride[3] == 0)
    return;
  source.size = {stride[0] ? shape[0] : 1, stride[1] ? shape[1] : 1, shape[3],
                 1};
  source.stride = {stride[0], stride[1], stride[3], 0};
  AttnJitBuffer buffer = {mask.data, {}, {}};
  std::ranges::copy(source.size, buffer.size);
  if (isWorthwhile(buffer, source.axis, mostElements(sizes)))
    wantedRows.push_back({source, 0, -1, rows.size() - 1});
}

void RunSummaries::find(const KernelSignature &signature, const RunArgs &args,
                        const RunSizes &sizes,
                        std::span<const AttnJitBuffer> buffers) {
  release();
  wantedRows.clear();
  rows.assign(signature.ranges.size() + (args.mask ? 1 : 0), {});
  const int64_t most = mostElements(sizes);
  for (size_t i = 0; i < signature.ranges.size(); ++i) {
    const KernelSignature::RangeUse &use = signature.ranges[i];
    const AttnJitBuffer &buffer = buffers[static_cast<size_t>(use.slot)];
    if (!isWorthwhile(buffer, use.axis, most))
      continue;
    const BufferDecl &decl = signature.buffers[static_cast<size_t>(
        signature.bufferSource[static_cast<size_t>(use.slot)])];
    WantedSummary wanted = {{buffer.data, decl.element, use.axis, {}, {}},
                            findCapture(args, decl.name)->version,
                            use.slot,
                            i};
    std::ranges::copy(buffer.size, wanted.source.size.begin());
    std::ranges::copy(buffer.stride, wanted.source.stride.begin());
    wantedRows.push_back(wanted);
  }
  if (args.mask)
    addMask(*args.mask, sizes);
}

/// Those without a version.
Expected<void> RunSummaries::makeOwn(Executor &executor, int slots) {
  int64_t entries = 0;
  for (const WantedSummary &wanted : wantedRows)
    if (wanted.version == 0)
      entries += wanted.source.entries();
  if (entries > capacity) {
    memory.reset(new (std::nothrow) int32_t[static_cast<size_t>(entries)]);
    capacity = memory ? entries : 0;
    if (!memory)
      return fail(ErrorKind::Environment,
                  fmt::format("no memory for summaries of captured buffers, {} "
                              "bytes",
                              entries * int64_t(sizeof(int32_t))));
  }
  sources.clear();
  targets.clear();
  int32_t *next = memory.get();
  for (const WantedSummary &wanted : wantedRows) {
    if (wanted.version != 0)
      continue;
    sources.push_back(wanted.source);
    targets.push_back(next);
    enter(wanted, next);
    next += wanted.source.entries();
  }
  return summarize(sources, targets, executor, slots);
}

/// The entries that say something: those of padding are left as they are.
static bool sameEntries(const SummarySource &source, const int32_t *x,
                        const int32_t *y) {
  const int64_t padded = source.padded(), size = source.size[source.axis];
  for (int64_t half = 0; half < 2 * source.rows(); ++half) {
    int64_t begin = half * padded / 2;
    for (int64_t block = 4; block <= padded; block *= 2) {
      if (!std::equal(x + begin, x + begin + divideUp(size, block), y + begin))
        return false;
      begin += padded / block;
    }
  }
  return true;
}

Expected<void> RunSummaries::makeShared(const WantedSummary &wanted,
                                        const KernelSignature &signature,
                                        bool check, Executor &executor,
                                        int slots, SummaryCache &cache) {
  SummaryCache::Entries known = cache.find(wanted.source, wanted.version);
  if (!known || check) {
    auto made = std::make_shared<std::vector<int32_t>>(
        static_cast<size_t>(wanted.source.entries()));
    int32_t *const to = made->data();
    if (auto done = summarize({&wanted.source, 1}, {&to, 1}, executor, slots);
        !done)
      return done;
    if (known && !sameEntries(wanted.source, known->data(), to)) {
      const int ordinal =
          signature.bufferSource[static_cast<size_t>(wanted.slot)];
      return badArgument(
          "buffer `{}` is not what an earlier run read, though both say that "
          "it is version {}; a buffer that changes needs another version, or "
          "none",
          signature.buffers[static_cast<size_t>(ordinal)].name, wanted.version);
    }
    if (!known)
      cache.keep(wanted.source, wanted.version, known = std::move(made));
  }
  enter(wanted, known->data());
  shared.push_back(std::move(known));
  return {};
}

Expected<void> RunSummaries::make(const KernelSignature &signature,
                                  const RunArgs &args, const RunSizes &sizes,
                                  std::span<const AttnJitBuffer> buffers,
                                  Executor &executor, int slots,
                                  SummaryCache &cache) {
  try {
    find(signature, args, sizes, buffers);
    for (const WantedSummary &wanted : wantedRows)
      if (wanted.version != 0)
        if (auto done = makeShared(wanted, signature, args.checkVersions,
                                   executor, slots, cache);
            !done)
          return done;
    return makeOwn(executor, slots);
  } catch (const std::bad_alloc &) {
    return fail(ErrorKind::Environment,
                "no memory for summaries of captured buffers");
  }
}
