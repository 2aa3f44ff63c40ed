//===- ModEmitterTest.cpp - Emitted mods against the Interpreter ----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random mods go through buildForward and ModEmitter to machine code, in every
// form that a target may choose: on scalars, on vectors, some positions
// uniform, known at loops of different depth. Each lane has the bits that the
// Interpreter gives.
//
//===----------------------------------------------------------------------===//

#include "FloatFunctions.h"
#include "GuardedBuffers.h"
#include "ModKernel.h"
#include "RandomExpr.h"

#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Expr/Visitor.h"
#include "attnjit/Frontend/BuildForward.h"
#include "attnjit/Text/Printer.h"

#include "RangeSummaries.h"

#include "mlir/IR/Verifier.h"

#include <fmt/format.h>

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

using namespace attnjit;
using namespace attnjit::test;

namespace {

constexpr size_t kFirstPosition = static_cast<size_t>(Var::B);
static_assert(kFirstPosition + kPositions - 1 ==
              static_cast<size_t>(Var::KvLocalHi));

/// A mod and the bounds of its mask, all of them random.
struct Subject {
  ModProgram mod = ModProgram::identity();
  TileBounds bounds;
};

/// By region of the op, then by yielded value; null where there is none.
using Roots = std::array<std::array<Expr, 2>, 5>;

Roots rootsOf(const Subject &subject) {
  const ModProgram &mod = subject.mod;
  Roots roots;
  roots[0][0] = mod.score();
  roots[1][0] = mod.mask();
  roots[2][0] = mod.prob();
  roots[3][0] = mod.sink();
  if (mod.mask())
    roots[4] = {subject.bounds.empty, subject.bounds.full};
  return roots;
}

/// Whether a proof rests on extremes of parts of captured buffers.
bool readsBoxes(const Expr &root) {
  for (const Expr &node : topologicalOrder({&root, 1}))
    if (node->op() == Op::LoadMin || node->op() == Op::LoadMax)
      return true;
  return false;
}

/// Values of a frame for the Interpreter, one lane of it.
class Oracle {
public:
  explicit Oracle(const Subject &subject) : roots(rootsOf(subject)) {
    std::vector<Expr> list;
    for (const auto &region : roots)
      for (const Expr &root : region)
        if (root)
          list.push_back(root);
    auto made =
        Interpreter::create(list, subject.mod.params(), subject.mod.buffers(),
                            Interpreter::Mode::F32);
    if (made)
      interpreter.emplace(std::move(*made));
    else
      ADD_FAILURE() << made.error().message();
  }

  /// The first result in `lane` that differs, described; empty if none does.
  std::string compare(const ModFrame &frame, int lane,
                      std::span<const Scalar> params,
                      std::span<const BufferView> buffers) {
    Bindings bindings;
    bindings.score = bindings.prob = frame.value[lane];
    for (size_t p = 0; p < kPositions; ++p)
      bindings.positions[kFirstPosition + p] = frame.positions[p][lane];
    std::copy_n(frame.extents, 8, bindings.sizes.begin());
    bindings.params = params;
    bindings.buffers = buffers;
    std::span<const attnjit::Value> expected = interpreter->evaluate(bindings);
    size_t next = 0;
    for (size_t region = 0; region < roots.size(); ++region)
      for (size_t yield = 0; yield < 2; ++yield) {
        const Expr &root = roots[region][yield];
        if (!root)
          continue;
        attnjit::Value want = expected[next++], got = want;
        uint32_t bits = frame.results[region][yield][lane];
        if (root->type() == attnjit::Type::F32)
          got.f = std::bit_cast<float>(bits);
        else
          got.i = bits;
        // A kernel may leave boxes of a buffer open: it then proves less.
        if (want.i != 0 && got.i == 0 && readsBoxes(root))
          continue;
        if (!isSameValue(want, got))
          return fmt::format("region {} value {} lane {}: {} {}, not {} {}\n{}",
                             region, yield, lane, got.f, got.i, want.f, want.i,
                             printExpr(root, 4000));
      }
    return {};
  }

private:
  Roots roots;
  std::optional<Interpreter> interpreter;
};

/// The summaries of one buffer along each axis that has any.
class BufferSummaries {
public:
  explicit BufferSummaries(const BufferView &view) {
    for (int axis = 0; axis < view.rank; ++axis) {
      SummarySource source;
      source.data = view.data;
      source.dtype = view.element;
      source.axis = axis;
      source.size.fill(1);
      bool isEmpty = false;
      for (int i = 0; i < view.rank; ++i) {
        source.size[i] = view.size[i];
        source.stride[i] = view.stride[i];
        isEmpty |= view.size[i] == 0;
      }
      if (isEmpty)
        continue;
      padded[axis] = source.padded();
      entries[axis].resize(source.entries());
      int32_t *const to = entries[axis].data();
      EXPECT_TRUE(summarize({&source, 1}, {&to, 1}, *makeSerialExecutor(), 1));
    }
  }

