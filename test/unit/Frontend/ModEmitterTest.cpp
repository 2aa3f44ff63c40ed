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
#include "ModEmitterTesting.h"

#include <bit>
#include <cmath>
#include <limits>

using namespace attnjit;
using namespace attnjit::test;

namespace {

class ModEmitterTest : public ModEmitterTesting {};

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
