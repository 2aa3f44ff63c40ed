//===- MaskTest.cpp - Masks keep exactly the keys that they say -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With q = 0 all weights of a row are equal, and with the identity for v the
// output is the weights: the set of keys that a row keeps can be read off its
// output, and is compared exactly with what the Interpreter keeps.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"
#include "Oracle.h"
#include "RandomCase.h"

#include "attnjit/Text/Printer.h"

#include <cmath>
#include <set>

using namespace attnjit;
using namespace attnjit::test;

/// At least as many as random shapes have keys.
static constexpr int64_t kKeys = 150;

static void fillForDecoding(Problem &problem) {
  forEachElement(problem.args.q, [](auto &, std::byte *address) {
    *reinterpret_cast<float *>(address) = 0;
  });
  forEachElement(problem.args.v, [](auto &index, std::byte *address) {
    *reinterpret_cast<float *>(address) = index[2] == index[3];
  });
  problem.args.scale = 1.0f;
}

static bool isMaskedByTensor(const Problem &problem, int64_t b, int64_t h,
                             int64_t i, int64_t j) {
  return problem.args.mask &&
         at<uint8_t>(*problem.args.mask, {b, h, i, j}) == 0;
}

/// The first thing wrong with what row (b, h, i) keeps; empty: nothing.
static std::string compareKeptSet(const Problem &problem, Oracle &oracle,
                                  int64_t b, int64_t h, int64_t i) {
  OracleRow want = oracle.row(b, h, i);
  int64_t count = 0;
  for (int64_t j = 0; j < problem.shape().Skv; ++j) {
    want.kept[j] = want.kept[j] && !isMaskedByTensor(problem, b, h, i, j);
    count += want.kept[j];
  }
  auto where = [&](int64_t j) {
    return " in row [" + std::to_string(b) + ", " + std::to_string(h) + ", " +
           std::to_string(i) + "], key " + std::to_string(j);
  };
  for (int64_t j = 0; j < problem.shape().Dv; ++j) {
    bool isKept = j < problem.shape().Skv && want.kept[j];
    double got = at<float>(problem.args.out, {b, h, i, j});
    if (!isKept && got != 0)
      return "a weight of " + std::to_string(got) + where(j);
    if (isKept && !(std::abs(got * static_cast<double>(count) - 1) < 1e-5))
      return std::to_string(got) + " for one of " + std::to_string(count) +
             " equal weights" + where(j);
  }
  if (!problem.args.lse)
    return {};
  double got = at<float>(*problem.args.lse, {b, h, i});
  double lse = count ? std::log(static_cast<double>(count)) : -INFINITY;
  if (got != lse && !(std::abs(got - lse) < 1e-5))
    return "lse " + std::to_string(got) + where(-1);
  return {};
}

static void expectKeptSets(const ModProgram &mod, Problem &problem,
                           const std::string &note) {
  fillForDecoding(problem);
  if (runEverywhere(mod, problem, note) != Outcome::Ran)
    return;
  Oracle oracle(mod, problem);
  const Shape &n = problem.shape();
  for (int64_t b = 0; b < n.B; ++b)
    for (int64_t h = 0; h < n.Hq(); ++h)
      for (int64_t i = 0; i < n.Sq; ++i) {
        std::string wrong = compareKeptSet(problem, oracle, b, h, i);
        ASSERT_TRUE(wrong.empty()) << wrong << "\n" << note;
      }
}

TEST(RandomMask, KeepsExactlyItsKeys) {
  std::set<std::string> distinct;
  forRandomSeeds(1000, 90, [&](uint64_t seed) {
    RandomExpr exprs(seed, randomModOptions(/*withScore=*/false,
                                            /*transcendentals=*/false));
    ModProgram mod = modOf({}, exprs.make(Type::Bool));
    distinct.insert(canonicalize(mod).keyText);
    Random random(seed);
    Shape shape = randomShape(random, 4, kKeys);
    Problem problem(mod, shape, seed, Captures::Interesting);
    makeOffsetsExtreme(problem);
    expectKeptSets(mod, problem, describeCase(mod, shape, seed));
  });
  if (!seedFromEnvironment())
    EXPECT_GE(distinct.size(), 45u) << "most of the masks are trivial";
}