  void enter(ModFrame::Buffer &buffer) const {
    for (size_t axis = 0; axis < entries.size(); ++axis)
      if (!entries[axis].empty())
        buffer.summaries[axis] = {entries[axis].data(), padded[axis]};
  }

private:
  std::array<std::vector<int32_t>, kMaxBufferRank> entries;
  std::array<int64_t, kMaxBufferRank> padded = {};
};

/// Random values for everything that a mod reads.
class Inputs {
public:
  Inputs(Random &random, const ModProgram &mod)
      : captures(random, mod.params(), mod.buffers()) {
    for (const BufferView &view : captures.buffers())
      buffers.add(view, oneIn(random, 2) ? Guard::Before : Guard::After,
                  static_cast<unsigned>(random()));
    if (oneIn(random, 2))
      for (const BufferView &view : buffers.views())
        summaries.push_back(std::make_unique<BufferSummaries>(view));
  }

  /// Lanes of a position that does not vary are equal.
  void fill(Random &random, const ModKernelForm &form, ModFrame &frame) const {
    std::memset(&frame, 0, sizeof frame);
    for (int lane = 0; lane < kLanes; ++lane)
      frame.value[lane] =
          lane && !form.vectors ? frame.value[0] : interestingF32(random);
    for (size_t p = 0; p < kPositions; ++p)
      if (!form.vectors || !form.varies[p])
        std::fill_n(frame.positions[p], kLanes, interestingI32(random));
      else if (form.runs)
        fillRun(random, frame.positions[p]);
      else
        std::generate_n(frame.positions[p], kLanes,
                        [&] { return interestingI32(random); });
    for (int32_t &extent : frame.extents)
      extent = interestingI32(random);
    for (size_t i = 0; i < captures.params().size(); ++i)
      frame.params[i] = captures.params()[i].bits;
    for (size_t i = 0; i < buffers.views().size(); ++i)
      frame.buffers[i] = buffers.frameBuffer(i);
    for (size_t i = 0; i < summaries.size(); ++i)
      summaries[i]->enter(frame.buffers[i]);
  }

  std::span<const Scalar> params() const { return captures.params(); }
  std::span<const BufferView> views() const { return buffers.views(); }

private:
  /// Consecutive lanes, mostly near the buffers; some runs stop rising at a
  /// lane, and some have a lane that is anything.
  static void fillRun(Random &random, int32_t (&lanes)[kLanes]) {
    auto first = static_cast<uint32_t>(
        oneIn(random, 8) ? interestingI32(random) : below(random, 60) - 20);
    auto end = oneIn(random, 4) ? below(random, kLanes) : kLanes;
    for (int lane = 0; lane < kLanes; ++lane)
      lanes[lane] =
          static_cast<int32_t>(first + std::min(static_cast<uint32_t>(lane),
                                                static_cast<uint32_t>(end)));
    if (oneIn(random, 8))
      lanes[below(random, kLanes)] = interestingI32(random);
  }

