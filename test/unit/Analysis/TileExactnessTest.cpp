//===- TileExactnessTest.cpp - Tiles found of the masks of the library ----===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every tile of a grid over the masks of the library: the bounds find each tile
// that is empty and each that is full, as counted pair by pair, except as many
// as the table says. docs/block-sparsity.md says why those are not found. A
// number that falls must be lowered here too.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/TileMap.h"
#include "attnjit/Expr/Interpreter.h"
#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Expr/Visitor.h"
#include "attnjit/Mods/Documents.h"
#include "attnjit/Mods/Generation.h"
#include "attnjit/Mods/Masks.h"
#include "attnjit/Mods/Neighbourhood.h"
#include "attnjit/Mods/Sparse.h"
#include "attnjit/Mods/Windows.h"
#include "attnjit/Mods/Wrappers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <random>

using namespace attnjit;
namespace dsl = attnjit::dsl;

namespace {

/// Positions of queries and of keys: a multiple of every tile.
constexpr int kS = 768;
constexpr int kB = 2, kHq = 2;

/// Rows by keys: that of the documentation, then those that the prefill kernel
/// decides: a tile and a strip of a block for each of the two CPU targets, and
/// a block.
constexpr std::array<std::array<int, 2>, 6> kTiles = {
    {{64, 64}, {24, 4}, {24, 128}, {192, 128}, {32, 8}, {32, 128}}};

/// Element of a buffer at an index.
using Content = std::function<int(const std::vector<int> &index)>;

struct Missed {
  int empty = 0, full = 0;

  bool operator==(const Missed &) const = default;
};
std::ostream &operator<<(std::ostream &out, const Missed &missed) {
  return out << "{" << missed.empty << ", " << missed.full << "}";
}

struct Case {
  std::string name;
  dsl::MaskMod mask;
  std::map<std::string, Content> contents = {};
  std::array<Missed, kTiles.size()> missed = {}; ///< by kTiles
};

/// What one mask reads.
class Data {
public:
  Data(const Expr &mask, const std::map<std::string, Content> &contents) {
    for (const Expr &node : topologicalOrder({&mask, 1})) {
      if (node->op() == Op::Load && !contains(node->buffer().name))
        add(node->buffer(), contents.at(node->buffer().name));
      if (node->op() == Op::Param)
        addParam(node->param());
    }
  }

  std::vector<ParamDecl> params;
  std::vector<BufferDecl> buffers;
  Bindings bindings() const {
    Bindings result;
    result.params = values;
    result.buffers = views;
    result[Var::B] = result[Var::H] = 1;
    result[Size::B] = kB;
    result[Size::Hq] = result[Size::Hkv] = kHq;
    result[Size::Sq] = result[Size::Skv] = kS;
    return result;
  }

private:
  bool contains(const std::string &name) const {
    return std::ranges::any_of(
        buffers, [&](const BufferDecl &decl) { return decl.name == name; });
  }

  void addParam(const ParamDecl &decl) {
    if (std::ranges::find(params, decl) != params.end())
      return;
    params.push_back(decl);
    values.push_back(decl.defaultValue.value());
  }

  static int extentOf(const Dim &dim) {
    if (dim.kind == Dim::Kind::Fixed)
      return static_cast<int>(dim.extent);
    if (dim.kind == Dim::Kind::Any)
      return kS / 64;
    return dim.size == Size::B ? kB : dim.size == Size::Hq ? kHq : kS;
  }

  void add(const BufferDecl &decl, const Content &content) {
    BufferView view;
    view.element = decl.element;
    view.rank = static_cast<int>(decl.dims.size());
    int64_t count = 1;
    for (size_t axis = decl.dims.size(); axis-- > 0;) {
      view.size[axis] = extentOf(decl.dims[axis]);
      view.stride[axis] = count;
      count *= view.size[axis];
    }
    const bool isBool = decl.element == DType::Bool;
    auto &bytes = memory.emplace_back(count * (isBool ? 1 : 4));
    for (int64_t i = 0; i < count; ++i) {
      std::vector<int> index;
      for (int axis = 0; axis < view.rank; ++axis)
        index.push_back(
            static_cast<int>(i / view.stride[axis] % view.size[axis]));
      int32_t value = content(index);
      if (isBool)
        bytes[i] = value != 0;
      else
        std::memcpy(&bytes[4 * i], &value, 4);
    }
    view.data = bytes.data();
    buffers.push_back(decl);
    views.push_back(view);
  }

