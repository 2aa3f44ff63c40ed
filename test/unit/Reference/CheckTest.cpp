//===- CheckTest.cpp - Tests of comparing runs with the Reference ---------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Problem.h"
#include "attnjit/Reference/ErrorBound.h"

#include <gmock/gmock.h>

using namespace attnjit;
using namespace attnjit::dsl;
using testing::HasSubstr;

static constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
static constexpr double kInf = std::numeric_limits<double>::infinity();

static CheckReport check(const ModProgram &mod, const Problem &problem,
                         CheckOptions options = {}) {
  Expected<CheckReport> report =
      checkAgainstReference(mod, problem.args, options);
  EXPECT_TRUE(report) << report.error().message();
  return report ? *report : CheckReport();
}

TEST(Check, RoundedReferencePasses) {
  ModProgram mod = built(ModBuilder().mask(q >= kv).score(score * 2.0f));
  for (DType dtype : {DType::F32, DType::F16, DType::BF16}) {
    Problem problem({2, 4, 2, 9, 11, 8, 5, dtype});
    problem.runReference(mod);
    CheckReport report = check(mod, problem);
    EXPECT_TRUE(report.ok) << report.worst;
    EXPECT_LE(report.worstBoundRatio, 1);
    EXPECT_EQ(report.rowsChecked, 72);
    EXPECT_EQ(report.rowsTotal, 72);
    // The rounding of the output is within the bound's own term for it, but
    // is there.
    EXPECT_GT(report.worstBoundRatio, 0);
    EXPECT_GT(report.maxAbsError, 0);
  }
}

TEST(Check, FindsOneWrongElement) {
  Problem problem({2, 4, 2, 9, 11, 8, 5});
  const ModProgram mod = ModProgram::identity();
  problem.runReference(mod);
  double value = elementAt(problem.args.out, 1, 2, 3, 4);
  setElement(problem.args.out, 1, 2, 3, 4, value + 1e-4);
  CheckReport report = check(mod, problem);
  EXPECT_FALSE(report.ok);
  EXPECT_GT(report.worstBoundRatio, 1);
  EXPECT_NEAR(report.maxAbsError, 1e-4, 1e-6);
  EXPECT_THAT(report.worst, HasSubstr("out[1, 2, 3, 4]: got "));
}

TEST(Check, FindsWrongLse) {
  Problem problem({1, 2, 1, 3, 4, 8, 8});
  const ModProgram mod = ModProgram::identity();
  problem.runReference(mod);
  setElement(*problem.args.lse, 0, 1, 2, 0,
             elementAt(*problem.args.lse, 0, 1, 2) + 1e-3);
  CheckReport report = check(mod, problem);
  EXPECT_FALSE(report.ok);
  EXPECT_THAT(report.worst, HasSubstr("lse[0, 1, 2]: got "));
  problem.args.lse.reset();
  EXPECT_TRUE(check(mod, problem).ok);
}

TEST(Check, NaNAndInfinityMatchThemselvesAlone) {
  ModProgram mod = built(ModBuilder().mask(q > kv)); // row 0: 0 and -inf
  Problem problem({1, 1, 1, 3, 4, 8, 8});
  problem.runReference(mod);
  EXPECT_TRUE(check(mod, problem).ok);
  for (double bad : {kNaN, kInf, -kInf}) {
    double good = elementAt(problem.args.out, 0, 0, 2, 3);
    setElement(problem.args.out, 0, 0, 2, 3, bad);
    CheckReport report = check(mod, problem);
    EXPECT_FALSE(report.ok);
    EXPECT_EQ(report.worstBoundRatio, kInf);
    setElement(problem.args.out, 0, 0, 2, 3, good);
  }
  for (double bad : {kNaN, kInf, 0.0, -3e38}) {
    setElement(*problem.args.lse, 0, 0, 0, 0, bad);
    EXPECT_FALSE(check(mod, problem).ok) << bad;
  }
  setElement(*problem.args.lse, 0, 0, 0, 0, -kInf);
  // Where the row is NaN, a number is wrong.
  setElement(problem.args.k, 0, 0, 0, 0, kNaN); // rows 1 and 2 keep it
  problem.runReference(mod);
  EXPECT_TRUE(check(mod, problem).ok);
  setElement(problem.args.out, 0, 0, 1, 0, 0.0);
  EXPECT_FALSE(check(mod, problem).ok);
}

TEST(Check, OverflowOfTheOutputTypeIsAllowed) {
  ModProgram mod =
      built(ModBuilder().score(score * 0.0f + 1e5f).normalize(Normalize::None));
  Problem problem({1, 1, 1, 1, 1, 4, 1, DType::F16});
  problem.args.lse.reset();
  setElement(problem.args.v, 0, 0, 0, 0, 1.0);
  setElement(problem.args.out, 0, 0, 0, 0, kInf);
  EXPECT_TRUE(check(mod, problem).ok);
  setElement(problem.args.out, 0, 0, 0, 0, -kInf);
  EXPECT_FALSE(check(mod, problem).ok);
}

