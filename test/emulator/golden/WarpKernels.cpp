//===- WarpKernels.cpp - Shuffles, votes, reductions ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each once with all lanes and once with a half of them, several warps, of
// which each is a case of its own.
//
//===----------------------------------------------------------------------===//

#include "GoldenCall.h"
#include "HostileInputs.h"

#include <fmt/format.h>

namespace attnjit::golden {

namespace {

constexpr uint32_t kLanes = 32, kWarps = 8, kThreads = kLanes * kWarps;
constexpr uint32_t kAll = 0xffffffff;

/// One warp a block.
void setWarps(GoldenKernel &kernel) { kernel.grid = {kWarps, 1, 1}; }

//===--- shfl.sync --------------------------------------------------------===//

/// (mask, value, lane, control) for each thread. Of all lanes anything goes;
/// of the lower half, segments of 16 keep sources among them.
Words shuffleInputs(bool isHalf, uint64_t seed) {
  const Words random = randomWords(3 * kThreads, seed);
  Words in;
  for (uint32_t i = 0; i < kThreads; ++i) {
    const uint32_t by = random[3 * i + 1], control = random[3 * i + 2];
    in.push_back(kAll);
    in.push_back(random[3 * i]);
    if (isHalf)
      in.insert(in.end(), {by & 0xf, 0x1000 | (control & 0xf)});
    else if (i < kThreads / 2) // what compilers write
      in.insert(in.end(), {by & 0x1f, i / kLanes % 2 ? 0x1fu : 0u});
    else
      in.insert(in.end(), {by, control & 0x1f1f});
  }
  return in;
}

void addShuffles(uint64_t seed, std::vector<GoldenKernel> &all) {
  for (const char *mode : {"bfly", "down", "idx", "up"})
    for (const char *type : {"f32", "f32p", "i32", "i32p"})
      for (GoldenKernel &kernel :
           kernelsOf(fmt::format("shfl.sync.{}.{}", mode, type),
                     fmt::format("shfl.sync.{}.b32", mode))) {
        const std::string value = type[0] == 'f' ? "float" : "i32";
        Call call = {.results = {value},
                     .operands = {"i32", value, "i32", "i32"}};
        if (type[3] == 'p')
          call.results.emplace_back("i1");
        setWarps(kernel);
        GoldenKernel half = kernel;
        kernel.inputsName = "all";
        kernel.in = shuffleInputs(false, seed);
        setCall(kernel, call);
        half.inputsName = "half";
        half.in = shuffleInputs(true, seed);
        setMaskedCall(half, call, 0x0000ffff, 0);
        all.push_back(std::move(kernel));
        all.push_back(std::move(half));
      }
}

//===--- vote, match, redux -----------------------------------------------===//

struct Collective {
  std::string_view instruction, ptx;
  Call call;
  uint32_t maskWord;
};

std::vector<Collective> collectives() {
  const Call vote = {.results = {"i1"}, .operands = {"i32", "i1"}};
  const Call reduction = {.results = {"i32"}, .operands = {"i32", "i32"}};
  return {
      {"match.all.sync.i32p",
       "match.all.sync.b32",
       {.results = {"i32", "i1"}, .operands = {"i32", "i32"}},
       0},
      {"match.all.sync.i64p",
       "match.all.sync.b64",
       {.results = {"i32", "i1"}, .operands = {"i32", "i64"}},
       0},
      {"match.any.sync.i32", "match.any.sync.b32", reduction, 0},
      {"match.any.sync.i64",
       "match.any.sync.b64",
       {.results = {"i32"}, .operands = {"i32", "i64"}},
       0},
      {"redux.sync.add", "redux.sync.add.s32", reduction, 1},
      {"redux.sync.and", "redux.sync.and.b32", reduction, 1},
      {"redux.sync.max", "redux.sync.max.s32", reduction, 1},
      {"redux.sync.min", "redux.sync.min.s32", reduction, 1},
      {"redux.sync.or", "redux.sync.or.b32", reduction, 1},
      {"redux.sync.umax", "redux.sync.max.u32", reduction, 1},
      {"redux.sync.umin", "redux.sync.min.u32", reduction, 1},
      {"redux.sync.xor", "redux.sync.xor.b32", reduction, 1},
      {"vote.all.sync", "vote.sync.all.pred", vote, 0},
      {"vote.any.sync", "vote.sync.any.pred", vote, 0},
      {"vote.ballot.sync",
       "vote.sync.ballot.b32",
       {.results = {"i32"}, .operands = {"i32", "i1"}},
       0},
      {"vote.uni.sync", "vote.sync.uni.pred", vote, 0},
  };
}

/// A warp of random words, of few different ones, of one, of one with an
/// exception, and extremes.
Words collectiveInputs(uint32_t words, uint32_t maskWord, uint64_t seed) {
  const Words random = randomWords(words * kThreads, seed);
  const Words extremes = hostileIntegers(1, kThreads, seed);
  Words in = random;
  for (uint32_t i = 0; i < kThreads; ++i)
    for (uint32_t w = 0; w < words; ++w) {
      uint32_t &word = in[words * i + w];
      const uint32_t warp = i / kLanes, lane = i % kLanes;
      if (w == maskWord)
        word = kAll;
      else if (warp == 1)
        word &= 3;
      else if (warp == 2 || warp == 3 || warp == 4)
        word = warp == 2 ? 0 : 0x80000001;
      else if (warp == 5)
        word = extremes[i];
      // One bit of a lane of the half; of two words the upper.
      if (warp == 4 && lane == 14 && w == (maskWord == 0 ? words - 1 : 0))
        word ^= 1;
    }
  return in;
}

void addCollectives(uint64_t seed, std::vector<GoldenKernel> &all) {
  for (const Collective &one : collectives())
    for (GoldenKernel &kernel : kernelsOf(one.instruction, one.ptx)) {
      setWarps(kernel);
      const uint32_t words = one.call.operands[1] == "i64" ? 3 : 2;
      kernel.in = collectiveInputs(words, one.maskWord, seed);
      GoldenKernel half = kernel;
      kernel.inputsName = "all";
      setCall(kernel, one.call);
      half.inputsName = "half";
      setMaskedCall(half, one.call, 0x5a5af0f6, one.maskWord);
      all.push_back(std::move(kernel));
      all.push_back(std::move(half));
    }
}

//===--- what is open but for a property ----------------------------------===//

/// That the calling lane is among those that are active.
void addActiveMask(std::vector<GoldenKernel> &all) {
  for (GoldenKernel &kernel : kernelsOf("activemask", "activemask.b32")) {
    kernel.outputs = 1;
    kernel.body = "  %active = call i32 @llvm.nvvm.activemask()\n"
                  "  %mine = lshr i32 %active, %tid\n"
                  "  %o0 = and i32 %mine, 1\n";
    all.push_back(std::move(kernel));
  }
}

/// That the leader is of the mask, the same for all, and the one that is told
/// so.
void addElect(std::vector<GoldenKernel> &all) {
  constexpr uint32_t kMask = 0x00f0a800;
  for (GoldenKernel &kernel : kernelsOf("elect.sync", "elect.sync", 90)) {
    kernel.outputs = 4;
    kernel.body = fmt::format(R"(
  %bit = shl i32 1, %tid
  %in.mask = and i32 %bit, {0}
  %takes.part = icmp ne i32 %in.mask, 0
  br i1 %takes.part, label %inside, label %end
inside:
  %r = call {{i32, i1}} @llvm.nvvm.elect.sync(i32 {0})
  %leader = extractvalue {{i32, i1}} %r, 0
  %is.leader = extractvalue {{i32, i1}} %r, 1
  %shifted = lshr i32 {0}, %leader
  %t0 = and i32 %shifted, 1
  %least = call i32 @llvm.nvvm.redux.sync.umin(i32 %leader, i32 {0})
  %most = call i32 @llvm.nvvm.redux.sync.umax(i32 %leader, i32 {0})
  %t1 = sub i32 %most, %least
  %is.it = icmp eq i32 %leader, %tid
  %agree = icmp eq i1 %is.it, %is.leader
  %t2 = zext i1 %agree to i32
  %t3 = call i32 @llvm.nvvm.vote.ballot.sync(i32 {0}, i1 %agree)
  br label %end
end:
  %o0 = phi i32 [%t0, %inside], [-1, %start]
  %o1 = phi i32 [%t1, %inside], [-1, %start]
  %o2 = phi i32 [%t2, %inside], [-1, %start]
  %o3 = phi i32 [%t3, %inside], [-1, %start]
)",
                              kMask);
    all.push_back(std::move(kernel));
  }
}

} // namespace

std::vector<GoldenKernel> warpKernels(uint64_t seed) {
  std::vector<GoldenKernel> all;
  addShuffles(seed, all);
  addCollectives(seed, all);
  addActiveMask(all);
  addElect(all);
  return all;
}

} // namespace attnjit::golden