  std::deque<std::vector<uint8_t>> memory;
  std::vector<Scalar> values;
  std::vector<BufferView> views;
};

/// How many pairs of every rectangle from (0, 0) are kept.
class KeptPairs {
public:
  KeptPairs(const Expr &mask, const Data &data) : sums((kS + 1) * (kS + 1)) {
    auto interpreter = Interpreter::create(
        {&mask, 1}, data.params, data.buffers, Interpreter::Mode::F32);
    EXPECT_TRUE(interpreter) << interpreter.error().message();
    Bindings at = data.bindings();
    for (int q = 0; q < kS; ++q)
      for (int kv = 0; kv < kS; ++kv) {
        at[Var::Q] = at[Var::QLocal] = q;
        at[Var::Kv] = at[Var::KvLocal] = kv;
        bool kept = (kv ? interpreter->evaluateNextKey(at)
                        : interpreter->evaluate(at))[0]
                        .i != 0;
        sum(q + 1, kv + 1) =
            sum(q, kv + 1) + sum(q + 1, kv) - sum(q, kv) + kept;
      }
  }

  int in(int q, int kv, int rows, int keys) {
    return sum(q + rows, kv + keys) - sum(q, kv + keys) - sum(q + rows, kv) +
           sum(q, kv);
  }

private:
  int &sum(int q, int kv) { return sums[q * (kS + 1) + kv]; }
  std::vector<int> sums;
};

Content tokens(std::function<int(int)> at) {
  return [at](const std::vector<int> &index) { return at(index.back()); };
}

/// A value that looks like chance, the same on every machine.
int mixed(const std::vector<int> &index, int range) {
  uint32_t state = 2166136261u;
  for (int i : index)
    state = (state ^ static_cast<uint32_t>(i + 77)) * 16777619u;
  std::minstd_rand random(state % 1000003 + 1);
  random.discard(8);
  return static_cast<int>(random() % static_cast<unsigned>(range));
}

Content chance(int range) {
  return [range](const std::vector<int> &index) { return mixed(index, range); };
}

/// One true in `n`.
Content oneIn(int n) {
  return [n](const std::vector<int> &index) { return mixed(index, n) == 0; };
}

constexpr int kStarts[] = {0, 100, 101, 260, 512, 700, kS};
int documentOf(int i) {
  int d = 0;
  while (kStarts[d + 1] <= i)
    ++d;
  return d;
}
const Content kDocuments = tokens(documentOf);
const Content kStartsOf = tokens([](int d) { return kStarts[std::min(d, 5)]; });

/// Masks of positions and constants.
std::vector<Case> closedCases() {
  using namespace dsl;
  return {
      {"none", mods::noMask()},
      {"causal", mods::causal()},
      {"causal_bottom_right", mods::causalBottomRight()},
      {"prefix_lm", mods::prefixLm(100)},
      {"block_causal", mods::blockCausal(48)},
      {"block_diagonal 64", mods::blockDiagonal(64)},
      {"block_diagonal 96", mods::blockDiagonal(96)},
      {"block_diagonal 100", mods::blockDiagonal(100)},
      {"bit blocks", MaskMod((q & ~63) == (kv & ~63) && q >= kv)},
      {"shifted bits", MaskMod((q >> 5) == (kv >> 5))},
      {"chunked_causal 96", mods::chunkedCausal(96)},
      {"chunked_causal 256", mods::chunkedCausal(256)},
      {"chunked_causal 100", mods::chunkedCausal(100)},
      {"sliding_window", mods::slidingWindow(128)},
      {"sliding_window 100", mods::slidingWindow(100)},
      {"symmetric_window", mods::symmetricWindow(100)},
      {"window_left", mods::windowLeft(100)},
      {"window_left_right", mods::windowLeftRight(100, 50)},
      {"dilated", mods::dilated(4, 100)},
      {"dilated_causal", mods::dilatedCausal(2, 100)},
      {"strided", mods::strided(64)},
      {"strided 300", mods::strided(300)},
      {"streaming", mods::streaming(4, 128)},
      {"natten_1d", mods::natten1d(kS, 65)},
      {"natten_1d_strided", mods::natten1dStrided(kS, 64, 4)},
      {"natten_2d 32", mods::natten2d(32, 24, 7)},
      {"natten_2d 48", mods::natten2d(48, 16, 7)},
      {"natten_2d 20",
       mods::natten2d(20, 39, 7),
       {},
       {{{}, {}, {}, {}, {15, 0}, {}}}},
      {"natten_2d_tiled", mods::natten2dTiled(32, 24, 7, 8)},
      {"natten_3d", mods::natten3d(16, 8, 5, 3)},
      {"sasa_2d 32", mods::sasa2d(32, 3)},
      {"sasa_2d 128", mods::sasa2d(128, 3)},
      {"swin", mods::swinWindows(32, 8, 4)},
      {"block_diffusion 32", mods::blockDiffusion(kS / 2, 32)},
      {"block_diffusion 24", mods::blockDiffusion(kS / 2, 24)},
      {"parallel_drafts", mods::parallelDrafts(256, 64)},
      {"batchified_causal", mods::batchified(mods::causal(), 100)},
      {"offset_causal", mods::offsetBy(mods::causal(), 37)},
      {"svg_spatial",
       mods::svgSpatial(64, 128, 1.5),
       {},
       {{{}, {0, 4}, {0, 3}, {0, 1}, {}, {0, 2}}}},
  };
}

/// Masks that read buffers.
std::vector<Case> capturedCases() {
  using namespace dsl;
  auto doc = buffer<I32>("doc", {Sq});
  auto start = buffer<I32>("start", {6});
  auto map = buffer<Bool>("map", {B, Hq, dsl::any, dsl::any});
  auto top = buffer<I32>("top", {B, Hq, dsl::any, 4});
  auto longTop = buffer<I32>("top", {B, Hq, dsl::any, 40});
  auto perBatch = buffer<I32>("len", {B});
  auto number = [](int n) { return tokens([n](int) { return n; }); };
  return {
      {"documents", mods::documents(doc), {{"doc", kDocuments}}},
      {"documents, falling",
       mods::documents(doc),
       {{"doc", tokens([](int i) { return -documentOf(i); })}}},
      {"documents, shuffled runs",
       mods::documents(doc),
       {{"doc", tokens([](int i) { return documentOf(i) * 5 % 6; })}},
       {{{14, 0}, {127, 0}, {24, 0}, {5, 0}, {78, 0}, {18, 0}}}},
      {"documents, interleaved",
       mods::documents(doc),
       {{"doc", tokens([](int i) { return i % 7; })}}},
      {"documents, causal",
       mods::documents(doc) && mods::causal(),
       {{"doc", kDocuments}}},
      {"packed_causal",
       mods::packedCausal(doc, start),
       {{"doc", kDocuments}, {"start", kStartsOf}}},
      {"document_prefix_lm",
       mods::perDocument(mods::prefixLm(40), doc, start),
       {{"doc", kDocuments}, {"start", kStartsOf}},
       {{{10, 0}, {95, 0}, {12, 0}, {3, 0}, {45, 0}, {10, 0}}}},
      {"document window",
       mods::perDocument(mods::slidingWindow(64), doc, start),
       {{"doc", kDocuments}, {"start", kStartsOf}},
       {{{18, 0}, {223, 0}, {19, 0}, {4, 0}, {89, 0}, {16, 0}}}},
      {"key_padding", mods::keyPadding(perBatch), {{"len", number(300)}}},
      {"length_padding",
       mods::lengthPadding(perBatch, perBatch),
       {{"len", number(300)}}},
      {"prefix_lm_per_batch",
       mods::prefixLmPerBatch(perBatch),
       {{"len", number(300)}}},
      {"head_window",
       mods::headWindow(buffer<I32>("window", {Hq})),
       {{"window", number(90)}}},
      {"block_map", mods::blockMap(64, map), {{"map", oneIn(3)}}},
      {"block_map 16",
       mods::blockMap(16, buffer<Bool>("map", {B, Hq, 48, 48})),
       {{"map", oneIn(3)}}},
      {"block_map 48",
       mods::blockMap(48, buffer<Bool>("map", {B, Hq, 16, 16})),
       {{"map", oneIn(3)}}},
      {"topk_blocks", mods::topkBlocks(64, top), {{"top", chance(12)}}},
      {"topk_blocks 40",
       mods::topkBlocks(8, longTop),
       {{"top", chance(96)}},
       {{{}, {}, {}, {}, {30, 2}, {}}}},
      {"bigbird",
       mods::bigbird(64, 1, 1, buffer<I32>("random", {dsl::any, 3})),
       {{"random", chance(12)}}},
      {"bigbird_map",
       mods::bigbirdMap(64, 1, 64, buffer<Bool>("map", {dsl::any, dsl::any})),
       {{"map", oneIn(5)}}},
      {"block_sizes",
       mods::blockSizes(64, buffer<I32>("size", {dsl::any})),
       {{"size", chance(65)}}},
      {"longformer",
       mods::longformer(64, buffer<Bool>("marked", {Sq})),
       {{"marked", tokens([](int i) { return i < 5 || i == 300; })}},
       {{{}, {0, 1}, {}, {}}}},
      {"frame_causal",
       mods::frameCausal(buffer<I32>("ends", {Sq})),
       {{"ends", tokens([](int i) { return (i / 96 + 1) * 96; })}}},
      {"multi_scale",
       mods::multiScale(buffer<I32>("level", {Sq})),
       {{"level", tokens(documentOf)}}},
      {"key_threshold",
       mods::keyThreshold(buffer<I32>("first", {Sq})),
       {{"first", tokens([](int i) { return i - i % 50; })}}},
      {"flamingo",
       mods::flamingo(buffer<I32>("image", {Skv}),
                      buffer<I32>("interval", {6, 2})),
       {{"image", kDocuments},
        {"interval",
         [](const std::vector<int> &at) { return kStarts[at[0] + at[1]]; }}}},
      {"interleaved images",
       mods::interleaved(doc),
       {{"doc",
         tokens([](int i) { return documentOf(i) % 2 ? documentOf(i) : -1; })}},
       {{{12, 0}, {172, 2}, {17, 8}, {6, 1}, {72, 0}, {13, 5}}}},
      {"anchored_blocks",
       mods::anchoredBlocks(512, 32, buffer<I32>("anchor", {24}),
                            buffer<Bool>("keep", {24})),
       {{"anchor", tokens([](int i) { return i * 21; })}, {"keep", oneIn(2)}}},
      {"ranges",
       mods::ranges(buffer<I32>("rect", {5, 5})),
       {{"rect",
         [](const std::vector<int> &at) {
           constexpr int kRects[5][5] = {{0, 200, 0, 200, 1},
                                         {200, 500, 0, 100, 0},
                                         {200, 500, 200, 500, 1},
                                         {500, 768, 500, 768, 1},
                                         {600, 700, 0, 30, 0}};
           return kRects[at[0]][at[1]];
         }}},
       {{{0, 1}, {0, 25}, {}, {}, {0, 12}, {}}}},
      {"paged_causal",
       mods::paged(mods::causal(), 64, buffer<I32>("logical", {B, dsl::any})),
       {{"logical", tokens([](int i) { return i == 5 ? -1 : i * 5 % 12; })}}},
      {"graph_cells",
       mods::graphCells(doc, buffer<Bool>("edge", {6, 6})),
       {{"doc", kDocuments}, {"edge", oneIn(2)}}},
  };
}

class TileExactness : public testing::Test {
protected:
  /// Checks all tiles of the mask; what is missed is the table's.
  void check(const Case &example) {
    SCOPED_TRACE(example.name);
    const Expr &mask = example.mask.expr();
    ASSERT_NE(mask->op(), Op::Invalid) << mask->message();
    Data data(mask, example.contents);
    KeptPairs kept(mask, data);
    auto classifier = TileClassifier::create(mask, data.params, data.buffers);
    ASSERT_TRUE(classifier) << classifier.error().message();
    classifier->bind(data.bindings(), 0, 0);
    for (size_t size = 0; size < kTiles.size(); ++size) {
      auto [rows, keys] = kTiles[size];
      Missed missed;
      for (int q = 0; q < kS; q += rows)
        for (int kv = 0; kv < kS; kv += keys) {
          const TileKind kind =
              classifier->classify({q, q + rows, kv, kv + keys});
          const bool claimsEmpty = kind == TileKind::Empty;
          const bool claimsFull = kind == TileKind::Full;
          int count = kept.in(q, kv, rows, keys);
          bool empty = count == 0, full = count == rows * keys;
          ASSERT_LE(claimsEmpty, empty) << q << " " << kv;
          ASSERT_LE(claimsFull, full) << q << " " << kv;
          missed.empty += empty && !claimsEmpty;
          missed.full += full && !claimsFull;
        }
      EXPECT_EQ(missed, example.missed[size]) << rows << " x " << keys;
    }
  }
};

TEST_F(TileExactness, ClosedMasks) {
  for (const Case &example : closedCases())
    check(example);
}

TEST_F(TileExactness, CapturedMasks) {
  for (const Case &example : capturedCases())
    check(example);
}

} // namespace
