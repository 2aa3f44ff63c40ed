//===- LibraryTesting.cpp - Mods against formulas -------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "LibraryTesting.h"

#include "attnjit/Expr/Interpreter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

using namespace attnjit;
using namespace attnjit::test;

static constexpr int kB = 2, kHq = 4, kHkv = 2, kD = 8;

double Point::value(const std::string &table, std::vector<int> index) const {
  const Table &data = tables->at(table);
  EXPECT_EQ(index.size(), data.shape.size()) << table;
  size_t at = 0;
  for (size_t axis = 0; axis < index.size(); ++axis) {
    int clamped = std::clamp(index[axis], 0, data.shape[axis] - 1);
    at = at * data.shape[axis] + clamped;
  }
  return data.values[at];
}

dsl::ModBuilder test::of(const dsl::MaskMod &mask) {
  return dsl::ModBuilder().mask(mask);
}
dsl::ModBuilder test::of(const dsl::ScoreMod &score) {
  return dsl::ModBuilder().score(score);
}
dsl::ModBuilder test::ofProb(const dsl::F32 &prob) {
  return dsl::ModBuilder().prob(prob);
}
dsl::ModBuilder test::ofSink(const dsl::F32 &sink) {
  return dsl::ModBuilder().sink(sink);
}

//===----------------------------------------------------------------------===//
// Captured values
//===----------------------------------------------------------------------===//

static int extentOf(const Dim &dim, const Problem &problem) {
  if (dim.kind == Dim::Kind::Fixed)
    return static_cast<int>(dim.extent);
  if (dim.kind == Dim::Kind::Any)
    return problem.any;
  switch (dim.size) {
  case Size::B:
    return kB;
  case Size::Hkv:
    return kHkv;
  case Size::Sq:
    return problem.Sq;
  case Size::Skv:
    return problem.Skv;
  default:
    return kHq;
  }
}

/// Something for each element: short runs of ids, floats of both signs that
/// f32 holds exactly.
static double arbitrary(const BufferDecl &decl, const std::vector<int> &index,
                        size_t at) {
  auto hash = static_cast<uint32_t>(at * 2654435761u);
  hash = (hash ^ (hash >> 15)) * 0x2C1B3C6Du;
  hash ^= hash >> 13;
  switch (decl.valueType()) {
  case Type::Bool:
    return hash & 1;
  case Type::F32:
    return (static_cast<int>(hash % 2001) - 1000) / 512.0;
  default:
    return decl.sorted ? index.back() / 5 : hash % 6;
  }
}

static Table makeTable(const BufferDecl &decl, const Problem &problem) {
  Table table;
  size_t count = 1;
  for (const Dim &dim : decl.dims) {
    table.shape.push_back(extentOf(dim, problem));
    count *= table.shape.back();
  }
  auto content = problem.tables.find(decl.name);
  for (size_t at = 0; at < count; ++at) {
    std::vector<int> index(table.shape.size());
    size_t rest = at;
    for (size_t axis = index.size(); axis-- > 0; rest /= table.shape[axis])
      index[axis] = static_cast<int>(rest % table.shape[axis]);
    table.values.push_back(content == problem.tables.end()
                               ? arbitrary(decl, index, at)
                               : content->second(index));
  }
  return table;
}

static Scalar scalarOf(Type type, double value) {
  return type == Type::F32   ? Scalar::f32(static_cast<float>(value))
         : type == Type::I32 ? Scalar::i32(static_cast<int32_t>(value))
                             : Scalar::boolean(value != 0);
}

namespace {
/// The captures of a mod in the form the Interpreter reads.
struct Captures {
  Captures(const ModProgram &mod, const Problem &problem);

  std::vector<Scalar> params;
  std::map<std::string, Table> tables;
  std::vector<std::vector<float>> floats;
  std::vector<std::vector<int32_t>> ints;
  std::vector<std::vector<uint8_t>> bools;
  std::vector<BufferView> views;
};
} // namespace

Captures::Captures(const ModProgram &mod, const Problem &problem) {
  for (const ParamDecl &decl : mod.params()) {
    auto given = problem.params.find(decl.name);
    params.push_back(given == problem.params.end()
                         ? decl.defaultValue.value()
                         : scalarOf(decl.type, given->second));
  }
  for (const BufferDecl &decl : mod.buffers()) {
    const Table &table = tables[decl.name] = makeTable(decl, problem);
    BufferView view;
    view.element = decl.element;
    view.rank = static_cast<int>(table.shape.size());
    int64_t stride = 1;
    for (size_t axis = table.shape.size(); axis-- > 0;) {
      view.size[axis] = table.shape[axis];
      view.stride[axis] = stride;
      stride *= table.shape[axis];
    }
    const std::vector<double> &values = table.values;
    if (decl.element == DType::F32)
      view.data = floats.emplace_back(values.begin(), values.end()).data();
    else if (decl.element == DType::I32)
      view.data = ints.emplace_back(values.begin(), values.end()).data();
    else
      view.data = bools.emplace_back(values.begin(), values.end()).data();
    views.push_back(view);
  }
}

