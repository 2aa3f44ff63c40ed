//===- HotLoopTest.cpp - What the machine code must look like -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Speed itself is measured elsewhere. Here stands what it rests on and what a
// change elsewhere breaks without a wrong result: accumulators that stay in
// registers of the target's full width, as many multiplications for each
// broadcast as the schedule says, and no call out of the object.
//
//===----------------------------------------------------------------------===//

#include "EngineTesting.h"

#include "attnjit/Spec/Schedule.h"

#include "llvm/Object/ObjectFile.h"

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

using namespace attnjit;
using testing::IsEmpty;

namespace {

struct Block {
  std::string label;
  std::vector<std::string> lines;
};

/// Basic blocks of assembly text, by their labels.
std::vector<Block> blocksOf(const std::string &assembly) {
  std::vector<Block> blocks(1);
  std::istringstream stream(assembly);
  for (std::string line; std::getline(stream, line);) {
    if (line.find(':') != std::string::npos && line[0] != '\t' &&
        line[0] != '#')
      blocks.push_back({line.substr(0, line.find(':')), {}});
    else if (line.starts_with('\t') && !line.starts_with("\t."))
      blocks.back().lines.push_back(line);
  }
  return blocks;
}

using Lines = std::vector<std::string>;

int count(const Lines &lines, std::string_view text) {
  int found = 0;
  for (const std::string &line : lines)
    found += line.find(text) != std::string::npos;
  return found;
}

/// Innermost loops, of one block or more, that multiply matrices: no function
/// of a score that the tests use takes so many products.
std::vector<Lines> productLoops(const std::string &assembly) {
  std::vector<Block> blocks = blocksOf(assembly);
  std::map<std::string, size_t> place;
  std::set<std::pair<size_t, size_t>> ranges;
  for (size_t i = 0; i < blocks.size(); ++i) {
    place[blocks[i].label] = i;
    for (const std::string &line : blocks[i].lines)
      if (line.starts_with("\tj"))
        if (auto target = place.find(line.substr(line.rfind('\t') + 1));
            target != place.end())
          ranges.emplace(target->second, i);
  }
  std::vector<Lines> loops;
  for (auto [first, last] : ranges) {
    bool isInnermost = true;
    for (auto [otherFirst, otherLast] : ranges)
      isInnermost &= otherFirst < first || otherLast > last ||
                     (otherFirst == first && otherLast == last);
    Lines lines;
    for (size_t i = first; i <= last; ++i)
      lines.insert(lines.end(), blocks[i].lines.begin(), blocks[i].lines.end());
    if (isInnermost && count(lines, "vfmadd") > 36)
      loops.push_back(std::move(lines));
  }
  return loops;
}

std::string compile(std::string_view text, const AttentionSpec &spec,
                    const TargetSpec &target, Stage stage,
                    Entry entry = Entry::Prefill) {
  auto emitted = Engine::emit(parseText(text), spec, target, stage, entry);
  if (emitted)
    return *emitted;
  ADD_FAILURE() << emitted.error().message();
  return {};
}

/// Whether a line of the loop reads or writes the stack. A function without a
/// frame has any pointer in rbp, which the loop then moves along.
bool usesStack(const Lines &loop, const std::string &line) {
  auto contains = [](const std::string &text, const char *part) {
    return text.find(part) != std::string::npos;
  };
  const bool hasFrame = std::ranges::none_of(
      loop, [](const std::string &other) { return other.ends_with(", %rbp"); });
  return contains(line, "(%rsp)") || (hasFrame && contains(line, "(%rbp)"));
}

/// No accumulator leaves its register, and all of it is used.
void expectAccumulatorsStay(const Lines &loop, const TargetSpec &target) {
  const bool wide = target.is(CpuLevel::V4);
  const std::string vector = wide ? "%zmm" : "%ymm";
  int products = 0;
  for (const std::string &line : loop) {
    EXPECT_FALSE(usesStack(loop, line) && line.find("mm") != std::string::npos)
        << line;
    products +=
        line.starts_with("\tvfmadd") && line.find(vector) != std::string::npos;
  }
  EXPECT_EQ(products, count(loop, "vfmadd"));
  EXPECT_EQ(count(loop, "vmovaps\t" + vector), 0);
  EXPECT_EQ(count(loop, "call"), 0);
}

class HotLoopTest
    : public testing::TestWithParam<std::tuple<TargetSpec, const char *>> {
protected:
  TargetSpec target() const { return std::get<0>(GetParam()); }
  const char *mod() const { return std::get<1>(GetParam()); }
};

// Four turns of d, or four keys, of a tile's products each. A register that
// does not hold its accumulator shows as a stack access or as a move.
TEST_P(HotLoopTest, PrefillAccumulatorsStayInRegisters) {
  for (int64_t D : {64, 128}) {
    SCOPED_TRACE(D);
    const AttentionSpec spec = AttentionSpec::of(D);
    const PrefillSchedule s = PrefillSchedule::choose(spec, target());
    int whole = 0;
    for (const Lines &loop :
         productLoops(compile(mod(), spec, target(), Stage::Asm))) {
      if (count(loop, "vfmadd") != 4 * s.rows * s.columns)
        continue; // a score mod's, of several blocks
      ++whole;
      expectAccumulatorsStay(loop, target());
      EXPECT_EQ(count(loop, "vbroadcastss"), 4 * s.rows);
      // At most the loop's bound.
      EXPECT_LE(std::ranges::count_if(loop,
                                      [&](const std::string &line) {
                                        return usesStack(loop, line);
                                      }),
                count(loop, "\tcmpq\t"))
          << testing::PrintToString(loop);
    }
    // K Q and V P.
    EXPECT_EQ(whole, 2);
  }
}

// The prefetches' branches are in these loops, and scalars on the stack may be.
TEST_P(HotLoopTest, DecodeAccumulatorsStayInRegisters) {
  const AttentionSpec spec = AttentionSpec::of(128);
  const DecodeSchedule s = DecodeSchedule::choose(spec, target());
  int scores = 0, values = 0;
  for (const Lines &loop : productLoops(
           compile(mod(), spec, target(), Stage::Asm, Entry::Decode))) {
    const int products = count(loop, "vfmadd");
    const int broadcasts = count(loop, "vbroadcastss");
    scores += products == 4 * s.keys * s.rows && broadcasts == 0;
    values += products == 4 * s.rows * s.vectors && broadcasts == 4 * s.rows;
    if (products == 4 * s.keys * s.rows)
      expectAccumulatorsStay(loop, target());
  }
  EXPECT_GE(scores, 1);
  EXPECT_GE(values, 1);
}

INSTANTIATE_TEST_SUITE_P(
    Mods, HotLoopTest,
    testing::Combine(
        testing::ValuesIn(TargetSpec::cpus()),
        testing::Values("", "mask = q >= kv\n",
                        "mask = q >= kv\nscore = 30.0 * tanh(score / 30.0)\n",
                        "buffer doc : i32[Skv]\nbuffer slope : f32[Hq]\n"
                        "mask = doc[q] == doc[kv]\n"
                        "score = score - slope[h] * abs(q - kv)\n")));

// libm is slow and its results differ between machines; and the loader gives
// kernels no symbols.
TEST(KernelObjectTest, NeedsNoSymbol) {
  std::string everything =
      "buffer x : f16[Sq, Skv]\nparam p : f32\n"
      "score = exp(score) + exp2(score) + log(score) + log2(score)\n"
      "score = sqrt(score) + rsqrt(score) + tanh(score) + sigmoid(score)\n"
      "score = erf(score) + sin(score) + cos(score) + gelu(score)\n"
      "score = relu(score) + pow(score, p) + round(score) + floor(score)\n"
      "score = ceil(score) + trunc(score) + f32(i32(score)) + x[q, kv]\n"
      "score = min(score, p) + max(score, 1.0) + sign(score) + abs(score)\n"
      "mask = q // 3 % (kv + 1) << h != kv >> 2\n";
  for (auto [target, D] : {std::pair<TargetSpec, int64_t>{{CpuLevel::V3}, 1},
                           {{CpuLevel::V3}, 7},
                           {{CpuLevel::V3}, 512},
                           {{CpuLevel::V4}, 7},
                           {{CpuLevel::V4}, 128}})
    for (const std::string &text : {std::string(), everything}) {
      SCOPED_TRACE(testing::Message() << target.name() << ", D = " << D);
      std::string bytes =
          compile(text, AttentionSpec::of(D), target, Stage::Obj);
      auto object = llvm::object::ObjectFile::createObjectFile(
          llvm::MemoryBufferRef(bytes, "kernel.o"));
      ASSERT_TRUE(static_cast<bool>(object));
      std::vector<std::string> undefined;
      for (const llvm::object::SymbolRef &symbol : (*object)->symbols()) {
        auto flags = symbol.getFlags();
        auto name = symbol.getName();
        ASSERT_TRUE(flags && name);
        if (*flags & llvm::object::SymbolRef::SF_Undefined && !name->empty())
          undefined.push_back(name->str());
      }
      EXPECT_THAT(undefined, IsEmpty());
    }
}

} // namespace