/// Masks near those that people write: comparisons of sums of positions,
/// quotients and captures, joined by logic.
TEST(RandomMask, OfIntervalsKeepsExactlyItsKeys) {
  forRandomSeeds(5000, 60, [&](uint64_t seed) {
    Random random(seed);
    const Expr q = Expr::var(Var::Q), kv = Expr::var(Var::Kv);
    const Expr positions[] = {q,
                              kv,
                              Expr::make(Op::Sub, {q, kv}),
                              Expr::make(Op::Add, {q, kv}),
                              Expr::var(Var::H),
                              Expr::var(Var::KvLocal)};
    BufferDecl decl;
    decl.name = "limit";
    decl.element = DType::I32;
    decl.dims = {Dim::any()};
    decl.range.emplace(Scalar::i32(-8), Scalar::i32(160));
    auto value = [&](auto &self, int depth) -> Expr {
      Expr x = positions[below(random, std::size(positions))];
      Expr n = Expr::i32(static_cast<int32_t>(1 + below(random, 40)));
      switch (below(random, depth > 0 ? 7 : 4)) {
      case 0:
        return Expr::make(Op::FloorDiv, {x, n});
      case 1:
        return Expr::make(Op::Mod, {x, n});
      case 2:
        return n;
      case 3:
        return x;
      case 4:
        return Expr::make(Op::Abs, {self(self, depth - 1)});
      case 5:
        return Expr::load(decl, {{self(self, depth - 1)}});
      default:
        return Expr::make(oneIn(random, 2) ? Op::Min : Op::Max,
                          {self(self, depth - 1), n});
      }
    };
    auto condition = [&](auto &self, int depth) -> Expr {
      static constexpr Op kCompare[] = {Op::Lt, Op::Le, Op::Gt,
                                        Op::Ge, Op::Eq, Op::Ne};
      static constexpr Op kJoin[] = {Op::And, Op::And, Op::Or, Op::Xor};
      if (depth == 0 || oneIn(random, 4))
        return Expr::make(kCompare[below(random, std::size(kCompare))],
                          {value(value, 2), value(value, 2)});
      if (oneIn(random, 5))
        return Expr::make(Op::Not, {self(self, depth - 1)});
      return Expr::make(kJoin[below(random, std::size(kJoin))],
                        {self(self, depth - 1), self(self, depth - 1)});
    };
    ModProgram mod = modOf({}, condition(condition, 3));
    Shape shape = randomShape(random, 4, kKeys);
    Problem problem(mod, shape, seed);
    expectKeptSets(mod, problem, describeCase(mod, shape, seed));
  });
}

/// Ids that are no ids and offsets that decrease, in runs so long that tiles of
/// them are decided: they change what is kept as the mask says, and nothing
/// else.
TEST(Mask, InconsistentBuffersKeepWhatTheMaskSays) {
  static constexpr int32_t kHostile[] = {
      3, INT32_MIN, 2, INT32_MAX, -1, 100000, 0, INT32_MIN + 1, 4, 1, -7};
  for (const char *text :
       {"buffer doc : i32[Skv]\nmask = doc[q] == doc[kv] and q >= kv\n",
        "buffer doc : i32[Skv]\nmask = doc[q] == doc[kv]\n",
        "buffer doc : i32[Skv]\nbuffer start : i32[6]\n"
        "mask = doc[q] == doc[kv] and q - start[doc[q]] < 70\n",
        "buffer ends : i32[Skv]\nmask = kv < ends[q] and kv >= ends[q // 2]\n",
        "buffer page : i32[?]\n"
        "mask = q >= page[kv // 64] * 64 + kv % 64 and page[kv // 64] >= 0\n",
        "buffer top : i32[?, 4]\n"
        "mask = any(t in 0..4: top[q // 32, t] == kv // 16)\n"})
    for (uint64_t seed : {0, 2}) {
      ModProgram mod = parsed(text);
      Shape shape = {.B = 1, .Hkv = 1, .group = 2};
      shape.Sq = 300;
      shape.Skv = shape.Dv = 400;
      shape.D = 4;
      Problem problem(mod, shape, seed);
      for (const BufferDecl &decl : mod.buffers()) {
        const bool isTable = decl.name == "start" || decl.name == "top";
        int64_t n = 0;
        forEachElement(
            problem.buffer(decl.name), [&](auto &, std::byte *address) {
              const uint64_t at = seed + static_cast<uint64_t>(n++) /
                                             (isTable ? 1 : 40 + 23 * seed);
              *reinterpret_cast<int32_t *>(address) =
                  kHostile[at % std::size(kHostile)];
            });
      }
      expectKeptSets(mod, problem, describeCase(mod, shape, seed));
    }
}

