//===- FaultTest.cpp - Faults put into generated GPU kernels --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the IR of a causal kernel, makes one mistake in it that a generator
// could make, and expects the emulator or the comparison with the Reference to
// say so. Each place of a mistake is one kernel; the kernel as it was must
// pass.
//
//===----------------------------------------------------------------------===//

#include "GpuKernel.h"
#include "Harness.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <map>
#include <regex>
#include <sstream>

using namespace attnjit;
using namespace attnjit::test;

namespace {

using Lines = std::vector<std::string>;

Lines linesOf(const std::string &text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

std::string textOf(const Lines &lines) {
  std::string text;
  for (const std::string &line : lines)
    text += line + "\n";
  return text;
}

/// Lines of instructions that hold `what`.
std::vector<size_t> places(const Lines &lines, const std::string &what) {
  std::vector<size_t> found;
  for (size_t i = 0; i < lines.size(); ++i)
    if (lines[i].find(what) != std::string::npos &&
        !lines[i].starts_with("declare"))
      found.push_back(i);
  return found;
}

void replaceIn(std::string &line, const std::string &what,
               const std::string &with) {
  if (size_t at = line.find(what); at != std::string::npos)
    line.replace(at, what.size(), with);
}

/// One kernel, and the runs that are to show its faults.
class Subject {
public:
  static constexpr int64_t kDv = 64;

  /// For D = 128 rows of out are shorter than those of q, and lie across them.
  explicit Subject(int64_t D) {
    // Many blocks of keys, with a reference of the softmax that moves; a block
    // of queries without a key; fewer keys than queries. All with ragged ends.
    using Case = std::tuple<int64_t, int64_t, Data, Offsets>;
    for (auto [Sq, Skv, data, offsets] :
         {Case{300, 200, Data::Rising, Offsets::None},
          Case{280, 100, Data::Normal, Offsets::Before},
          Case{200, 70, Data::Normal, Offsets::None}}) {
      Shape shape;
      shape.Sq = Sq;
      shape.Skv = Skv;
      shape.D = D;
      shape.Dv = kDv;
      shape.dtype = DType::BF16;
      shape.data = data;
      shape.offsets = offsets;
      problems.push_back(std::make_unique<Problem>(mod, shape, 1));
    }
    Expected<GpuKernel> made = GpuKernel::compile(mod, problems[0]->spec(),
                                                  *TargetSpec::parse("sm_80"));
    if (!made) {
      ADD_FAILURE() << made.error().message();
      return;
    }
    kernel.emplace(std::move(*made));
    lines = linesOf(kernel->ir());
    EXPECT_EQ(judge(*kernel), "") << "without a fault, D " << D;
  }

  /// What the runs of a kernel show; empty where they show nothing.
  std::string judge(GpuKernel &tried) {
    for (uint64_t seed = 0; seed < 3; ++seed)
      for (const auto &problem : problems)
        if (std::string wrong = runAndJudge(mod, tried, *problem, seed);
            !wrong.empty())
          return wrong;
    return {};
  }

  /// Expects a kernel of changed lines to be found wrong; gives how.
  std::string expectFound(const Lines &changed, const std::string &what) {
    Expected<GpuKernel> faulty = kernel->withIr(textOf(changed));
    if (!faulty) {
      ADD_FAILURE() << what << ": " << faulty.error().message();
      return {};
    }
    std::string wrong = judge(*faulty);
    EXPECT_NE(wrong, "") << what << " is not found";
    return wrong;
  }

  /// As above, for a change of each of some lines alone.
  void expectEachFound(const std::vector<size_t> &where,
                       const std::function<void(std::string &)> &change,
                       const std::string &what) {
    EXPECT_FALSE(where.empty()) << "no place for: " << what;
    for (size_t line : where) {
      Lines changed = lines;
      change(changed[line]);
      EXPECT_NE(changed[line], lines[line]) << what;
      expectFound(changed, fmt::format("{} in `{}` (line {})", what,
                                       lines[line], line + 1));
    }
  }

  /// The lines where products are: no bounds of blocks, no end of the rows.
  std::pair<size_t, size_t> productLines() const {
    std::vector<size_t> products = places(lines, "@llvm.nvvm.mma.");
    return {products.front(), products.back()};
  }

  std::vector<size_t> inProducts(const std::string &what) const {
    auto [first, last] = productLines();
    std::vector<size_t> found = places(lines, what);
    std::erase_if(found, [first = first, last = last](size_t line) {
      return line < first || line > last;
    });
    return found;
  }

  bool hasQueriesInRegisters() const {
    return kernel->schedule().queriesInRegisters;
  }

  ModProgram mod = parsed("mod causal\nmask = q >= kv\n");
  std::vector<std::unique_ptr<Problem>> problems;
  std::optional<GpuKernel> kernel;
  Lines lines;
};

class GpuFault : public testing::TestWithParam<int64_t> {};

void remove(std::string &line) { line = ""; }

constexpr char kBarrier[] = "@llvm.nvvm.barrier.cta.sync";

/// Barriers of the path that a negative scale takes are not executed here: two
/// around a loop that flips signs.
std::vector<size_t> executed(const Subject &subject, const std::string &what) {
  std::vector<size_t> found = places(subject.lines, what);
  const std::vector<size_t> flips = places(subject.lines, "-2147450880");
  if (flips.empty())
    return found;
  std::erase_if(found, [&](size_t line) {
    return line + 120 > flips.front() && line < flips.back() + 40 &&
           std::any_of(
               flips.begin(), flips.end(),
               [&](size_t flip) {
                 return line < flip + 40 && flip < line + 120;
               });
  });
  return found;
}

/// Without the last, before out takes the place of q, where queries are in
/// registers: nothing is copied to or read from there any more.
std::vector<size_t> needed(const Subject &subject, const std::string &what) {
  std::vector<size_t> found = executed(subject, what);
  if (subject.hasQueriesInRegisters() && !found.empty())
    found.pop_back();
  return found;
}

TEST_P(GpuFault, DroppedBarrier) {
  Subject subject(GetParam());
  ASSERT_TRUE(subject.kernel);
  subject.expectEachFound(needed(subject, kBarrier), remove,
                          "a dropped barrier");
}

// Before the rows of out leave shared memory; and around the words that say
// which keys are left. Of those, the ones next to a barrier of the block are
// not needed one by one.
TEST_P(GpuFault, DroppedWarpBarrier) {
  Subject subject(GetParam());
  ASSERT_TRUE(subject.kernel);
  std::vector<size_t> found = places(subject.lines, "@llvm.nvvm.bar.warp.sync");
  ASSERT_GE(found.size(), 2u);
  subject.expectEachFound({found.back()}, remove,
                          "a dropped barrier of a warp");
  Lines changed = subject.lines;
  for (size_t line : found)
    if (line != found.back())
      remove(changed[line]);
  subject.expectFound(changed, "no barrier of a warp before the end");
}

TEST_P(GpuFault, WrongWaitCount) {
  Subject subject(GetParam());
  ASSERT_TRUE(subject.kernel);
  subject.expectEachFound(
      needed(subject, "@llvm.nvvm.cp.async.wait.group(i32 0)"),
      [](std::string &line) { replaceIn(line, "(i32 0)", "(i32 1)"); },
      "a wait that is satisfied too early");
}

TEST_P(GpuFault, DroppedCommit) {
  Subject subject(GetParam());
  ASSERT_TRUE(subject.kernel);
  // The copies then belong to no group that a wait completes.
  subject.expectEachFound(
      executed(subject, "@llvm.nvvm.cp.async.commit.group()"), remove,
      "a dropped commit");
}

// What a wrong swizzle does: a row of a matrix from another place.
TEST_P(GpuFault, WrongUnitOfSharedMemory) {
  Subject subject(GetParam());
  ASSERT_TRUE(subject.kernel);
  std::vector<size_t> loads = places(subject.lines, "@llvm.nvvm.ldmatrix");
  ASSERT_GE(loads.size(), 8u);
  // The first of the queries, some in the middle, the last of the values.
  for (size_t line : {loads.front(), loads[loads.size() / 3],
                      loads[2 * loads.size() / 3], loads.back()}) {
    Lines changed = subject.lines;
    std::smatch match;
    ASSERT_TRUE(
        std::regex_search(changed[line], match, std::regex(R"((%[\w.]+)\))")));
    changed[line].replace(match.position(1), match.length(1), "%wrong.unit");
    changed.insert(changed.begin() + line,
                   fmt::format("  %wrong.unit = getelementptr i8, ptr "
                               "addrspace(3) {}, i64 16",
                               match.str(1)));
    subject.expectFound(changed, "a wrong unit in " + subject.lines[line]);
  }
}

TEST_P(GpuFault, MissingTranspose) {
  Subject subject(GetParam());
  ASSERT_TRUE(subject.kernel);
  std::vector<size_t> loads = places(subject.lines, ".trans.b16");
  ASSERT_FALSE(loads.empty());
  subject.expectEachFound(
      {loads.front(), loads.back()},
      [](std::string &line) { replaceIn(line, ".trans.b16", ".b16"); },
      "values that are not transposed");
}

TEST_P(GpuFault, MaskOffByOne) {
  Subject subject(GetParam());
  ASSERT_TRUE(subject.kernel);
  Lines narrow = subject.lines, wide = subject.lines;
  std::vector<size_t> compared = subject.inProducts("icmp sle i32");
  ASSERT_FALSE(compared.empty());
  for (size_t line : compared)
    replaceIn(narrow[line], "icmp sle", "icmp slt");
  subject.expectFound(narrow, "a mask that is off by one");
  // One pair of positions alone.
  subject.expectEachFound(
      {compared.front(), compared[compared.size() / 2], compared.back()},
      [](std::string &line) { replaceIn(line, "icmp sle", "icmp slt"); },
      "a mask that is off by one for one fragment element");
}

TEST_P(GpuFault, KeysBehindTheEnd) {
  Subject subject(GetParam());
  ASSERT_TRUE(subject.kernel);
  Lines changed = subject.lines;
  std::vector<size_t> compared = subject.inProducts("icmp slt i32");
  ASSERT_FALSE(compared.empty());
  for (size_t line : compared)
    replaceIn(changed[line], "icmp slt", "icmp sle");
  subject.expectFound(changed, "one key behind the end");
}

// acc keeps its old reference when the maximum moves.
TEST_P(GpuFault, MissedRescale) {
  Subject subject(GetParam());
  ASSERT_TRUE(subject.kernel);
  // A factor is what many accumulators are multiplied by.
  std::map<std::string, std::vector<size_t>> products;
  const std::regex product(R"(fmul float %\S+, (%\S+)$)");
  for (size_t line : subject.inProducts("fmul float")) {
    std::smatch match;
    if (std::regex_search(subject.lines[line], match, product))
      products[match.str(1)].push_back(line);
  }
  int factors = 0;
  for (const auto &[factor, where] : products) {
    if (where.size() < Subject::kDv / 4)
      continue;
    ++factors;
    Lines all = subject.lines, one = subject.lines;
    for (size_t line : where)
      replaceIn(all[line], ", " + factor, ", 1.0");
    subject.expectFound(all, "no rescaling by " + factor);
    replaceIn(one[where.back()], ", " + factor, ", 1.0");
    subject.expectFound(one, "one accumulator not rescaled by " + factor);
  }
  EXPECT_GE(factors, 2);
}

// A row's maximum of two lanes instead of four.
TEST_P(GpuFault, WrongShuffle) {
  Subject subject(GetParam());
  ASSERT_TRUE(subject.kernel);
  std::vector<size_t> shuffles = places(subject.lines, ", i32 2, i32 31)");
  ASSERT_FALSE(shuffles.empty());
  subject.expectEachFound(
      shuffles,
      [](std::string &line) {
        replaceIn(line, ", i32 2, i32 31)", ", i32 1, i32 31)");
      },
      "a shuffle over the wrong lanes");
}

// Rows behind the tensor's end are read.
TEST_P(GpuFault, MissingTailGuard) {
  Subject subject(GetParam());
  ASSERT_TRUE(subject.kernel);
  Lines changed = subject.lines;
  std::vector<size_t> sizes = places(changed, ", i32 16, i32 0");
  ASSERT_FALSE(sizes.empty());
  for (size_t line : sizes)
    replaceIn(changed[line], ", i32 16, i32 0", ", i32 16, i32 16");
  EXPECT_THAT(subject.expectFound(changed, "copies of rows behind the end"),
              testing::HasSubstr("are in no range of global memory"));
}

INSTANTIATE_TEST_SUITE_P(HeadSizes, GpuFault, testing::Values(64, 128));

} // namespace
