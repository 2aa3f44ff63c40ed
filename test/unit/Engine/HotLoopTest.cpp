//===- HotLoopTest.cpp - What the machine code must look like -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Speed itself is measured elsewhere. Here stands what it rests on and what a
// change elsewhere breaks without a wrong result: 12 accumulators that stay in
// registers, three multiplications for each broadcast, and no call out of the
// object.
//
//===----------------------------------------------------------------------===//

#include "EngineTesting.h"

#include "llvm/Object/ObjectFile.h"

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

int count(const Block &block, std::string_view text) {
  int found = 0;
  for (const std::string &line : block.lines)
    found += line.find(text) != std::string::npos;
  return found;
}

/// Blocks that jump to themselves and multiply matrices: no function of a
/// score takes so many products.
std::vector<Block> productLoops(const std::string &assembly) {
  std::vector<Block> loops;
  for (const Block &block : blocksOf(assembly)) {
    bool jumpsBack = false;
    for (const std::string &line : block.lines)
      jumpsBack |=
          line.starts_with("\tj") && line.ends_with("\t" + block.label);
    if (jumpsBack && count(block, "vfmadd") > 36)
      loops.push_back(block);
  }
  return loops;
}

std::string compile(std::string_view text, const AttentionSpec &spec,
                    Stage stage) {
  auto emitted = Engine::emit(parseText(text), spec, TargetSpec(), stage);
  if (emitted)
    return *emitted;
  ADD_FAILURE() << emitted.error().message();
  return {};
}

class HotLoopTest : public testing::TestWithParam<const char *> {};

// Four turns of d, or four keys, of 4 x 3 products each. A register that does
// not hold its accumulator shows as a stack access or as a move.
TEST_P(HotLoopTest, AccumulatorsStayInRegisters) {
  for (int64_t D : {64, 128}) {
    SCOPED_TRACE(D);
    std::vector<Block> loops =
        productLoops(compile(GetParam(), AttentionSpec::of(D), Stage::Asm));
    // K Q and V P.
    EXPECT_GE(loops.size(), 2u);
    for (const Block &loop : loops) {
      SCOPED_TRACE(loop.label);
      int products = count(loop, "vfmadd");
      EXPECT_EQ(products, 48);
      EXPECT_EQ(count(loop, "vbroadcastss"), products / 3);
      EXPECT_EQ(count(loop, "(%rsp)") + count(loop, "(%rbp)"), 0)
          << testing::PrintToString(loop.lines);
      EXPECT_EQ(count(loop, "call"), 0);
      EXPECT_EQ(count(loop, "vmovaps\t%ymm"), 0);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Mods, HotLoopTest,
    testing::Values("", "mask = q >= kv\n",
                    "mask = q >= kv\nscore = 30.0 * tanh(score / 30.0)\n",
                    "buffer doc : i32[Skv]\nbuffer slope : f32[Hq]\n"
                    "mask = doc[q] == doc[kv]\n"
                    "score = score - slope[h] * abs(q - kv)\n"));

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
  for (int64_t D : {1, 7, 512})
    for (const std::string &text : {std::string(), everything}) {
      SCOPED_TRACE(D);
      std::string bytes = compile(text, AttentionSpec::of(D), Stage::Obj);
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
