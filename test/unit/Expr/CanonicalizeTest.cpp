//===- CanonicalizeTest.cpp - Which mods share a kernel -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Mods that differ only in what a kernel cannot see give one key text; every
// difference that it can see gives another.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Builder.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

using namespace attnjit;
using namespace attnjit::dsl;

namespace {

CanonicalMod canonical(const ModBuilder &builder) {
  auto mod = builder.build();
  EXPECT_TRUE(mod) << mod.error().message();
  return canonicalize(mod ? *mod : ModProgram::identity());
}

std::string key(const ModBuilder &builder) {
  return canonical(builder).keyText;
}

TEST(Canonicalize, NamesAndDefaultsAndOrderDoNotMatter) {
  auto make = [](std::string mod, std::string table, std::string limit,
                 bool declareFirst) {
    auto slopes = buffer<F32>(table, {Hq});
    auto window = declareFirst ? param<I32>(limit) : param<I32>(limit, 7);
    ModBuilder builder(mod);
    if (declareFirst)
      builder.param(param<Bool>("unused")).param(window).buffer(slopes);
    return builder.score(score - slopes[h] * abs(q - kv)).mask(q - kv < window);
  };
  std::string one = key(make("one", "slopes", "window", false));
  // Names in every alphabetical order.
  EXPECT_EQ(one, key(make("two", "a", "z", true)));
  EXPECT_EQ(one, key(make("", "z", "a", false)));
  EXPECT_EQ(one, key(make("p", "p0", "b0", true)));
}

TEST(Canonicalize, CommutativeOrderDoesNotDependOnNames) {
  // Whatever order simplification gives to operands, it cannot come from the
  // names that the author gave.
  std::set<std::string> keys;
  for (int i = 0; i < 50; ++i) {
    auto x = param<I32>("x" + std::to_string(i)),
         y = param<I32>("y" + std::to_string(50 - i));
    keys.insert(key(ModBuilder().mask(q * x + kv * y < x - y)));
  }
  EXPECT_EQ(keys.size(), 1u);
}

TEST(Canonicalize, GradIsNotSeen) {
  auto x = buffer<F32>("x", {Hq});
  EXPECT_EQ(key(ModBuilder().score(score + x[h])),
            key(ModBuilder().score(score + x.grad()[h])));
}

TEST(Canonicalize, HooksThatDoNothingGo) {
  std::string identity = canonicalize(ModProgram::identity()).keyText;
  EXPECT_EQ(key(ModBuilder().score(score).mask(true).prob(prob)), identity);
  CanonicalMod mod = canonical(ModBuilder("named").score(score).mask(q >= kv));
  EXPECT_FALSE(mod.program.score());
  EXPECT_TRUE(mod.program.mask());
  EXPECT_EQ(mod.program.name(), "");
  // A mask that keeps nothing is no identity.
  EXPECT_NE(key(ModBuilder().mask(false)), identity);
}

TEST(Canonicalize, EveryVisibleDifferenceIsInTheKey) {
  auto x = [](const std::vector<Axis> &axes, DType element = DType::F32) {
    return buffer<F32>("x", element, axes);
  };
  auto i = buffer<I32>("x", {any});
  auto f = param<F32>("p");
  auto n = param<I32>("p");
  auto isIn = [&](int64_t lo, int64_t hi) {
    return ModBuilder().mask(any(lo, hi, [&](I32 t) { return i[t] == kv; }));
  };
  const std::vector<ModBuilder> mods = {
      ModBuilder(),
      ModBuilder().normalize(Normalize::None),
      ModBuilder().score(score + f),
      ModBuilder().prob(prob + f),
      ModBuilder().sink(f),
      ModBuilder().score(score + n),
      ModBuilder().score(score - f),
      ModBuilder().score(f - score),
      ModBuilder().score(-score + f * 0.5),
      ModBuilder().score(score + x({Hq})[h]),
      ModBuilder().score(score + x({Hkv})[h]),
      ModBuilder().score(score + x({any})[h]),
      ModBuilder().score(score + x({4})[h]),
      ModBuilder().score(score + x({5})[h]),
      ModBuilder().score(score + x({any}, DType::F16)[h]),
      ModBuilder().score(score + x({any}, DType::BF16)[h]),
      ModBuilder().score(score + x({any, any})[h][h]),
      ModBuilder().score(score + x({any})[q]),
      ModBuilder().score(score + x({any}).in(0, 1)[h]),
      ModBuilder().score(score + x({any}).in(0, 2)[h]),
      ModBuilder().score(score + x({any}).in(-1, 1)[h]),
      ModBuilder().score(score + x({any}).sorted()[h]),
      ModBuilder().score(score + i[h]),
      ModBuilder().score(score + buffer<I32>("x", DType::I64, {any})[h]),
      ModBuilder().score(score + buffer<I32>("x", DType::U8, {any})[h]),
      ModBuilder().score(score * 2),
      ModBuilder().score(score * 3),
      ModBuilder().score(score + 0.25),
      ModBuilder().score(score + q),
      ModBuilder().score(score + kv),
      ModBuilder().score(score + q_local),
      ModBuilder().score(score + kvh),
      ModBuilder().score(score + Sq),
      ModBuilder().score(score + Hq),
      ModBuilder().score(score + Hq_global),
      ModBuilder().mask(q < kv),
      ModBuilder().mask(q <= kv),
      ModBuilder().mask(q == kv),
      ModBuilder().mask(false),
      isIn(0, 4),
      isIn(1, 4),
      isIn(0, 5),
      ModBuilder().mask(all(0, 4, [&](I32 t) { return i[t] == kv; })),
      ModBuilder().mask(any(0, 4,
                            [&](I32 t) {
                              return all(0, 3, [&](I32 u) {
                                return i[t + 2 * u] == kv;
                              });
                            })),
      ModBuilder().mask(any(0, 4,
                            [&](I32 t) {
                              return all(0, 3, [&](I32 u) {
                                return i[u + 2 * t] == kv;
                              });
                            })),
  };
  std::set<std::string> keys;
  for (const ModBuilder &mod : mods)
    EXPECT_TRUE(keys.insert(key(mod)).second) << key(mod);
}

TEST(Canonicalize, SourcesNameTheOriginalCaptures) {
  auto first = param<I32>("first"), second = param<I32>("second");
  auto one = buffer<F32>("one", {any}), two = buffer<F32>("two", {any});
  CanonicalMod mod = canonical(ModBuilder()
                                   .param(param<F32>("unused"))
                                   .param(second)
                                   .param(first)
                                   .buffer(two)
                                   .buffer(buffer<F32>("gone", {any}))
                                   .buffer(one)
                                   .score(score + one[h])
                                   .mask(q < first)
                                   .mask(kv < second)
                                   .sink(two[h]));
  ASSERT_EQ(mod.paramSource.size(), 2u);
  ASSERT_EQ(mod.bufferSource.size(), 2u);
  EXPECT_EQ(std::set(mod.paramSource.begin(), mod.paramSource.end()),
            (std::set{1, 2}));
  EXPECT_EQ(mod.bufferSource, (std::vector{2, 0}));
  for (size_t k = 0; k < mod.program.params().size(); ++k)
    EXPECT_EQ(mod.program.params()[k].name, "p" + std::to_string(k));
  EXPECT_EQ(mod.program.buffers()[0].name, "b0");
}

TEST(Canonicalize, IsIdempotent) {
  auto x = buffer<I32>("x", {any}).sorted();
  CanonicalMod once = canonical(
      ModBuilder("n")
          .score(where(x[q] > 0, score * 2, tanh(score)) + param<F32>("p", 1))
          .mask(any(0, 3, [&](I32 t) { return x[t + q] >= kv; })));
  CanonicalMod twice = canonicalize(once.program);
  EXPECT_EQ(once.program, twice.program);
  EXPECT_EQ(once.keyText, twice.keyText);
  EXPECT_EQ(twice.paramSource, std::vector{0});
}

TEST(Canonicalize, KeysAreLinearInDistinctNodes) {
  F32 s = score;
  for (int i = 0; i < 200; ++i)
    s = sin(s) * s; // a tree of 2^200 nodes
  std::string text = key(ModBuilder().score(s));
  EXPECT_LT(text.size(), 200u * 60);
}

TEST(Canonicalize, MeetsTheLimitOfNodes) {
  // As large as a mod may be: the canonical one is lawful too.
  std::vector<I32> level;
  std::mt19937 random(3);
  for (int i = 0; i < 20000; ++i)
    level.push_back(q * static_cast<int>(random() >> 2));
  while (level.size() > 1) {
    std::vector<I32> next;
    for (size_t i = 0; i + 1 < level.size(); i += 2)
      next.push_back(level[i] + level[i + 1]);
    if (level.size() % 2)
      next.push_back(level.back());
    level = std::move(next);
  }
  CanonicalMod mod = canonical(ModBuilder().score(level[0]));
  EXPECT_TRUE(mod.program.score());
}

} // namespace