TEST(Check, SamplesRowsEvenlyAndBySeed) {
  Problem problem({2, 4, 2, 100, 50, 2, 2});
  const ModProgram mod = ModProgram::identity();
  problem.runReference(mod);
  CheckOptions options;
  options.maxPairs = 5000; // 100 rows of 800
  CheckReport report = check(mod, problem, options);
  EXPECT_EQ(report.rowsChecked, 100);
  EXPECT_EQ(report.rowsTotal, 800);
  EXPECT_TRUE(report.ok);

  // Any eight neighbouring rows: exactly one is in the sample, whichever it
  // is with this seed. Some seed finds any one row.
  for (int64_t i = 40; i < 48; ++i)
    setElement(problem.args.out, 1, 3, i, 0, 1e6);
  EXPECT_FALSE(check(mod, problem, options).ok);
  problem.runReference(mod);
  setElement(problem.args.out, 1, 3, 44, 0, 1e6);
  int found = 0;
  for (options.seed = 0; options.seed < 200; ++options.seed)
    found += !check(mod, problem, options).ok;
  EXPECT_GT(found, 5);
  EXPECT_LT(found, 60);

  for (int64_t few : {int64_t(0), int64_t(-5), INT64_MIN}) {
    options.maxPairs = few;
    EXPECT_EQ(check(mod, problem, options).rowsChecked, 1);
  }
}

TEST(Check, TheReportDoesNotDependOnTheExecutor) {
  Problem problem({2, 4, 2, 30, 20, 8, 8}, 3);
  const ModProgram mod = ModProgram::identity();
  problem.runReference(mod);
  // The same error twice: the first row is reported.
  for (int64_t i : {7, 21})
    setElement(problem.args.out, 1, 1, i, 2, kNaN);
  CheckReport serial = check(mod, problem);
  auto executor = makeThreadedExecutor();
  CheckOptions options;
  options.executor = executor.get();
  for (int round = 0; round < 5; ++round) {
    CheckReport threaded = check(mod, problem, options);
    EXPECT_EQ(threaded.worst, serial.worst);
    EXPECT_EQ(threaded.worstBoundRatio, serial.worstBoundRatio);
    EXPECT_EQ(threaded.maxAbsError, serial.maxAbsError);
  }
  EXPECT_THAT(serial.worst, HasSubstr("out[1, 1, 7, 2]"));
}

TEST(Check, EmptyRunsAreRight) {
  for (ProblemSizes n :
       {ProblemSizes{0, 2, 1, 3, 4, 8, 8}, ProblemSizes{1, 0, 0, 3, 4, 8, 8},
        ProblemSizes{1, 2, 1, 0, 4, 8, 8}}) {
    CheckReport report = check(ModProgram::identity(), Problem(n));
    EXPECT_TRUE(report.ok);
    EXPECT_EQ(report.rowsTotal, 0);
  }
  Problem noKeys({1, 2, 1, 3, 0, 8, 8});
  noKeys.runReference(ModProgram::identity());
  EXPECT_TRUE(check(ModProgram::identity(), noKeys).ok);
}

TEST(Check, WrongArgumentsAreErrors) {
  Problem problem({1, 2, 1, 3, 4, 8, 8});
  problem.args.out.shape[2] = 2;
  EXPECT_FALSE(checkAgainstReference(ModProgram::identity(), problem.args));
}

// f32 in its plainest form stays within the bound: it is not vacuous, and
// not so tight that the order of a sum would break it.
TEST(Check, PlainF32AttentionIsWithinTheBound) {
  ModProgram mod = built(ModBuilder().score(tanh(score / 20.0f) * 20.0f));
  std::mt19937_64 random(17);
  for (int64_t D : {1, 8, 64, 256}) {
    Problem problem({1, 2, 1, 8, 300, D, 4}, random());
    const RunArgs &args = problem.args;
    const float scale = static_cast<float>(1 / std::sqrt(double(D)));
    for (int h = 0; h < 2; ++h)
      for (int i = 0; i < 8; ++i) {
        std::vector<float> p(300);
        float m = -INFINITY, l = 0;
        for (int j = 0; j < 300; ++j) {
          float s = 0;
          for (int d = 0; d < D; ++d)
            s += float(elementAt(args.q, 0, h, i, d)) *
                 float(elementAt(args.k, 0, 0, j, d));
          p[j] = std::tanh(s * scale / 20.0f) * 20.0f;
          m = std::max(m, p[j]);
        }
        for (float &x : p)
          l += x = std::exp(x - m);
        for (int d = 0; d < 4; ++d) {
          float sum = 0;
          for (int j = 0; j < 300; ++j)
            sum += p[j] * float(elementAt(args.v, 0, 0, j, d));
          setElement(args.out, 0, h, i, d, sum / l);
        }
        setElement(*args.lse, 0, h, i, 0, m + std::log(l));
      }
    CheckReport report = check(mod, problem);
    EXPECT_TRUE(report.ok) << "D " << D << ' ' << report.worst;
    EXPECT_GT(report.worstBoundRatio, 1e-3);
  }
}
