//===- FiniteScores.cpp - Whether a run's scores can overflow -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// |scale * q . k| <= scale * D * max|q| * max|k|. Bits of floats without their
// sign rise as magnitudes do, and infinities and NaN lie above all numbers: the
// greatest is a maximum of integers.
//
//===----------------------------------------------------------------------===//

#include "FiniteScores.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>

using namespace attnjit;

/// Rows of one piece of work.
static constexpr int64_t kRows = 512;

namespace {

/// The greatest magnitude of a [B, H, S, D] tensor, by pieces.
class Magnitude {
public:
  explicit Magnitude(const Tensor &tensor)
      : tensor(tensor), stretches((tensor.shape[2] + kRows - 1) / kRows) {}

  int64_t pieces() const {
    return tensor.shape[0] * tensor.shape[1] * stretches;
  }

  void look(int64_t piece) {
    uint32_t bits = 0;
    const int64_t head = piece / stretches, first = piece % stretches * kRows;
    const int64_t base = head / tensor.shape[1] * tensor.stride[0] +
                         head % tensor.shape[1] * tensor.stride[1];
    const int64_t end = std::min(tensor.shape[2], first + kRows);
    for (int64_t row = first; row < end; ++row) {
      const int64_t offset = base + row * tensor.stride[2];
      bits = std::max(bits, tensor.dtype == DType::F32
                                ? greatest<uint32_t, 0x7fffffffu>(offset)
                                : greatest<uint16_t, 0x7fffu>(offset));
    }
    uint32_t known = greatestBits.load(std::memory_order_relaxed);
    while (known < bits && !greatestBits.compare_exchange_weak(
                               known, bits, std::memory_order_relaxed))
      ;
  }

  /// NaN or infinite where an element is.
  double value() const {
    const uint32_t bits = greatestBits;
    if (tensor.dtype == DType::F32)
      return std::bit_cast<float>(bits);
    if (tensor.dtype == DType::BF16)
      return std::bit_cast<float>(bits << 16);
    if (bits >= 0x7c00)
      return INFINITY;
    // f16: 5 bits of exponent, biased by 15, and 10 of mantissa.
    const int exponent = static_cast<int>(bits >> 10);
    const double mantissa = bits & 0x3ff;
    return exponent == 0 ? std::ldexp(mantissa, -24)
                         : std::ldexp(mantissa + 1024, exponent - 25);
  }

private:
  template <typename Bits, Bits Mask> uint32_t greatest(int64_t offset) const {
    const Bits *row = static_cast<const Bits *>(tensor.data) + offset;
    Bits result = 0;
    for (int64_t d = 0; d < tensor.shape[3]; ++d)
      result = std::max(result, static_cast<Bits>(row[d] & Mask));
    return result;
  }

  const Tensor &tensor;
  const int64_t stretches;
  std::atomic<uint32_t> greatestBits = 0;
};

} // namespace

Expected<bool> attnjit::areScoresFinite(const RunArgs &args,
                                        const RunSizes &sizes, float scale,
                                        Executor &executor, int slots) {
  struct Both {
    Magnitude q, k;
    void look(int64_t piece) {
      const int64_t first = q.pieces();
      piece < first ? q.look(piece) : k.look(piece - first);
    }
  } both = {Magnitude(args.q), Magnitude(args.k)};
  if (auto done = runItems(executor, slots, both.q.pieces() + both.k.pieces(),
                           [&both](int64_t begin, int64_t end, int) {
                             for (int64_t i = begin; i < end; ++i)
                               both.look(i);
                           });
      !done)
    return fail(done.error());
  // Above the rounding of the product's sums by far.
  const double most = std::fabs(double(scale)) * double(sizes.D) *
                      both.q.value() * both.k.value();
  return most < 0x1p59;
}