  RandomCaptures captures;
  GuardedBuffers buffers;
  std::vector<std::unique_ptr<BufferSummaries>> summaries;
};

/// Runs one form of a mod on random inputs against the Interpreter.
void check(const Subject &subject, const ModKernelForm &form, Random &random,
           mlir::ModuleOp module, int frames) {
  auto kernel = ModKernel::compile(module, form);
  ASSERT_TRUE(kernel) << kernel.error().message();
  Oracle oracle(subject);
  for (int inputs = 0; inputs < 3; ++inputs) {
    Inputs given(random, subject.mod);
    for (int i = 0; i < frames; ++i) {
      ModFrame frame;
      given.fill(random, form, frame);
      (*kernel)(frame);
      for (int lane = 0; lane < kLanes; ++lane) {
        std::string problem =
            oracle.compare(frame, lane, given.params(), given.views());
        ASSERT_TRUE(problem.empty()) << problem;
      }
    }
  }
}

/// Vectors or scalars, positions known anywhere.
ModKernelForm randomForm(Random &random) {
  ModKernelForm form;
  form.vectors = !oneIn(random, 3);
  form.runs = oneIn(random, 2);
  for (size_t p = 0; p < kPositions; ++p) {
    form.varies[p] = oneIn(random, 2);
    form.level[p] = static_cast<int>(below(random, 3));
  }
  return form;
}

/// How the CPU target emits: queries in lanes, b and h known outside, keys in
/// the innermost loop, corners of tiles as scalars.
ModKernelForm targetForm() {
  using attn::Position;
  ModKernelForm form;
  form.vectors = true;
  for (Position p : {Position::Q, Position::QLocal})
    form.varies[static_cast<size_t>(p)] = true;
  form.level.fill(2);
  for (Position p : {Position::B, Position::H, Position::KvH})
    form.level[static_cast<size_t>(p)] = 0;
  for (Position p : {Position::Q, Position::QLocal})
    form.level[static_cast<size_t>(p)] = 1;
  return form;
}

std::vector<Var> varsOf(std::initializer_list<Var> extra, bool corners) {
  std::vector<Var> vars = {Var::B, Var::H, Var::KvH};
  vars.insert(vars.end(), extra);
  std::initializer_list<Var> pair = {Var::Q, Var::Kv, Var::QLocal,
                                     Var::KvLocal};
  std::initializer_list<Var> tile = {
      Var::QLo,      Var::QHi,      Var::KvLo,      Var::KvHi,
      Var::QLocalLo, Var::QLocalHi, Var::KvLocalLo, Var::KvLocalHi};
  vars.insert(vars.end(), corners ? tile : pair);
  return vars;
}

/// A mod of four hooks whose operations are all exact.
Subject randomSubject(uint64_t seed) {
  auto stream = [&](uint64_t salt, std::initializer_list<Var> extra,
                    bool corners = false) {
    RandomExprOptions options = RandomExprOptions::everything();
    options.vars = varsOf(extra, corners);
    options.transcendentals = false;
    options.i64 = corners;
    return RandomExpr(seed * 8 + salt, options);
  };
  ModParts parts;
  parts.score = stream(0, {Var::Score}).make(attnjit::Type::F32);
  parts.mask = stream(1, {}).make(attnjit::Type::Bool);
  parts.prob = stream(2, {Var::Prob}).make(attnjit::Type::F32);
  // Every capture is declared, so that the bounds may read any of them too.
  parts.params = RandomExprOptions::everything().params;
  parts.buffers = RandomExprOptions::everything().buffers;
  Subject subject;
  auto mod = ModProgram::create(std::move(parts));
  if (mod)
    subject.mod = *mod;
  else
    ADD_FAILURE() << mod.error().message();
  RandomExpr bounds = stream(3, {}, /*corners=*/true);
  subject.bounds.empty = bounds.make(attnjit::Type::Bool);
  subject.bounds.full = bounds.make(attnjit::Type::Bool);
  return subject;
}

class ModEmitterTest : public testing::Test {
protected:
  mlir::OwningOpRef<mlir::ModuleOp> build(const Subject &subject) {
    auto module = buildForward(*context, subject.mod, subject.bounds,
                               AttentionSpec::of(64), "mod");
    EXPECT_TRUE(mlir::succeeded(mlir::verify(*module)));
    return module;
  }

