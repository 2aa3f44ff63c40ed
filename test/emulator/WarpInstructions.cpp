//===- WarpInstructions.cpp - Shuffles, votes, reductions -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Operands are those of the intrinsics: a shuffle takes (mask, value, lane,
// clamp), a vote (mask, predicate), a reduction (value, mask).
//
//===----------------------------------------------------------------------===//

#include "InstructionTables.h"
#include "Machine.h"

#include <fmt/format.h>

#include <bit>

namespace attnjit::emulator {

namespace {

template <typename Visit> void forEachLane(const WarpCall &call, Visit visit) {
  for (uint32_t lanes = call.lanes; lanes; lanes &= lanes - 1)
    visit(std::countr_zero(lanes));
}

//===--- shfl.sync --------------------------------------------------------===//

enum class Shuffle { Up, Down, Butterfly, Index };

struct Source {
  int lane;
  bool isInRange;
};

/// `control` holds the segment mask in bits 8 to 12, the clamp in 0 to 4.
Source shuffleSource(Shuffle mode, int lane, uint32_t operand,
                     uint32_t control) {
  const int by = operand & 0x1f;
  const int clamp = control & 0x1f, segment = control >> 8 & 0x1f;
  const int last = (lane & segment) | (clamp & ~segment);
  const int first = lane & segment;
  switch (mode) {
  case Shuffle::Up:
    return {lane - by, lane - by >= last};
  case Shuffle::Down:
    return {lane + by, lane + by <= last};
  case Shuffle::Butterfly:
    return {lane ^ by, (lane ^ by) <= last};
  case Shuffle::Index:
    return {first | (by & ~segment), (first | (by & ~segment)) <= last};
  }
  __builtin_unreachable();
}

template <Shuffle kMode, bool kPredicate> bool shuffle(WarpCall &call) {
  for (uint32_t lanes = call.lanes; lanes; lanes &= lanes - 1) {
    const int lane = std::countr_zero(lanes);
    const Operands &operands = call.operands[lane];
    Source source = shuffleSource(kMode, lane, operands.get<uint32_t>(8),
                                  operands.get<uint32_t>(12));
    if (!source.isInRange)
      source.lane = lane;
    if (!call.has(source.lane))
      return call.warp.fail(call.site, lane,
                            fmt::format("a shuffle from lane {}, which takes "
                                        "no part in it",
                                        source.lane));
    operands.set(call.operands[source.lane].get<uint32_t>(4));
    if constexpr (kPredicate)
      operands.set<uint8_t>(source.isInRange, 4);
  }
  return true;
}

//===--- vote.sync, match.sync, elect.sync --------------------------------===//

uint32_t ballotOf(const WarpCall &call) {
  uint32_t ballot = 0;
  forEachLane(call, [&](int lane) {
    ballot |= uint32_t(call.operands[lane].get<uint8_t>(4) & 1) << lane;
  });
  return ballot;
}

bool voteBallot(WarpCall &call) {
  const uint32_t ballot = ballotOf(call);
  forEachLane(call, [&](int lane) { call.operands[lane].set(ballot); });
  return true;
}

enum class Vote { All, Any, Uniform };

template <Vote kVote> bool vote(WarpCall &call) {
  const uint32_t ballot = ballotOf(call);
  const bool all = ballot == call.lanes, any = ballot != 0;
  const uint8_t result = kVote == Vote::All   ? all
                         : kVote == Vote::Any ? any
                                              : all || !any;
  forEachLane(call, [&](int lane) { call.operands[lane].set(result); });
  return true;
}

/// An i64 operand is aligned to 8 bytes.
template <typename T> bool matchAny(WarpCall &call) {
  forEachLane(call, [&](int lane) {
    uint32_t equal = 0;
    forEachLane(call, [&](int other) {
      if (call.operands[other].get<T>(sizeof(T)) ==
          call.operands[lane].get<T>(sizeof(T)))
        equal |= 1u << other;
    });
    call.operands[lane].set(equal);
  });
  return true;
}

template <typename T> bool matchAll(WarpCall &call) {
  const int first = std::countr_zero(call.lanes);
  bool isEqual = true;
  forEachLane(call, [&](int lane) {
    isEqual &= call.operands[lane].get<T>(sizeof(T)) ==
               call.operands[first].get<T>(sizeof(T));
  });
  forEachLane(call, [&](int lane) {
    call.operands[lane].set(isEqual ? call.lanes : 0u);
    call.operands[lane].set<uint8_t>(isEqual, 4);
  });
  return true;
}

/// Which lane leads is unspecified, but it is one of the mask; all agree.
bool elect(WarpCall &call) {
  Random &random = call.warp.block->machine.random;
  uint32_t lanes = call.lanes;
  for (int skip = random.below(std::popcount(lanes)); skip > 0; --skip)
    lanes &= lanes - 1;
  const int leader = std::countr_zero(lanes);
  forEachLane(call, [&](int lane) {
    call.operands[lane].set<uint32_t>(leader);
    call.operands[lane].set<uint8_t>(lane == leader, 4);
  });
  return true;
}

/// The lanes that are converged, of which the manual promises only that the
/// calling one is among them.
bool activeMask(Thread &thread, const Site &, const Operands &operands) {
  operands.set(1u << thread.lane);
  return true;
}

//===--- redux.sync -------------------------------------------------------===//

template <typename T, T (*kCombine)(T, T)> bool reduce(WarpCall &call) {
  T value{};
  bool isFirst = true;
  forEachLane(call, [&](int lane) {
    T next = call.operands[lane].get<T>(0);
    value = isFirst ? next : kCombine(value, next);
    isFirst = false;
  });
  forEachLane(call, [&](int lane) { call.operands[lane].set(value); });
  return true;
}

uint32_t add(uint32_t a, uint32_t b) { return a + b; }
uint32_t bitAnd(uint32_t a, uint32_t b) { return a & b; }
uint32_t bitOr(uint32_t a, uint32_t b) { return a | b; }
uint32_t bitXor(uint32_t a, uint32_t b) { return a ^ b; }
template <typename T> T least(T a, T b) { return a < b ? a : b; }
template <typename T> T most(T a, T b) { return a > b ? a : b; }

constexpr Form kMasked = Form::WarpMasked;
constexpr ThreadHandler kNone = nullptr;

const Instruction kInstructions[] = {
    {"activemask", Form::Thread, 0, activeMask},
    {"elect.sync", kMasked, 0, kNone, elect},
    {"match.all.sync.i32p", kMasked, 0, kNone, matchAll<uint32_t>},
    {"match.all.sync.i64p", kMasked, 0, kNone, matchAll<uint64_t>},
    {"match.any.sync.i32", kMasked, 0, kNone, matchAny<uint32_t>},
    {"match.any.sync.i64", kMasked, 0, kNone, matchAny<uint64_t>},
    {"redux.sync.add", kMasked, 4, kNone, reduce<uint32_t, add>},
    {"redux.sync.and", kMasked, 4, kNone, reduce<uint32_t, bitAnd>},
    {"redux.sync.max", kMasked, 4, kNone, reduce<int32_t, most<int32_t>>},
    {"redux.sync.min", kMasked, 4, kNone, reduce<int32_t, least<int32_t>>},
    {"redux.sync.or", kMasked, 4, kNone, reduce<uint32_t, bitOr>},
    {"redux.sync.umax", kMasked, 4, kNone, reduce<uint32_t, most<uint32_t>>},
    {"redux.sync.umin", kMasked, 4, kNone, reduce<uint32_t, least<uint32_t>>},
    {"redux.sync.xor", kMasked, 4, kNone, reduce<uint32_t, bitXor>},
    {"shfl.sync.bfly.f32", kMasked, 0, kNone,
     shuffle<Shuffle::Butterfly, false>},
    {"shfl.sync.bfly.f32p", kMasked, 0, kNone,
     shuffle<Shuffle::Butterfly, true>},
    {"shfl.sync.bfly.i32", kMasked, 0, kNone,
     shuffle<Shuffle::Butterfly, false>},
    {"shfl.sync.bfly.i32p", kMasked, 0, kNone,
     shuffle<Shuffle::Butterfly, true>},
    {"shfl.sync.down.f32", kMasked, 0, kNone, shuffle<Shuffle::Down, false>},
    {"shfl.sync.down.f32p", kMasked, 0, kNone, shuffle<Shuffle::Down, true>},
    {"shfl.sync.down.i32", kMasked, 0, kNone, shuffle<Shuffle::Down, false>},
    {"shfl.sync.down.i32p", kMasked, 0, kNone, shuffle<Shuffle::Down, true>},
    {"shfl.sync.idx.f32", kMasked, 0, kNone, shuffle<Shuffle::Index, false>},
    {"shfl.sync.idx.f32p", kMasked, 0, kNone, shuffle<Shuffle::Index, true>},
    {"shfl.sync.idx.i32", kMasked, 0, kNone, shuffle<Shuffle::Index, false>},
    {"shfl.sync.idx.i32p", kMasked, 0, kNone, shuffle<Shuffle::Index, true>},
    {"shfl.sync.up.f32", kMasked, 0, kNone, shuffle<Shuffle::Up, false>},
    {"shfl.sync.up.f32p", kMasked, 0, kNone, shuffle<Shuffle::Up, true>},
    {"shfl.sync.up.i32", kMasked, 0, kNone, shuffle<Shuffle::Up, false>},
    {"shfl.sync.up.i32p", kMasked, 0, kNone, shuffle<Shuffle::Up, true>},
    {"vote.all.sync", kMasked, 0, kNone, vote<Vote::All>},
    {"vote.any.sync", kMasked, 0, kNone, vote<Vote::Any>},
    {"vote.ballot.sync", kMasked, 0, kNone, voteBallot},
    {"vote.uni.sync", kMasked, 0, kNone, vote<Vote::Uniform>},
};

} // namespace

std::span<const Instruction> warpInstructions() { return kInstructions; }

} // namespace attnjit::emulator
