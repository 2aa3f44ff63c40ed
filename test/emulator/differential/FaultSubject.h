//===- FaultSubject.h - A kernel that faults are put into -------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes an entry point and a head size; gives the lines of a kernel's IR, and
// the verdict of some runs about a kernel of other lines.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_EMULATOR_DIFFERENTIAL_FAULTSUBJECT_H
#define ATTNJIT_TEST_EMULATOR_DIFFERENTIAL_FAULTSUBJECT_H

#include "GpuKernel.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace attnjit::test {

using Lines = std::vector<std::string>;
using Places = std::vector<size_t>;

/// Replaces the first `what`, where there is one.
void replaceIn(std::string &line, const std::string &what,
               const std::string &with);

/// Takes the instruction out.
inline void removeLine(std::string &line) { line.clear(); }

/// A kernel that is broken: for sm_80.
struct KernelKind {
  const char *name; ///< not that of another
  Entry entry;
  int64_t D, Dv;
  bool hasTwoPasses = false; ///< has a prob mod that needs them
  DType dtype = DType::BF16;
};

inline void PrintTo(const KernelKind &kind, std::ostream *stream) {
  *stream << kind.name;
}

/// One kernel, and the runs that are to show its faults. Without a fault they
/// show nothing.
class FaultSubject {
public:
  /// The subject of a kind, made once; null, and a failure, where the kernel
  /// cannot be made.
  static FaultSubject *of(const KernelKind &kind);

  const KernelKind kind;
  Lines lines;

  /// Lines of instructions that hold `what`, from line `first` on, before
  /// `end`.
  Places places(const std::string &what, size_t first = 0,
                size_t end = SIZE_MAX) const;
  /// As above, where the products are: not the walk over blocks of keys before
  /// them, not the end of the rows.
  Places inProducts(const std::string &what) const;

  /// Barriers of the block of threads, commits of copies and waits for them, as
  /// far as something depends on them.
  Places barriers() const;
  Places commits() const;
  Places waits() const;

  /// Expects a kernel of changed lines to be found wrong; gives how.
  std::string expectFound(const Lines &changed, const std::string &what);
  /// As above, for a change of each of some lines alone, of which there must be
  /// one.
  void expectEachFound(const Places &where,
                       const std::function<void(std::string &)> &change,
                       const std::string &what);
  /// As above, for a change of all of them together.
  std::string expectAllFound(const Places &where,
                             const std::function<void(std::string &)> &change,
                             const std::string &what);

private:
  explicit FaultSubject(const KernelKind &kind);
  void addRun(Shape shape, int64_t splitKeys, uint64_t seeds = 3);
  bool hasQueriesInRegisters() const {
    return kernel->schedule().queriesInRegisters;
  }
  /// What the runs of a kernel show; empty where they show nothing.
  std::string judge(GpuKernel &tried);

  struct Run {
    std::unique_ptr<Problem> problem;
    int64_t splitKeys;
    uint64_t seeds; ///< of the schedule, from 0 on
  };
  ModProgram mod;
  std::vector<Run> runs;
  std::optional<GpuKernel> kernel;
};

/// The fixture of tests that break each of several kernels.
class GpuFault : public testing::TestWithParam<KernelKind> {
protected:
  void SetUp() override {
    subject = FaultSubject::of(GetParam());
    ASSERT_TRUE(subject);
  }

  FaultSubject *subject = nullptr;
};

} // namespace attnjit::test

#endif // ATTNJIT_TEST_EMULATOR_DIFFERENTIAL_FAULTSUBJECT_H
