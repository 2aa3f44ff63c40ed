//===- FaultSubject.cpp - A kernel that faults are put into ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FaultSubject.h"

#include "Harness.h"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

using namespace attnjit;
using namespace attnjit::test;

static Lines linesOf(const std::string &text) {
  Lines lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

static std::string textOf(const Lines &lines) {
  std::string text;
  for (const std::string &line : lines)
    text += line + "\n";
  return text;
}

void attnjit::test::replaceIn(std::string &line, const std::string &what,
                              const std::string &with) {
  if (size_t at = line.find(what); at != std::string::npos)
    line.replace(at, what.size(), with);
}

//===----------------------------------------------------------------------===//
// The kernel and its runs
//===----------------------------------------------------------------------===//

/// Queries of decode come behind most of their keys.
static constexpr char kPrefillMod[] = "mod causal\nmask = q >= kv\n";
static constexpr char kDecodeMod[] = "mod causal\nmask = q + 520 >= kv\n";

static constexpr char kTwoPassMod[] =
    "mod sharpened\nmask = q >= kv\nprob = prob * prob\n";

static const char *modOf(const KernelKind &kind) {
  if (kind.entry == Entry::Decode)
    return kDecodeMod;
  return kind.hasTwoPasses ? kTwoPassMod : kPrefillMod;
}

FaultSubject::FaultSubject(const KernelKind &kind)
    : kind(kind), mod(parsed(modOf(kind))) {
  // All with ragged ends, one with a negative scale, for which the kernel turns
  // the queries' signs.
  if (kind.entry == Entry::Decode) {
    // More splits than are merged at once, the last of them without a key that
    // is kept, the mask's edge at every element of a fragment; splits of two
    // blocks, with a reference of the softmax that moves, up to the last key; a
    // single split; two that race each other, of which about one schedule in
    // twenty shows who is too early.
    addRun({.group = 3, .Sq = 12, .Skv = 600}, 64);
    addRun({.group = 12, .Sq = 1, .Skv = 500, .data = Data::Rising}, 128);
    addRun({.group = 2, .Sq = 3, .Skv = 150, .scale = ScaleKind::Negative}, 0);
    addRun({.group = 16, .Sq = 1, .Skv = 100}, 64, /*seeds=*/200);
  } else {
    // Many blocks of keys, with a reference of the softmax that moves; a block
    // of queries without a key; a single block of keys.
    addRun({.Sq = 300, .Skv = 200, .data = Data::Rising}, 0);
    addRun({.Sq = 280, .Skv = 100, .offsets = Offsets::Before}, 0);
    addRun({.Sq = 200, .Skv = 60, .scale = ScaleKind::Negative}, 0);
  }
  Expected<GpuKernel> made = GpuKernel::compile(
      mod, runs[0].problem->spec(), *TargetSpec::parse("sm_80"), kind.entry);
  if (!made) {
    ADD_FAILURE() << made.error().message();
    return;
  }
  kernel.emplace(std::move(*made));
  lines = linesOf(kernel->ir());
  EXPECT_EQ(judge(*kernel), "") << kind.name << " without a fault";
}

void FaultSubject::addRun(Shape shape, int64_t splitKeys, uint64_t seeds) {
  shape.D = kind.D;
  shape.Dv = kind.Dv;
  shape.dtype = kind.dtype;
  runs.push_back({std::make_unique<Problem>(mod, shape, 1), splitKeys, seeds});
}

FaultSubject *FaultSubject::of(const KernelKind &kind) {
  static std::map<std::string, std::unique_ptr<FaultSubject>> made;
  std::unique_ptr<FaultSubject> &subject = made[kind.name];
  if (!subject)
    subject.reset(new FaultSubject(kind));
  return subject->kernel ? subject.get() : nullptr;
}

std::string FaultSubject::judge(GpuKernel &tried) {
  for (const Run &run : runs) {
    tried.splitKeys = run.splitKeys;
    for (uint64_t seed = 0; seed < run.seeds; ++seed)
      if (std::string wrong = runAndJudge(mod, tried, *run.problem, seed);
          !wrong.empty())
        return wrong;
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Places
//===----------------------------------------------------------------------===//

Places FaultSubject::places(const std::string &what, size_t first,
                            size_t end) const {
  Places found;
  for (size_t i = first; i < std::min(end, lines.size()); ++i)
    if (lines[i].find(what) != std::string::npos &&
        !lines[i].starts_with("declare"))
      found.push_back(i);
  return found;
}

Places FaultSubject::inProducts(const std::string &what) const {
  Places products = places("@llvm.nvvm.mma.");
  return places(what, products.front(), products.back());
}

Places FaultSubject::barriers() const {
  Places found = places("@llvm.nvvm.barrier.cta.sync");
  // Behind the turned signs there is another before anyone reads the queries.
  Places signs =
      places(kind.dtype == DType::F32 ? ", -2147483648" : ", -2147450880");
  EXPECT_FALSE(signs.empty());
  found.erase(std::ranges::upper_bound(found, signs.back()));
  // Out takes the place of the queries, which are in registers by then: nothing
  // is copied to or read from there any more.
  if (kind.entry == Entry::Prefill && hasQueriesInRegisters())
    found.pop_back();
  return found;
}

Places FaultSubject::commits() const {
  Places found = places("@llvm.nvvm.cp.async.commit.group()");
  // With one stage the way out of the loop has its own, of no copies.
  if (kernel->schedule().stages == 1)
    found.pop_back();
  return found;
}

Places FaultSubject::waits() const {
  Places found = places("@llvm.nvvm.cp.async.wait.group(i32 0)");
  // Queries of several heads are stored, not copied: only the loop waits for
  // something.
  if (kind.entry == Entry::Decode)
    return {found[found.size() - 2]};
  if (hasQueriesInRegisters())
    found.pop_back();
  return found;
}

//===----------------------------------------------------------------------===//
// Faults
//===----------------------------------------------------------------------===//

std::string FaultSubject::expectFound(const Lines &changed,
                                      const std::string &what) {
  EXPECT_NE(changed, lines) << "no place for: " << what;
  Expected<GpuKernel> faulty = kernel->withIr(textOf(changed));
  if (!faulty) {
    ADD_FAILURE() << what << ": " << faulty.error().message();
    return {};
  }
  std::string wrong = judge(*faulty);
  EXPECT_NE(wrong, "") << what << " is not found";
  return wrong;
}

void FaultSubject::expectEachFound(
    const Places &where, const std::function<void(std::string &)> &change,
    const std::string &what) {
  EXPECT_FALSE(where.empty()) << "no place for: " << what;
  for (size_t line : where)
    expectAllFound(
        {line}, change,
        fmt::format("{} in `{}` (line {})", what, lines[line], line + 1));
}

std::string
FaultSubject::expectAllFound(const Places &where,
                             const std::function<void(std::string &)> &change,
                             const std::string &what) {
  EXPECT_FALSE(where.empty()) << "no place for: " << what;
  Lines changed = lines;
  for (size_t line : where) {
    change(changed[line]);
    EXPECT_NE(changed[line], lines[line]) << what;
  }
  return expectFound(changed, what);
}