  /// Checks a mask and a score, in the form of the target and on scalars.
  void checkMod(const Expr &score, const Expr &mask, uint64_t seed = 1) {
    Subject subject;
    ModParts parts;
    parts.score = score;
    parts.mask = mask;
    auto mod = ModProgram::create(std::move(parts));
    ASSERT_TRUE(mod) << mod.error().message();
    subject.mod = *mod;
    subject.bounds = computeTileBounds(mask);
    auto module = build(subject);
    Random random(seed);
    check(subject, targetForm(), random, *module, 100);
    check(subject, ModKernelForm(), random, *module, 100);
  }

  std::unique_ptr<mlir::MLIRContext> context = makeModKernelContext();
};

TEST_F(ModEmitterTest, RandomModsHaveTheBitsOfTheInterpreter) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Subject subject = randomSubject(seed);
    auto module = build(subject);
    Random random(seed);
    check(subject, targetForm(), random, *module, 20);
    check(subject, randomForm(random), random, *module, 20);
    if (HasFailure())
      return;
  }
}

// The bounds that the analysis makes, rather than random ones.
TEST_F(ModEmitterTest, TileBoundsHaveTheBitsOfTheInterpreter) {
  RandomExprOptions options = RandomExprOptions::everything();
  options.vars = varsOf({}, /*corners=*/false);
  options.transcendentals = false;
  RandomExpr stream(7, options);
  Random random(7);
  for (int i = 0; i < 20; ++i) {
    SCOPED_TRACE(i);
    ModParts parts;
    parts.mask = stream.make(attnjit::Type::Bool);
    Subject subject;
    auto mod = ModProgram::create(std::move(parts));
    ASSERT_TRUE(mod) << mod.error().message();
    subject.mod = *mod;
    subject.bounds = computeTileBounds(subject.mod.mask());
    auto module = build(subject);
    check(subject, targetForm(), random, *module, 30);
  }
}

// Whatever an operation's place in its tree: each alone, on operands that are
// all interesting numbers, which includes divisors of 0 and counts past 31.
TEST_F(ModEmitterTest, EveryIntegerOperation) {
  Expr q = Expr::var(Var::Q), kv = Expr::var(Var::Kv);
  Expr all = Expr::boolean(true);
  for (Op op : {Op::Add, Op::Sub, Op::Mul, Op::FloorDiv, Op::Mod, Op::And,
                Op::Or, Op::Xor, Op::Shl, Op::Shr, Op::Min, Op::Max}) {
    SCOPED_TRACE(spelling(op));
    Expr lanes = Expr::make(op, {q, kv}), mixed = Expr::make(op, {kv, q});
    checkMod(Expr::toF32(Expr::make(Op::Xor, {lanes, mixed})),
             Expr::make(Op::Eq, {lanes, mixed}));
  }
  for (Op op : {Op::Neg, Op::Not, Op::Abs, Op::Sign}) {
    SCOPED_TRACE(spelling(op));
    Expr x = Expr::make(op, {q});
    checkMod(Expr::toF32(x), Expr::make(Op::Lt, {x, Expr::make(op, {kv})}));
  }
}