//===----------------------------------------------------------------------===//
// expectFormula
//===----------------------------------------------------------------------===//

static Expr onlyHook(const ModProgram &mod) {
  Expr found;
  int count = 0;
  for (const Expr &hook : {mod.score(), mod.mask(), mod.prob(), mod.sink()})
    if (hook) {
      found = hook;
      ++count;
    }
  EXPECT_EQ(count, 1);
  return found;
}

/// A formula has at most 16 operations, each correct to half a unit in the last
/// place of an intermediate not above twice the largest of these.
static double toleranceOf(const Point &point, double want) {
  if (std::isinf(want))
    return 0;
  return 0x1p-20 * std::max({1.0, std::abs(want), std::abs(point.score)});
}

static bool agree(double got, double want, double tolerance) {
  return got == want || std::abs(got - want) <= tolerance;
}

static Bindings bindingsAt(const Point &point, const Captures &captures) {
  Bindings bindings;
  bindings.params = captures.params;
  bindings.buffers = captures.views;
  bindings.score = point.score;
  bindings.prob = point.prob;
  for (auto [var, value] : {std::pair{Var::B, point.b},
                            {Var::H, point.h},
                            {Var::Q, point.q},
                            {Var::Kv, point.kv},
                            {Var::QLocal, point.qLocal},
                            {Var::KvLocal, point.kvLocal},
                            {Var::KvH, point.h / (kHq / kHkv)}})
    bindings[var] = value;
  for (auto [size, value] : {std::pair{Size::B, kB},
                             {Size::Hq, kHq},
                             {Size::Hkv, kHkv},
                             {Size::Sq, point.Sq},
                             {Size::Skv, point.Skv},
                             {Size::D, kD},
                             {Size::BGlobal, kB},
                             {Size::HqGlobal, kHq}})
    bindings[size] = value;
  return bindings;
}

/// Calls `visit` at every pair, each with another score and probability.
static void forEachPoint(const Problem &problem, int qOffset, int kvOffset,
                         const std::function<void(Point)> &visit) {
  for (int b = 0; b < kB; ++b)
    for (int h = 0; h < kHq; ++h)
      for (int i = 0; i < problem.Sq; ++i)
        for (int j = 0; j < problem.Skv; ++j)
          visit({b, h, i + qOffset, j + kvOffset, i, j, problem.Sq, problem.Skv,
                 kHq, ((i * 31 + j * 17 + h * 7) % 64 - 32) / 8.0,
                 (i * 13 + j * 5) % 64 / 64.0, nullptr});
}

void test::expectFormula(const dsl::ModBuilder &builder, const Formula &formula,
                         const Problem &problem) {
  Expected<ModProgram> mod = builder.build();
  ASSERT_TRUE(mod) << mod.error().message();
  Expr hook = onlyHook(*mod);
  Expected<Interpreter> interpreter = Interpreter::create(
      {&hook, 1}, mod->params(), mod->buffers(), Interpreter::Mode::Reference);
  ASSERT_TRUE(interpreter) << interpreter.error().message();
  const Captures captures(*mod, problem);
  int wrong = 0;
  double lowest = HUGE_VAL, highest = -HUGE_VAL;
  auto compare = [&](Point point) {
    point.tables = &captures.tables;
    const Value &value =
        interpreter->evaluate(bindingsAt(point, captures)).front();
    double got = hook->type() == Type::F32 ? value.f : double(value.i);
    double want = formula(point);
    lowest = std::min(lowest, want);
    highest = std::max(highest, want);
    if (agree(got, want,
              hook->type() == Type::F32 ? toleranceOf(point, want) : 0))
      return;
    if (++wrong <= 3)
      ADD_FAILURE() << "b=" << point.b << " h=" << point.h << " q=" << point.q
                    << " kv=" << point.kv << " q_local=" << point.qLocal
                    << " kv_local=" << point.kvLocal << ": got " << got
                    << ", want " << want;
  };
  forEachPoint(problem, 0, 0, compare);
  forEachPoint(problem, 5, 2, compare);
  EXPECT_EQ(wrong, 0);
  if (hook->op() != Op::Const) {
    EXPECT_LT(lowest, highest) << "the problem does not show what the mod does";
  }
}