/// Element `n` of ten where comparisons and conversions may go wrong: NaN,
/// zeros of both signs, ends of ranges, i64 values that i32 cannot hold.
static void setSpecial(const Tensor &tensor, int64_t k, int64_t n) {
  static constexpr float kFloats[] = {NAN,   0.0f,     -0.0f,     1.0f,
                                      -1.0f, INFINITY, -INFINITY, 0x1p-14f,
                                      2.0f,  -0x1p15f};
  static constexpr int64_t kWide[] = {
      INT64_MIN,       INT64_MAX, 1ll << 32, -1ll << 32, 5,
      (1ll << 32) + 5, 0,         -1,        INT32_MAX,  INT32_MIN};
  switch (tensor.dtype) {
  case DType::F32:
    at<float>(tensor, {k}) = kFloats[n];
    return;
  case DType::F16:
    at<uint16_t>(tensor, {k}) = floatToHalf(kFloats[n]);
    return;
  case DType::BF16:
    at<uint16_t>(tensor, {k}) = floatToBfloat(kFloats[n]);
    return;
  case DType::I32:
    at<int32_t>(tensor, {k}) = static_cast<int32_t>(kWide[n] >> (n & 4));
    return;
  case DType::I64:
    at<int64_t>(tensor, {k}) = kWide[n];
    return;
  case DType::U8:
  case DType::Bool:
    at<uint8_t>(tensor, {k}) = static_cast<uint8_t>(n * 28);
    return;
  }
}

/// Every comparison of every element type on all pairs of special elements.
TEST(Mask, ComparesElementsOfEveryType) {
  static constexpr DType kElements[] = {DType::F32, DType::F16, DType::BF16,
                                        DType::I32, DType::I64, DType::U8,
                                        DType::Bool};
  for (DType element : kElements) {
    auto load = [&](const char *name, Var position) {
      BufferDecl decl;
      decl.name = name;
      decl.element = element;
      decl.dims = {Dim::fixed(60)};
      return Expr::load(decl, {{Expr::var(position)}});
    };
    const Expr x = load("x", Var::QLocal), y = load("y", Var::KvLocal);
    // Row i compares by operation i % 6; bool has two of them.
    Expr mask = Expr::make(Op::Eq, {x, y});
    int32_t n = 0;
    for (Op op : {Op::Ne, Op::Lt, Op::Le, Op::Gt, Op::Ge}) {
      if (element == DType::Bool && op != Op::Ne)
        continue;
      Expr turn = Expr::make(Op::Mod, {Expr::var(Var::QLocal), Expr::i32(6)});
      turn = Expr::make(Op::Eq, {turn, Expr::i32(n++)});
      mask = Expr::make(Op::Where, {turn, Expr::make(op, {x, y}), mask});
    }
    ModProgram mod = modOf({}, mask);
    Shape shape = {.Sq = 60, .Skv = 60, .D = 4, .Dv = 60};
    Problem problem(mod, shape, 7);
    // All six operations meet all pairs.
    for (int64_t k = 0; k < 60; ++k) {
      setSpecial(problem.buffer("x"), k, k / 6);
      setSpecial(problem.buffer("y"), k, k % 10);
    }
    expectKeptSets(mod, problem, describeCase(mod, shape, 7));
  }
}
