//===- AxisUseTest.cpp - Which buffer axes positions subscript ------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/AxisUse.h"

#include "Formula.h"

#include <gtest/gtest.h>

using namespace attnjit;
using namespace attnjit::test;

namespace {

X load(const BufferDecl &buffer, std::vector<Expr> subscripts) {
  return Expr::load(buffer, subscripts);
}

TEST(AxisUse, FindsExactSubscriptsInEveryHook) {
  const X q = Var::Q, kv = Var::Kv, h = Var::H, score = Var::Score;
  auto make = [](const char *name, DType type, int rank) {
    std::vector<Dim> dims(rank, Dim::any());
    return BufferDecl{name, type, dims, {}, false, false};
  };
  BufferDecl unused = make("unused", DType::F32, 1);
  BufferDecl bias = make("bias", DType::F32, 3);
  BufferDecl doc = make("doc", DType::I32, 1);
  BufferDecl start = make("start", DType::I32, 1);
  BufferDecl moved = make("moved", DType::I32, 1);
  BufferDecl sinks = make("sinks", DType::F32, 2);

  ModParts parts;
  parts.score = score + load(bias, {h, q, kv}) + load(bias, {h, kv, q + 1});
  parts.mask = (load(start, {load(doc, {q})}) <= kv) &
               (load(moved, {kv + 1}) == load(moved, {min(q, 5)}));
  parts.prob = X(Var::Prob) * load(doc, {kv});
  parts.sink = load(sinks, {h, q});
  parts.buffers = {unused, bias, doc, start, moved, sinks};
  auto mod = ModProgram::create(parts);
  ASSERT_TRUE(mod) << mod.error().message();

  auto uses = computeAxisUse(*mod);
  constexpr AxisUse none, byQ{true, false}, byKv{false, true},
      byBoth{true, true};
  using Axes = std::array<AxisUse, kMaxBufferRank>;
  ASSERT_EQ(uses.size(), 6u);
  EXPECT_EQ(uses[0], (Axes{none, none, none, none}));
  EXPECT_EQ(uses[1], (Axes{none, byBoth, byKv, none}));
  EXPECT_EQ(uses[2], (Axes{byBoth, none, none, none}));
  EXPECT_EQ(uses[3], Axes());
  EXPECT_EQ(uses[4], Axes());
  EXPECT_EQ(uses[5], (Axes{none, byQ, none, none}));
}

TEST(AxisUse, ProvesSubscriptsFromConstants) {
  const X q = Var::Q, kv = Var::Kv, h = Var::H, kvh = Var::KvH;
  const X kvLocal = Var::KvLocal;
  BufferDecl table = {"table",
                      DType::F32,
                      {Dim::fixed(16), Dim::of(Size::Hkv), Dim::fixed(256)},
                      {},
                      false,
                      false};
  BufferDecl bytes = {"bytes", DType::U8, {Dim::any()}, {}, false, false};
  const X byte = load(bytes, {kv});
  EXPECT_EQ(provenAxes(load(table, {q % 16, kvh, byte})), 7u);
  EXPECT_EQ(provenAxes(load(table, {q % 17, kvh, byte + 1})), 2u);
  EXPECT_EQ(provenAxes(load(table, {min(max(q, 0), 15), h, q})), 1u);
  EXPECT_EQ(provenAxes(load(table, {min(max(q, -1), 15), h, q})), 0u);
  // Lanes past the last key compute, too; sizes of `?` are not known.
  EXPECT_EQ(provenAxes(load(bytes, {kv % 1})), 0u);
  BufferDecl keys = {"keys", DType::F32, {Dim::of(Size::Skv)},
                     {},     false,      false};
  EXPECT_EQ(provenAxes(load(keys, {kvLocal})), 0u);
}

TEST(AxisUse, IdentityHasNone) {
  EXPECT_TRUE(computeAxisUse(ModProgram::identity()).empty());
}

} // namespace
