//===- TileBoundsCorpusTest.cpp - Masks that people use -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The masks of known attention variants over random tiles, against all pairs.
// Each is marked Exact (every empty and every full tile is found), Empty
// (every empty one is) or Sound (no wrong verdict is all that is asked, since
// the mask reads buffers by position or correlates its conjuncts).
//
//===----------------------------------------------------------------------===//

#include "Formula.h"
#include "TileOracle.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>

using namespace attnjit;
using namespace attnjit::test;

namespace {

constexpr int32_t kS = 64;
constexpr int kBlock = 8;

enum class Want { Exact, Empty, Sound };

struct Mask {
  const char *name;
  Want want;
  Expr expr;
};

/// Captured buffers and params with their values.
class Data {
public:
  Captures captures;

  X param(const char *name, int32_t value) {
    captures.paramDecls.push_back({name, Type::I32, {}});
    captures.params.push_back(Scalar::i32(value));
    return Expr::param(captures.paramDecls.back());
  }

  struct Buffer {
    BufferDecl decl;
    template <typename... Subscripts> X operator()(Subscripts... s) const {
      std::vector<Expr> subscripts = {X(s).e...};
      return Expr::load(decl, subscripts);
    }
  };

  template <typename Value>
  Buffer buffer(const char *name, DType element, std::vector<int64_t> shape,
                Value valueAt) {
    BufferView view;
    view.element = element;
    view.rank = static_cast<int>(shape.size());
    BufferDecl decl{name, element, {}, {}, false, false};
    int64_t count = 1;
    for (size_t axis = shape.size(); axis-- > 0;) {
      view.size[axis] = shape[axis];
      view.stride[axis] = count;
      count *= shape[axis];
      decl.dims.insert(decl.dims.begin(), Dim::fixed(shape[axis]));
    }
    if (element == DType::Bool) {
      auto &values = bools.emplace_back(count);
      for (int64_t i = 0; i < count; ++i)
        values[i] = valueAt(i) != 0;
      view.data = values.data();
    } else {
      auto &values = ints.emplace_back(count);
      for (int64_t i = 0; i < count; ++i)
        values[i] = valueAt(i);
      view.data = values.data();
    }
    captures.bufferDecls.push_back(decl);
    captures.buffers.push_back(view);
    return {decl};
  }

private:
  std::deque<std::vector<int32_t>> ints;
  std::deque<std::vector<uint8_t>> bools;
};

const X q = Var::Q, kv = Var::Kv, b = Var::B, h = Var::H;

/// Masks of positions, constants and params: closed forms.
std::vector<Mask> closedMasks(Data &data) {
  X W = data.param("W", 9), P = data.param("P", 21), n = data.param("n", 8);
  X Sq = Expr::size(Size::Sq), Skv = Expr::size(Size::Skv);
  X causal = q >= kv;
  X xi = q / 10, yi = q % 10, xj = kv / 10, yj = kv % 10;
  return {
      {"noop", Want::Exact, Expr::boolean(true)},
      {"nothing", Want::Exact, Expr::boolean(false)},
      {"causal", Want::Exact, causal},
      {"strictly causal", Want::Exact, q > kv},
      {"causal bottom-right", Want::Exact, kv <= q + (Skv - Sq)},
      {"sliding causal", Want::Exact, causal & (q - kv < W)},
      {"sliding causal, constant", Want::Exact, (q - kv <= 9) & causal},
      {"sliding causal, by sums", Want::Exact,
       (kv + Sq + W >= Skv + q) & causal},
      {"window with two sides", Want::Exact,
       (kv >= q + 3 - W) & (kv <= q + 3 + P)},
      {"symmetric window", Want::Exact, abs(q - kv) <= W},
      {"window of distances <= -3", Want::Exact, kv - q <= -3},
      {"dilated", Want::Sound, (abs(q - kv) <= W) & (abs(q - kv) % 4 == 0)},
      {"dilated causal", Want::Sound,
       causal & (q - kv < 24) & ((q - kv) % 2 == 0)},
      {"prefix", Want::Exact, (kv < P) | causal},
      {"block diagonal", Want::Exact, q / 8 == kv / 8},
      {"block diagonal, run-time", Want::Exact, q / n == kv / n},
      {"block diagonal by shifts", Want::Exact, q >> 3 == kv >> 3},
      {"block diagonal by bits", Want::Exact, (q & ~7) == (kv & ~7)},
      {"block causal", Want::Exact, kv / 8 <= q / 8},
      {"chunked causal", Want::Exact, (q / 12 == kv / 12) & causal},
      {"chunk start", Want::Exact, kv >= q - q % 12},
      {"chunk start by quotient", Want::Exact, kv >= q - q / 12 * 12},
      {"batchify", Want::Sound, (q / 12 == kv / 12) & (q % 12 >= kv % 12)},
      {"strided", Want::Sound, causal & ((q - kv < 6) | ((q - kv) % 8 == 0))},
      {"streaming sink", Want::Empty, ((kv < 4) | (q - kv < W)) & causal},
      {"neighbourhood 2-D", Want::Sound,
       (abs(clamp(xi, 1, 5) - xj) <= 1) & (abs(clamp(yi, 2, 7) - yj) <= 2)},
      {"2-D window", Want::Sound, (abs(xi - xj) <= 2) & (abs(yi - yj) <= 3)},
      {"2-D disc", Want::Sound,
       (xi - xj) * (xi - xj) + (yi - yj) * (yi - yj) <= 9},
      {"disc of distance", Want::Exact, (q - kv) * (q - kv) <= 50},
      {"frames", Want::Sound,
       (kv < 5) | (q < 5) | (abs(q - kv) < 13 * 8 / 16 * 2)},
      {"blocks after a prefix", Want::Sound,
       (kv < P) |
           ((kv >= P) & (q / 8 == (kv - P) / 8) & ((kv - P) % 8 <= q % 8))},
      {"block diffusion", Want::Sound,
       ((q % 32 / 8 == kv % 32 / 8) & ((q >= 32) == (kv >= 32))) |
           ((q % 32 / 8 > kv % 32 / 8) & (kv >= 32) & (q < 32)) |
           ((q % 32 / 8 >= kv % 32 / 8) & (kv >= 32) & (q >= 32))},
      {"shifted windows", Want::Sound, (q + 5) % 64 / 16 == (kv + 5) % 64 / 16},
      {"xor", Want::Sound, causal ^ (q / 8 == kv / 8)},
      {"not", Want::Exact, !(causal & (q - kv < W))},
      {"heads choose", Want::Exact,
       where(h % 2 == 0, causal, abs(q - kv) <= W)},
      {"queries choose", Want::Sound, where(q < 32, causal, abs(q - kv) <= W)},
      {"dilation by head", Want::Exact, q - kv < (X(1) << h) * 4},
      {"clamped distance", Want::Exact, clamp(q - kv, -20, 20) >= 3},
      {"sign of distance", Want::Exact, sign(q - kv) >= 0},
      {"extremes", Want::Exact, max(q, kv) <= 40},
      {"any of three", Want::Sound,
       reduce(ReduceKind::Any, 0, 3,
              [](X t) { return (q / 8 == t * 2) & (kv / 8 == t); })},
      {"all of many", Want::Exact,
       reduce(ReduceKind::All, 0, 20, [](X t) { return q + t >= kv; })},
      {"largest of many", Want::Exact,
       reduce(ReduceKind::Max, 0, 100, [](X t) { return min(t, kv); }) <= q},
      {"sum of few", Want::Exact,
       reduce(ReduceKind::Sum, 0, 4, [](X t) { return t * 0 + kv; }) <= 100},
  };
}

/// Masks that read buffers.
std::vector<Mask> capturedMasks(Data &data, std::mt19937 &random) {
  auto upTo = [&](int n) {
    return static_cast<int32_t>(random() % static_cast<unsigned>(n));
  };
  X causal = q >= kv;
  auto len = data.buffer("len", DType::I32, {2},
                         [&](int64_t) { return upTo(kS + 9) - 4; });
  auto doc = data.buffer("doc", DType::I32, {kS}, [&](int64_t i) {
    return static_cast<int32_t>(i / 11);
  });
  auto offset = data.buffer("offset", DType::I32, {8}, [&](int64_t i) {
    return static_cast<int32_t>(i * 11);
  });
  auto global = data.buffer("global", DType::Bool, {kS},
                            [&](int64_t) { return upTo(9) == 0; });
  auto map = data.buffer("map", DType::Bool, {2, 2, kBlock, kBlock},
                         [&](int64_t) { return upTo(2); });
  auto top = data.buffer("top", DType::I32, {2, kBlock, 3},
                         [&](int64_t) { return upTo(kBlock); });
  auto slices = data.buffer("slices", DType::I32, {5, 4},
                            [&](int64_t) { return upTo(kS); });
  auto pages = data.buffer("pages", DType::I32, {2, kBlock},
                           [&](int64_t) { return upTo(kBlock + 1) - 1; });
  auto seqOffset = data.buffer("seqOffset", DType::I32, {},
                               [&](int64_t) { return upTo(9); });
  auto ends = data.buffer("ends", DType::I32, {kS}, [&](int64_t i) {
    return static_cast<int32_t>(i / 8 * 8 + 8);
  });
  auto adjacent = data.buffer("adjacent", DType::Bool, {kS, kS},
                              [&](int64_t) { return upTo(3) == 0; });
  X page = pages(b, kv / 8);
  X moved = page * 8 + kv % 8;
  return {
      {"length padding", Want::Exact, kv < len(b)},
      {"both lengths", Want::Exact, (kv < len(b)) & (q < len(b))},
      {"prefix per batch", Want::Exact, (kv < len(b)) | causal},
      {"decode offset", Want::Exact, q + seqOffset() >= kv},
      {"documents", Want::Sound, (doc(q) == doc(kv)) & causal},
      {"document offsets", Want::Sound,
       (doc(q) == doc(kv)) & (q - offset(doc(q)) >= kv - offset(doc(kv)))},
      {"packed documents", Want::Sound, (kv >= offset(doc(q))) & causal},
      {"global tokens", Want::Sound,
       (abs(q - kv) <= 5) | global(q) | global(kv)},
      {"block map", Want::Sound, map(b, h, q / 8, kv / 8)},
      {"top blocks", Want::Sound,
       reduce(ReduceKind::Any, 0, 3,
              [&](X t) { return top(h, q / 8, t) == kv / 8; })},
      {"slices", Want::Sound,
       reduce(ReduceKind::Any, 0, 5,
              [&](X t) {
                return (slices(t, 0) <= q) & (q < slices(t, 1)) &
                       (slices(t, 2) <= kv) & (kv < slices(t, 3));
              })},
      {"paged", Want::Sound, (page >= 0) & (q >= moved)},
      {"frame ends", Want::Sound, kv < ends(q)},
      {"adjacency", Want::Sound, adjacent(q, kv)},
      {"images", Want::Sound, causal | ((doc(q) >= 2) & (doc(q) == doc(kv)))},
      {"float threshold", Want::Sound,
       Expr::make(Op::ToF32, {q.e}) * Expr::f32(0.5f) >=
           Expr::make(Op::ToF32, {kv.e})},
      {"random", Want::Sound, ((q * 40503 ^ kv * 30011) & 255) < 100},
  };
}

Tile randomTile(std::mt19937 &random) {
  auto range = [&](int64_t &lo, int64_t &hi) {
    int64_t length = 1 + random() % (random() % 3 ? 8 : 24);
    lo = random() % static_cast<unsigned>(kS);
    // Half of the tiles lie on the grid, as those of a kernel do.
    if (random() % 2)
      lo = lo / 8 * 8, length = 8;
    hi = std::min<int64_t>(lo + length, kS) - 1;
  };
  Tile tile;
  range(tile.qLo, tile.qHi);
  range(tile.kvLo, tile.kvHi);
  return tile;
}

class TileBoundsCorpus : public testing::Test {
protected:
  /// Random tiles and outer positions of one mask.
  void check(const Mask &mask, const Captures &captures, unsigned seed) {
    SCOPED_TRACE(testing::Message() << mask.name << ", seed " << seed);
    ASSERT_NE(mask.expr->op(), Op::Invalid) << mask.expr->message();
    auto oracle = TileOracle::create(mask.expr, captures);
    ASSERT_TRUE(oracle) << oracle.error().message();
    std::mt19937 random(seed);
    oracle->bindings()[Size::Sq] = kS;
    oracle->bindings()[Size::Skv] = kS + 7;
    for (int trial = 0; trial < 300; ++trial) {
      Tile tile = randomTile(random);
      oracle->bindings()[Var::B] = random() % 2;
      oracle->bindings()[Var::H] = random() % 2;
      Verdict claimed = oracle->claimed(tile), actual = oracle->actual(tile);
      auto at = testing::Message() << "q " << tile.qLo << ".." << tile.qHi
                                   << ", kv " << tile.kvLo << ".." << tile.kvHi;
      ASSERT_LE(claimed.empty, actual.empty) << at;
      ASSERT_LE(claimed.full, actual.full) << at;
      if (mask.want != Want::Sound)
        ASSERT_EQ(claimed.empty, actual.empty) << at;
      if (mask.want == Want::Exact)
        ASSERT_EQ(claimed.full, actual.full) << at;
    }
  }
};

TEST_F(TileBoundsCorpus, ClosedMasks) {
  Data data;
  for (const Mask &mask : closedMasks(data))
    check(mask, data.captures, 1);
}

TEST_F(TileBoundsCorpus, CapturedMasks) {
  for (unsigned seed = 1; seed <= 4; ++seed) {
    std::mt19937 random(seed);
    Data data;
    for (const Mask &mask : capturedMasks(data, random))
      check(mask, data.captures, seed);
  }
}

} // namespace
