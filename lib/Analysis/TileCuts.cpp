//===- TileCuts.cpp - Where a tile is worth cutting -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/TileCuts.h"

#include "attnjit/Expr/Visitor.h"

#include <algorithm>
#include <bit>
#include <optional>
#include <unordered_map>

using namespace attnjit;

namespace {

/// An i32 node that is floor((p + offset) / step), wherever nothing wraps, or
/// that modulo something: p is the position of a query or a key.
struct Steps {
  bool ofKeys = false;
  int64_t step = 1, offset = 0;
};

/// Cuts of longer periods than this are met by one tile in thousands.
constexpr int64_t kLongestPeriod = int64_t(1) << 30;

class CutFinder {
public:
  std::vector<TileCut> find(const Expr &mask);

private:
  std::optional<Steps> stepsOf(const Expr &e);
  std::optional<Steps> divided(const Expr &e, const Expr &by, bool remainder);
  void add(const Steps &steps, int64_t period);

  std::unordered_map<Expr, std::optional<Steps>> known;
  std::vector<TileCut> cuts;
};

std::optional<int64_t> constantOf(const Expr &e) {
  if (e->op() != Op::Const || e->type() != Type::I32)
    return std::nullopt;
  return e->constant().asI32();
}

} // namespace

void CutFinder::add(const Steps &steps, int64_t period) {
  if (period < 2 || period > kLongestPeriod)
    return;
  const int64_t offset = (steps.offset % period + period) % period;
  const TileCut cut = {steps.ofKeys, period, offset};
  if (std::ranges::find(cuts, cut) == cuts.end())
    cuts.push_back(cut);
}

/// floor(floor((p + c) / m) / n) = floor((p + c) / (m n)). Of a remainder the
/// steps stay those of the dividend: they differ by whole periods, in which
/// later divisions by a divisor of n begin again.
std::optional<Steps> CutFinder::divided(const Expr &e, const Expr &by,
                                        bool remainder) {
  std::optional<Steps> steps = known.at(e);
  std::optional<int64_t> n = constantOf(by);
  if (!steps || !n || *n < 1 || steps->step > kLongestPeriod / *n)
    return std::nullopt;
  add(*steps, steps->step * *n);
  if (!remainder)
    steps->step *= *n;
  return steps;
}

std::optional<Steps> CutFinder::stepsOf(const Expr &e) {
  auto operand = [&](size_t i) { return known.at(e->operand(i)); };
  auto shifted = [](std::optional<Steps> steps,
                    int64_t by) -> std::optional<Steps> {
    if (steps)
      steps->offset += by * steps->step;
    return steps;
  };
  switch (e->op()) {
  case Op::Var:
    switch (e->var()) {
    case Var::Q:
    case Var::QLocal:
      return Steps{false};
    case Var::Kv:
    case Var::KvLocal:
      return Steps{true};
    default:
      return std::nullopt;
    }
  case Op::Add:
    if (auto c = constantOf(e->operand(1)))
      return shifted(operand(0), *c);
    if (auto c = constantOf(e->operand(0)))
      return shifted(operand(1), *c);
    return std::nullopt;
  case Op::Sub:
    if (auto c = constantOf(e->operand(1)))
      return shifted(operand(0), -*c);
    return std::nullopt;
  case Op::FloorDiv:
    return divided(e->operand(0), e->operand(1), /*remainder=*/false);
  case Op::Mod:
    return divided(e->operand(0), e->operand(1), /*remainder=*/true);
  case Op::Shr:
    if (auto c = constantOf(e->operand(1)))
      return divided(e->operand(0), Expr::i32(1 << (*c & 15)), false);
    return std::nullopt;
  case Op::And:
    // x & (2^k - 1) and x & -(2^k): a remainder, and what it leaves.
    if (auto c = constantOf(e->operand(1))) {
      const int64_t magnitude = *c < 0 ? -*c : *c + 1;
      if (magnitude <= kLongestPeriod &&
          std::has_single_bit(static_cast<uint64_t>(magnitude)))
        return divided(e->operand(0),
                       Expr::i32(static_cast<int32_t>(magnitude)), true);
    }
    return std::nullopt;
  default:
    return std::nullopt;
  }
}

std::vector<TileCut> CutFinder::find(const Expr &mask) {
  for (const Expr &node : topologicalOrder({&mask, 1}))
    known.emplace(node,
                  node->type() == Type::I32 ? stepsOf(node) : std::nullopt);
  // A cut at every multiple of 64 holds those at multiples of 128.
  std::vector<TileCut> kept;
  for (const TileCut &cut : cuts)
    if (std::ranges::none_of(cuts, [&](const TileCut &finer) {
          return finer.ofKeys == cut.ofKeys && finer.period < cut.period &&
                 cut.period % finer.period == 0 &&
                 cut.offset % finer.period == finer.offset;
        }))
      kept.push_back(cut);
  std::ranges::stable_sort(kept, std::ranges::greater(), &TileCut::period);
  return kept;
}

std::vector<TileCut> attnjit::findTileCuts(const Expr &mask) {
  return mask ? CutFinder().find(mask) : std::vector<TileCut>();
}

std::vector<TileCut> attnjit::affordableCuts(std::vector<TileCut> cuts,
                                             int64_t queries, int64_t keys,
                                             int64_t mostParts) {
  auto parts = [&](bool ofKeys) {
    int64_t count = 1;
    for (const TileCut &cut : cuts)
      if (cut.ofKeys == ofKeys)
        if (const int64_t length = ofKeys ? keys : queries; length > 1)
          count += (length - 2) / cut.period + 1;
    return count;
  };
  while (!cuts.empty() && parts(false) * parts(true) > mostParts)
    cuts.pop_back();
  return cuts;
}

int64_t attnjit::mostPartsOf(int64_t queries, int64_t keys) {
  constexpr int64_t kPairsPerPart = 128, kLeast = 4, kMost = 256;
  return std::clamp(queries * keys / kPairsPerPart, kLeast, kMost);
}
