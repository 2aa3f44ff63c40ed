//===- Check.cpp - Comparing a run with the Reference ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes what a run has written; gives how far it is from the Reference, in
// units of the error bound. Rows are independent, so they are spread over an
// executor and sampled where there are too many.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Reference/ErrorBound.h"
#include "attnjit/Reference/Reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

using namespace attnjit;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

//===----------------------------------------------------------------------===//
// One element
//===----------------------------------------------------------------------===//

static double readElement(const Tensor &tensor, int64_t index) {
  const char *at =
      static_cast<const char *>(tensor.data) + index * sizeBytes(tensor.dtype);
  if (tensor.dtype == DType::F32) {
    float value;
    std::memcpy(&value, at, sizeof(value));
    return value;
  }
  uint16_t bits;
  std::memcpy(&bits, at, sizeof(bits));
  return tensor.dtype == DType::F16 ? halfToFloat(bits) : bfloatToFloat(bits);
}

/// Error in units of `bound`: 0 where both are the same infinity or NaN,
/// infinite where only one is. `overflow` is the magnitude from which on the
/// output type has infinities alone.
static double boundRatio(double got, double want, double bound,
                         double overflow) {
  if (std::isnan(got) || std::isnan(want))
    return std::isnan(got) && std::isnan(want) ? 0 : kInfinity;
  if (got == want)
    return 0;
  if (std::isinf(want))
    return kInfinity;
  if (std::isinf(got)) {
    bool overflowed = std::signbit(got) == std::signbit(want) &&
                      std::abs(want) + bound >= overflow;
    return overflowed ? 0 : kInfinity;
  }
  double error = std::abs(got - want);
  // A bound that the magnitude has made infinite allows every finite value.
  return std::isinf(bound) ? 0 : error / bound;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

namespace {

/// The worst element that a slot has seen.
struct Worst {
  double ratio = -1;
  double maxAbsError = 0;
  int64_t row = 0;
  int64_t d = 0; ///< -1: lse
  double got = 0, want = 0;

  void add(double newRatio, int64_t newRow, int64_t newD, double newGot,
           double newWant) {
    if (newRatio < ratio || (newRatio == ratio && newRow >= row))
      return;
    ratio = newRatio;
    row = newRow;
    d = newD;
    got = newGot;
    want = newWant;
  }
};

/// Which rows are checked: all, or one of each of `count` equal stretches.
class RowSample {
public:
  RowSample(const RunSizes &sizes, const CheckOptions &options)
      : total(sizes.B * sizes.Hq * sizes.Sq), seed(options.seed) {
    int64_t affordable = std::max<int64_t>(options.maxPairs, 1) /
                         std::max<int64_t>(sizes.Skv, 1);
    count = std::min(total, std::max<int64_t>(affordable, 1));
  }

  int64_t row(int64_t k) const {
    if (count == total)
      return k;
    int64_t begin = stretchBegin(k), end = stretchBegin(k + 1);
    return begin + static_cast<int64_t>(random(k) % (end - begin));
  }

  int64_t total, count = 0;

private:
  int64_t stretchBegin(int64_t k) const {
    return k * (total / count) + std::min(k, total % count);
  }

  /// SplitMix64 (Steele, Lea and Flood, 2014) of seed and index.
  uint64_t random(int64_t k) const {
    uint64_t z = seed + (static_cast<uint64_t>(k) + 1) * 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

  uint64_t seed;
};

struct RowPosition {
  int64_t b, h, i;
  RowPosition(int64_t row, const RunSizes &sizes)
      : b(row / sizes.Sq / sizes.Hq), h(row / sizes.Sq % sizes.Hq),
        i(row % sizes.Sq) {}
};

} // namespace

static void checkRow(Reference &reference, const RunArgs &args, int64_t row,
                     ReferenceRow &want, Worst &worst) {
  const RunSizes &sizes = reference.sizes();
  const RowPosition at(row, sizes);
  reference.computeRow(at.b, at.h, at.i, want);

  const Tensor &out = args.out;
  const double overflow = OutputFormat::of(out.dtype).overflow;
  int64_t index =
      at.b * out.stride[0] + at.h * out.stride[1] + at.i * out.stride[2];
  for (int64_t d = 0; d < sizes.Dv; ++d) {
    double got = readElement(out, index + d);
    double bound = outBound(out.dtype, sizes.D, want.out[d], want.absSum[d],
                            want.magnitude);
    double error = std::abs(got - want.out[d]);
    if (std::isfinite(error))
      worst.maxAbsError = std::max(worst.maxAbsError, error);
    worst.add(boundRatio(got, want.out[d], bound, overflow), row, d, got,
              want.out[d]);
  }
  if (!args.lse)
    return;
  const Tensor &lse = *args.lse;
  double got = readElement(lse, at.b * lse.stride[0] + at.h * lse.stride[1] +
                                    at.i * lse.stride[2]);
  worst.add(boundRatio(got, want.lse, lseBound(want.lse, want.magnitude),
                       OutputFormat::of(DType::F32).overflow),
            row, -1, got, want.lse);
}

static std::string describe(const Worst &worst, const RunSizes &sizes) {
  const RowPosition at(worst.row, sizes);
  std::string place =
      worst.d < 0
          ? fmt::format("lse[{}, {}, {}]", at.b, at.h, at.i)
          : fmt::format("out[{}, {}, {}, {}]", at.b, at.h, at.i, worst.d);
  return fmt::format("{}: got {:.9g}, want {:.9g}", place, worst.got,
                     worst.want);
}

//===----------------------------------------------------------------------===//
// checkAgainstReference
//===----------------------------------------------------------------------===//

namespace {
/// What one slot of the executor works with.
struct Checker {
  Reference reference;
  ReferenceRow row;
  Worst worst;
};
} // namespace

static CheckReport summarize(const std::vector<Checker> &checkers,
                             const RowSample &sample, const RunSizes &sizes) {
  CheckReport report;
  report.rowsChecked = sample.count;
  report.rowsTotal = sample.total;
  Worst worst;
  for (const Checker &checker : checkers) {
    const Worst &w = checker.worst;
    worst.add(w.ratio, w.row, w.d, w.got, w.want);
    worst.maxAbsError = std::max(worst.maxAbsError, w.maxAbsError);
  }
  report.maxAbsError = worst.maxAbsError;
  if (worst.ratio < 0)
    return report;
  report.worstBoundRatio = worst.ratio;
  report.ok = worst.ratio <= 1;
  report.worst = describe(worst, sizes);
  return report;
}

Expected<CheckReport>
attnjit::checkAgainstReference(const ModProgram &mod, const RunArgs &args,
                               const CheckOptions &options) {
  std::shared_ptr<Executor> serial;
  if (!options.executor)
    serial = makeSerialExecutor();
  Executor &executor = options.executor ? *options.executor : *serial;

  std::vector<Checker> checkers;
  const int slots = executor.concurrency();
  for (int slot = 0; slot < std::max(slots, 1); ++slot) {
    Expected<Reference> reference = Reference::create(mod, args);
    if (!reference)
      return fail(reference.error());
    checkers.push_back({std::move(*reference), {}, {}});
  }
  const RunSizes sizes = checkers[0].reference.sizes();
  const RowSample sample(sizes, options);
  Expected<void> done = runItems(
      executor, slots, sample.count, [&](int64_t begin, int64_t end, int slot) {
        Checker &checker = checkers[slot];
        for (int64_t k = begin; k < end; ++k)
          checkRow(checker.reference, args, sample.row(k), checker.row,
                   checker.worst);
      });
  if (!done)
    return fail(done.error());
  return summarize(checkers, sample, sizes);
}
