//===- EmitLoadTest.cpp - Loads and summaries in emitted mods -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Elements of buffers that touch unreadable memory, and what proofs read of the
// extremes of parts of buffers.
//
//===----------------------------------------------------------------------===//

#include "ModEmitterTesting.h"

#include "attnjit/Text/Printer.h"

using namespace attnjit;
using namespace attnjit::test;

namespace {

class EmitLoadTest : public ModEmitterTesting {};

// Every element type at every rank, subscripts in lanes, uniform and mixed,
// of which most lie far outside. Extents are 0 to 5.
TEST_F(EmitLoadTest, LoadsOfEveryTypeAndRankStayInside) {
  uint64_t seed = 0;
  for (DType element : {DType::F32, DType::F16, DType::BF16, DType::I32,
                        DType::I64, DType::U8, DType::Bool})
    for (int rank = 0; rank <= kMaxBufferRank; ++rank) {
      SCOPED_TRACE(std::string(name(element)) + " of rank " +
                   std::to_string(rank));
      BufferDecl decl;
      decl.name = "data";
      decl.element = element;
      decl.dims.resize(rank, Dim::any());
      // Every other axis by a lane's position; then all of them.
      std::array<std::vector<Expr>, 2> subscripts;
      for (int axis = 0; axis < rank; ++axis) {
        subscripts[0].push_back(Expr::var(axis % 2 ? Var::Kv : Var::Q));
        subscripts[1].push_back(
            Expr::make(Op::Add, {Expr::var(Var::Q), Expr::i32(axis)}));
      }
      Expr mixed = Expr::load(decl, subscripts[0]);
      Expr lanes = Expr::load(decl, subscripts[1]);
      if (element == DType::Bool)
        checkMod(Expr(), Expr::make(Op::Xor, {mixed, lanes}), ++seed);
      else
        checkMod(Expr::toF32(mixed), Expr::make(Op::Lt, {mixed, lanes}),
                 ++seed);
    }
}

// Lanes that are said to be consecutive, and mostly are: rising, falling and
// clamped, along the axis of stride 1 and along another, in buffers that touch
// a guard and of which some have negative strides.
TEST_F(EmitLoadTest, RunsOfLanesHaveTheElementsOfTheirSubscripts) {
  ModKernelForm form = targetForm();
  form.runs = true;
  Random random(11);
  Expr q = Expr::var(Var::Q), kv = Expr::var(Var::Kv);
  auto apply = [](Op op, Expr x, Expr y) { return Expr::make(op, {x, y}); };
  auto clamped = [&](Expr x) {
    return apply(Op::Min, apply(Op::Max, x, Expr::i32(2)), Expr::i32(17));
  };
  const std::vector<std::pair<std::vector<Expr>, std::vector<int64_t>>> cases =
      {{{q}, {21}},
       {{q}, {8}},
       {{q}, {7}},
       {{apply(Op::Sub, q, kv)}, {40}},
       {{apply(Op::Sub, Expr::i32(25), q)}, {40}},
       {{Expr::make(Op::Neg, {q})}, {20}},
       {{clamped(q)}, {20}},
       {{clamped(apply(Op::Sub, kv, q))}, {20}},
       {{apply(Op::Add, q, q)}, {30}},
       {{kv, q}, {4, 17}},
       {{q, kv}, {17, 4}},
       {{q, apply(Op::Add, q, Expr::i32(3))}, {20, 20}},
       {{kv, kv, q, kv}, {2, 3, 19, 1}}};
  for (DType element : {DType::F32, DType::F16, DType::BF16, DType::I32,
                        DType::I64, DType::U8, DType::Bool})
    for (const auto &[subscripts, extents] : cases) {
      BufferDecl decl;
      decl.name = "data";
      decl.element = element;
      for (int64_t extent : extents)
        decl.dims.push_back(Dim::fixed(extent));
      Expr loaded = Expr::load(decl, subscripts);
      SCOPED_TRACE(std::string(name(element)) + " " + printExpr(loaded, 200));
      Subject subject;
      ModParts parts;
      parts.score =
          element == DType::F32 ? loaded : Expr::make(Op::ToF32, {loaded});
      auto mod = ModProgram::create(std::move(parts));
      ASSERT_TRUE(mod) << mod.error().message();
      subject.mod = *mod;
      auto module = build(subject);
      check(subject, form, random, *module, 100);
      if (HasFailure())
        return;
    }
}

// A subscript that is itself loaded.
TEST_F(EmitLoadTest, LoadsOfLoads) {
  BufferDecl start, data;
  start.name = "start";
  start.element = DType::I64;
  start.dims = {Dim::any()};
  data.name = "data";
  data.element = DType::BF16;
  data.dims = {Dim::any(), Dim::any()};
  Expr at = Expr::load(start, {{Expr::var(Var::Q)}});
  checkMod(Expr::load(data, {{at, Expr::var(Var::Kv)}}),
           Expr::make(Op::Ge, {at, Expr::var(Var::Kv)}));
}

/// What kernels find of documents whose ids do not fall, against what the
/// Interpreter finds.
class DocumentBoundsTest : public ModEmitterTesting {
protected:
  void checkDocuments(bool isDeclaredSorted);
};

void DocumentBoundsTest::checkDocuments(bool isDeclaredSorted) {
  BufferDecl doc;
  doc.name = "doc";
  doc.element = DType::I32;
  doc.dims = {Dim::any()};
  doc.sorted = isDeclaredSorted;
  Subject subject;
  ModParts parts;
  parts.mask = Expr::make(Op::Eq, {Expr::load(doc, {{Expr::var(Var::Q)}}),
                                   Expr::load(doc, {{Expr::var(Var::Kv)}})});
  subject.bounds = computeTileBounds(parts.mask);
  auto mod = ModProgram::create(std::move(parts));
  ASSERT_TRUE(mod) << mod.error().message();
  subject.mod = *mod;
  auto module = build(subject);
  auto kernel = ModKernel::compile(*module, targetForm());
  ASSERT_TRUE(kernel) << kernel.error().message();
  std::array claims = {subject.bounds.empty, subject.bounds.full};
  auto oracle =
      Interpreter::create(claims, {}, mod->buffers(), Interpreter::Mode::F32);
  ASSERT_TRUE(oracle) << oracle.error().message();

  Random random(1);
  for (int size : {1, 4, 5, 7, 64, 1000, 5000}) {
    std::vector<int32_t> ids(size);
    for (int i = 1; i < size; ++i)
      ids[i] = ids[i - 1] + oneIn(random, 1 + size / 8);
    BufferView view;
    view.data = ids.data();
    view.element = DType::I32;
    view.rank = 1;
    view.size[0] = size;
    view.stride[0] = 1;
    const BufferSummaries summaries(view);
    ModFrame frame = {};
    frame.buffers[0].base = ids.data();
    frame.buffers[0].last[0] = size - 1;
    frame.buffers[0].stride[0] = 1;
    if (!isDeclaredSorted)
      summaries.enter(frame.buffers[0]);
    Bindings at;
    at.buffers = {&view, 1};
    int found = 0;
    for (int i = 0; i < 2000; ++i) {
      std::array<int32_t, 4> corners;
      std::array<int32_t, 4> wide;
      for (int axis = 0; axis < 2; ++axis) {
        const auto lo = static_cast<int32_t>(below(random, size + 20)) - 10;
        const auto span = static_cast<int32_t>(below(random, 1 + size / 4));
        corners[2 * axis] = lo;
        corners[2 * axis + 1] = lo + span;
        wide[2 * axis] = lo - span - 4;
        wide[2 * axis + 1] = lo + 2 * span + 4;
      }
      auto verdict = [&](const std::array<int32_t, 4> &box) {
        at[Var::QLo] = box[0];
        at[Var::QHi] = box[1];
        at[Var::KvLo] = box[2];
        at[Var::KvHi] = box[3];
        auto values = oracle->evaluate(at);
        return std::array<int64_t, 2>{values[0].i, values[1].i};
      };
      for (int corner = 0; corner < 4; ++corner)
        std::ranges::fill(
            frame.positions[static_cast<size_t>(Var::QLo) - kFirstPosition +
                            static_cast<size_t>(corner)],
            corners[corner]);
      (*kernel)(frame);
      const auto exact = verdict(corners), sure = verdict(wide);
      for (int claim = 0; claim < 2; ++claim) {
        const int64_t got = frame.results[4][claim][0];
        ASSERT_LE(got, exact[claim]) << size << " " << corners[0];
        ASSERT_GE(got, isDeclaredSorted ? exact[claim] : sure[claim])
            << size << " " << corners[0];
        found += got;
      }
    }
    EXPECT_GT(found, 500) << size;
  }
}

// Of a box somewhat larger: of blocks that cover it and are no longer than it.
TEST_F(DocumentBoundsTest, SummariesFindDocuments) { checkDocuments(false); }

// Without a summary.
TEST_F(DocumentBoundsTest, EndsOfASortedRowFindAll) { checkDocuments(true); }

} // namespace
