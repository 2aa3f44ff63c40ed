//===- Reference.cpp - Naive attention in f64 -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One row after the other, in the order of the definition: which keys are
// kept, their scores, the maximum, the sum, the weights, the output.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Reference/Reference.h"

#include "BoundMod.h"
#include "attnjit/Reference/ErrorBound.h"
#include "attnjit/Reference/Philox.h"
#include "attnjit/Reference/Signature.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace attnjit;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

namespace {
/// A key that the row keeps.
struct KeptKey {
  int64_t j;
  double score;     ///< s'
  double magnitude; ///< of the score mod at this key
};
} // namespace

struct Reference::Impl {
  std::unique_ptr<BoundMod> mod;
  DType dtype;
  Normalize normalize;
  bool hasSink;
  double dropoutScale = 1; ///< 1 / (1 - rate)

  // Scratch of one row.
  std::vector<double> query, element;
  std::vector<KeptKey> kept;

  void collectKeys(int64_t b, int64_t h, int64_t i);
  double amplified(double plain, double score);
  double errorWeight(double p, double result, double error);
  void addValues(int64_t b, int64_t h, const KeptKey &key, double p,
                 ReferenceRow &row);
  void computeRow(int64_t b, int64_t h, int64_t i, ReferenceRow &row);
};

//===----------------------------------------------------------------------===//
// Reading tensors
//===----------------------------------------------------------------------===//

/// Widens `size` contiguous elements from element `index` of `tensor` on.
static void readRow(const AttnJitTensor &tensor, DType dtype, int64_t index,
                    std::vector<double> &row) {
  if (dtype == DType::F32) {
    const float *data = static_cast<const float *>(tensor.data) + index;
    for (size_t d = 0; d < row.size(); ++d)
      row[d] = data[d];
    return;
  }
  const uint16_t *data = static_cast<const uint16_t *>(tensor.data) + index;
  auto widen = dtype == DType::F16 ? halfToFloat : bfloatToFloat;
  for (size_t d = 0; d < row.size(); ++d)
    row[d] = widen(data[d]);
}

/// Index of element (b, h, s, 0).
static int64_t rowIndex(const AttnJitTensor &tensor, int64_t b, int64_t h,
                        int64_t s) {
  return b * tensor.stride[0] + h * tensor.stride[1] + s * tensor.stride[2];
}

static double dot(const std::vector<double> &x, const std::vector<double> &y) {
  // Eight sums at once: f64 has digits to spare for any order, and the
  // compiler may use vectors.
  constexpr size_t kLanes = 8;
  double sums[kLanes] = {};
  size_t d = 0;
  for (; d + kLanes <= x.size(); d += kLanes)
    for (size_t lane = 0; lane < kLanes; ++lane)
      sums[lane] += x[d + lane] * y[d + lane];
  for (; d < x.size(); ++d)
    sums[0] += x[d] * y[d];
  double sum = 0;
  for (double lane : sums)
    sum += lane;
  return sum;
}

//===----------------------------------------------------------------------===//
// One row
//===----------------------------------------------------------------------===//

/// The keys that row i keeps, with their scores. K of another key is not read.
void Reference::Impl::collectKeys(int64_t b, int64_t h, int64_t i) {
  const AttnJitKernelArgs &abi = mod->abi();
  const int64_t kvh = h / (abi.Hq / abi.Hkv);
  const auto *mask = static_cast<const uint8_t *>(abi.mask.data);
  kept.clear();
  query.resize(abi.D);
  element.resize(abi.D);
  readRow(abi.q, dtype, rowIndex(abi.q, b, h, i), query);
  for (int64_t j = 0; j < abi.Skv; ++j) {
    mod->setKey(j);
    if (mask && !mask[rowIndex(abi.mask, b, h, i) + j * abi.mask.stride[3]])
      continue;
    if (!mod->keeps())
      continue;
    readRow(abi.k, dtype, rowIndex(abi.k, b, kvh, j), element);
    const double plain = abi.scale * dot(query, element);
    const double score = mod->score(plain);
    if (score != -kInfinity) {
      const double magnitude = mod->scoreMagnitude();
      kept.push_back({j, score, std::max(magnitude, amplified(plain, score))});
    }
  }
}

/// What the score mod adds to the error of the score that it is given, in the
/// unit of M: score * score has it 2 |score| times. 0 for mods of slope 1, such
/// as biases, whose bound then stays as sharp as plain attention's.
double Reference::Impl::amplified(double plain, double score) {
  if (!mod->hasScore())
    return 0;
  const double error = scoreError(mod->abi().D, plain);
  double excess = 0;
  for (double nearby : {plain - error, plain + error}) {
    const double difference = std::abs(mod->score(nearby) - score) - error;
    if (std::isfinite(difference))
      excess = std::max(excess, difference);
  }
  return excess * 0x1p23;
}

/// What |p'| counts in A, where the prob mod makes `result` of `p`, and `error`
/// is the relative error that A is multiplied by. So a mod that hands the error
/// of p on more than in proportion, such as sqrt or a threshold, counts by as
/// much more.
double Reference::Impl::errorWeight(double p, double result, double error) {
  // Without a softmax p is the score itself, whose error does not shrink with
  // it: a weight of at least 1 makes the bound absolute.
  const bool isScore = normalize == Normalize::None;
  const double floor = isScore ? 0 : kFlushedProb;
  auto size = [&](double x) {
    return isScore ? std::max(1.0, std::abs(x)) : std::abs(x) + floor;
  };
  if (!mod->hasProb())
    return size(p);
  double magnitude = mod->probMagnitude(), change = 0;
  const double step = error * size(p) + floor;
  for (double nearby : {isScore ? p - step : std::max(p - step, 0.0), p + step})
    change = std::max(change, std::abs(mod->prob(nearby) - result));
  if (!std::isfinite(change))
    return std::numeric_limits<double>::max();
  change +=
      kProbModRounding * std::abs(result) + kProbModCancellation * magnitude;
  return std::max(std::abs(result), change / error) + floor;
}