// Another definition of the functions than the one in EmitMath's tests would
// not help; what is guarded here is that each name reaches its function.
TEST_F(ModEmitterTest, EveryFunctionReachesItsCode) {
  Random random(3);
  for (const FloatFunction &function : floatFunctions()) {
    SCOPED_TRACE(function.name);
    Subject subject;
    ModParts parts;
    parts.score = Expr::make(function.op, {Expr::var(Var::Score)});
    auto mod = ModProgram::create(std::move(parts));
    ASSERT_TRUE(mod) << mod.error().message();
    subject.mod = *mod;
    auto module = build(subject);
    auto vectors = ModKernel::compile(*module, targetForm());
    auto scalars = ModKernel::compile(*module, ModKernelForm());
    ASSERT_TRUE(vectors && scalars);
    for (int i = 0; i < 200; ++i) {
      ModFrame frame = {};
      for (float &x : frame.value)
        x = interestingF32(random);
      (*vectors)(frame);
      for (int lane = 0; lane < kLanes; ++lane) {
        ModFrame one = frame;
        one.value[0] = frame.value[lane];
        (*scalars)(one);
        float x = frame.value[lane];
        float fromVector = std::bit_cast<float>(frame.results[0][0][lane]);
        float fromScalar = std::bit_cast<float>(one.results[0][0][0]);
        ASSERT_LE(ulpError(fromScalar, function.reference(x)),
                  std::max(function.maxUlp, 0.5))
            << x;
        ASSERT_TRUE(std::isnan(fromVector)
                        ? std::isnan(fromScalar)
                        : std::bit_cast<uint32_t>(fromVector) ==
                              std::bit_cast<uint32_t>(fromScalar))
            << x;
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// Loads
//===----------------------------------------------------------------------===//

// Every element type at every rank, subscripts in lanes, uniform and mixed,
// of which most lie far outside. Extents are 0 to 5.
TEST_F(ModEmitterTest, LoadsOfEveryTypeAndRankStayInside) {
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
TEST_F(ModEmitterTest, RunsOfLanesHaveTheElementsOfTheirSubscripts) {
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
TEST_F(ModEmitterTest, LoadsOfLoads) {
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
class DocumentBoundsTest : public ModEmitterTest {
protected:
  void check(bool isDeclaredSorted);
};

void DocumentBoundsTest::check(bool isDeclaredSorted) {
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
TEST_F(DocumentBoundsTest, SummariesFindDocuments) { check(false); }

// Without a summary.
TEST_F(DocumentBoundsTest, EndsOfASortedRowFindAll) { check(true); }

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

// The end of a range may be one past the largest i32.
TEST_F(ModEmitterTest, ReductionsAtTheEndsOfI32) {
  constexpr int64_t kMin = std::numeric_limits<int32_t>::min();
  constexpr int64_t kEnd = int64_t(1) << 31;
  for (auto [lo, hi] : {std::pair<int64_t, int64_t>{kEnd - 3, kEnd},
                        {kMin, kMin + 3},
                        {-2, 2},
                        {5, 6}}) {
    SCOPED_TRACE(lo);
    Expr t = Expr::freshReduceVar();
    Expr sum = Expr::reduce(ReduceKind::Sum, lo, hi, t,
                            Expr::make(Op::Mul, {t, Expr::var(Var::Q)}));
    Expr u = Expr::freshReduceVar();
    Expr any = Expr::reduce(ReduceKind::Any, lo, hi, u,
                            Expr::make(Op::Ge, {u, Expr::var(Var::Kv)}));
    checkMod(Expr::toF32(sum), any);
  }
}

// Bodies of which some parts are known outside, and of which none depends on
// the variable or on a lane; one reduction inside another.
TEST_F(ModEmitterTest, ReductionsHoistWholeOrNotAtAll) {
  Expr score = Expr::var(Var::Score), h = Expr::var(Var::H);
  for (ReduceKind kind : {ReduceKind::Sum, ReduceKind::Min, ReduceKind::Max}) {
    SCOPED_TRACE(name(kind));
    Expr t = Expr::freshReduceVar(), u = Expr::freshReduceVar();
    Expr inner = Expr::reduce(
        kind, 0, 3, u,
        Expr::make(Op::Xor, {Expr::make(Op::Mul, {t, u}), Expr::var(Var::Kv)}));
    Expr outer =
        Expr::reduce(kind, -1, 4, t,
                     Expr::make(Op::Add, {inner, Expr::make(Op::Mul, {h, h})}));
    Expr v = Expr::freshReduceVar();
    Expr constant = Expr::reduce(kind, 0, 5, v, score);
    Expr w = Expr::freshReduceVar();
    Expr floats = Expr::reduce(kind, 0, 5, w,
                               Expr::make(Op::Div, {score, Expr::toF32(w)}));
    checkMod(Expr::make(Op::Add, {constant, floats}),
             Expr::make(Op::Lt, {outer, Expr::var(Var::Q)}));
  }
}

} // namespace
