//===- ModEmitterTesting.cpp - Mods in many forms of code -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ModEmitterTesting.h"

#include "GuardedBuffers.h"
#include "RangeSummaries.h"

#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Expr/Visitor.h"
#include "attnjit/Frontend/BuildForward.h"
#include "attnjit/Text/Printer.h"

#include "mlir/IR/Verifier.h"

#include <fmt/format.h>

#include <bit>
#include <cstring>

using namespace attnjit;
using namespace attnjit::test;

BufferSummaries::BufferSummaries(const BufferView &view) {
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

void BufferSummaries::enter(ModFrame::Buffer &buffer) const {
  for (size_t axis = 0; axis < entries.size(); ++axis)
    if (!entries[axis].empty())
      buffer.summaries[axis] = {entries[axis].data(), padded[axis]};
}

namespace {

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

} // namespace

ModKernelForm test::randomForm(Random &random) {
  ModKernelForm form;
  form.vectors = !oneIn(random, 3);
  form.runs = oneIn(random, 2);
  for (size_t p = 0; p < kPositions; ++p) {
    form.varies[p] = oneIn(random, 2);
    form.level[p] = static_cast<int>(below(random, 3));
  }
  return form;
}

ModKernelForm test::targetForm() {
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

mlir::OwningOpRef<mlir::ModuleOp>
ModEmitterTesting::build(const Subject &subject) {
  auto module = buildForward(*context, subject.mod, subject.bounds,
                             AttentionSpec::of(64), "mod");
  EXPECT_TRUE(mlir::succeeded(mlir::verify(*module)));
  return module;
}

void ModEmitterTesting::check(const Subject &subject, const ModKernelForm &form,
                              Random &random, mlir::ModuleOp module,
                              int frames) {
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

void ModEmitterTesting::checkMod(const Expr &score, const Expr &mask,
                                 uint64_t seed) {
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