/// Adds p' v_j of one key to the row, whose magnitude is known.
void Reference::Impl::addValues(int64_t b, int64_t h, const KeptKey &key,
                                double p, ReferenceRow &row) {
  const AttnJitKernelArgs &abi = mod->abi();
  mod->setKey(key.j);
  double weight = mod->prob(p);
  const double error = probError(dtype, abi.D, row.magnitude);
  double counted = errorWeight(p, weight, error);
  if (abi.dropout_threshold != 0) {
    uint32_t word = dropoutWord(abi.dropout_seed, abi.dropout_offset,
                                mod->head(), mod->q(), mod->kv());
    const bool isKept = word >= abi.dropout_threshold;
    weight = isKept ? weight * dropoutScale : 0;
    counted =
        isKept ? counted * dropoutScale * (1 + kDropoutRounding / error) : 0;
  }
  element.resize(abi.Dv);
  readRow(abi.v, dtype, rowIndex(abi.v, b, h / (abi.Hq / abi.Hkv), key.j),
          element);
  double *out = row.out.data(), *absSum = row.absSum.data();
  const double *value = element.data();
  for (int64_t d = 0; d < abi.Dv; ++d) {
    out[d] += weight * value[d];
    absSum[d] += counted * std::abs(value[d]);
  }
}

/// The largest magnitude of keys whose p is more than 0 in f32 even if their
/// score is off by the error that the magnitude stands for. So a score of
/// -1e9 that means "not this key" does not make the bound of its row void.
static double magnitudeOf(const std::vector<KeptKey> &kept, double m) {
  constexpr double kExpUnderflow = -104;
  double magnitude = 0;
  for (const KeptKey &key : kept)
    if (!(key.score + 0x1p-22 * key.magnitude < m + kExpUnderflow))
      magnitude = std::max(magnitude, key.magnitude);
  return magnitude;
}

void Reference::Impl::computeRow(int64_t b, int64_t h, int64_t i,
                                 ReferenceRow &row) {
  row.out.assign(mod->sizes().Dv, 0);
  row.absSum.assign(mod->sizes().Dv, 0);
  row.lse = -kInfinity;
  row.magnitude = 0;
  mod->setRow(b, h, i);
  collectKeys(b, h, i);

  if (normalize == Normalize::None) {
    row.magnitude = magnitudeOf(kept, -kInfinity);
    for (const KeptKey &key : kept)
      addValues(b, h, key, key.score, row);
    return;
  }
  const double sink = mod->sink();
  if (kept.empty()) {
    row.lse = sink;
    return;
  }
  // A NaN anywhere makes the row NaN through l, whatever m is then.
  double m = sink;
  for (const KeptKey &key : kept)
    m = std::max(m, key.score);
  double l = hasSink ? std::exp(sink - m) : 0;
  for (const KeptKey &key : kept)
    l += std::exp(key.score - m);
  row.lse = m + std::log(l);
  row.magnitude = magnitudeOf(kept, m);
  if (std::isnan(l)) {
    // Even where a prob mod or dropout would hide it.
    std::fill(row.out.begin(), row.out.end(), l);
    return;
  }
  for (const KeptKey &key : kept)
    addValues(b, h, key, std::exp(key.score - m) / l, row);
}

//===----------------------------------------------------------------------===//
// Reference
//===----------------------------------------------------------------------===//

/// The spec that would compile a kernel for these arguments. Where a rank is
/// wrong, any head size will do: checkRunArgs then names the rank.
static AttentionSpec specOf(const RunArgs &args) {
  auto headDim = [](const Tensor &tensor) {
    return tensor.rank == kMaxRank ? tensor.shape[kMaxRank - 1] : 1;
  };
  return {headDim(args.q), headDim(args.v), args.q.dtype, args.mask.has_value(),
          args.dropout.has_value()};
}

Expected<Reference> Reference::create(const ModProgram &mod,
                                      const RunArgs &args) {
  const AttentionSpec spec = specOf(args);
  if (Expected<void> ok = spec.check(); !ok)
    return fail(ok.error());
  const KernelSignature signature = signatureOf(mod, spec);
  Expected<RunSizes> sizes = checkRunArgs(signature, args);
  if (!sizes)
    return fail(sizes.error());
  Expected<std::unique_ptr<BoundMod>> bound =
      BoundMod::create(mod, signature, args, *sizes);
  if (!bound)
    return fail(bound.error());

  auto impl = std::make_unique<Impl>();
  impl->mod = std::move(*bound);
  impl->dtype = spec.dtype;
  impl->normalize = mod.normalize();
  impl->hasSink = static_cast<bool>(mod.sink());
  if (args.dropout && !args.deterministic)
    impl->dropoutScale = 1 / (1 - args.dropout->rate);
  return Reference(std::move(impl));
}

void Reference::computeRow(int64_t b, int64_t h, int64_t i, ReferenceRow &row) {
  impl->computeRow(b, h, i, row);
}

const RunSizes &Reference::sizes() const { return impl->mod->sizes(); }

Reference::Reference(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
Reference::Reference(Reference &&) noexcept = default;
Reference &Reference::operator=(Reference &&) noexcept = default;
Reference::~Reference() = default;
