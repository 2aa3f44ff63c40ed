//===- LibraryTesting.h - Mods against formulas ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod with one hook and a formula in plain C++; evaluates both at every
// pair of a small problem, with and without offsets of positions, and compares.
// The formula knows nothing of expressions: it reads the same tables through a
// Point, whose subscripts are clamped as the language has it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_MODS_LIBRARYTESTING_H
#define ATTNJIT_TEST_UNIT_MODS_LIBRARYTESTING_H

#include "attnjit/Expr/Builder.h"

#include <functional>
#include <map>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace attnjit::test {

/// What a captured buffer holds.
struct Table {
  std::vector<int> shape;
  std::vector<double> values;
};

/// Where a hook is evaluated, and what it can see there.
struct Point {
  int b = 0, h = 0, q = 0, kv = 0, qLocal = 0, kvLocal = 0;
  int Sq = 0, Skv = 0, Hq = 0;
  double score = 0, prob = 0;
  const std::map<std::string, Table> *tables = nullptr;

  /// An element of a table.
  double value(const std::string &table, std::vector<int> index) const;
  /// The same, of integers or bools.
  int id(const std::string &table, std::vector<int> index) const {
    return static_cast<int>(value(table, std::move(index)));
  }
};

/// The value of the hook; of a mask 0 or 1.
using Formula = std::function<double(const Point &)>;
/// The content of a table by index, where the arbitrary one is not apt.
using Content = std::function<double(const std::vector<int> &index)>;

/// The problem that a formula is checked on.
struct Problem {
  std::map<std::string, double> params = {};  ///< else their defaults
  std::map<std::string, Content> tables = {}; ///< else arbitrary values
  int Sq = 19, Skv = 23;
  int any = 32; ///< size of `?` axes
};

/// Every value of `mod` on the problem is that of the formula.
void expectFormula(const dsl::ModBuilder &mod, const Formula &formula,
                   const Problem &problem = {});

/// A mod with that hook alone.
dsl::ModBuilder of(const dsl::MaskMod &mask);
dsl::ModBuilder of(const dsl::ScoreMod &score);
dsl::ModBuilder ofProb(const dsl::F32 &prob);
dsl::ModBuilder ofSink(const dsl::F32 &sink);

/// A mod of the library: as text, as C++, and as a formula.
struct LibraryCase {
  std::string name;
  dsl::ModBuilder mod; ///< the constructor with its defaults
  Formula formula;
  Problem problem = {};
  /// The constructor with numbers that fit the problem, where the defaults do
  /// not; the formula is of this one.
  std::optional<dsl::ModBuilder> small = std::nullopt;
};

/// How GoogleTest shows one.
inline void PrintTo(const LibraryCase &mod, std::ostream *out) {
  *out << mod.name;
}

std::vector<LibraryCase> maskCases();
std::vector<LibraryCase> windowCases();
std::vector<LibraryCase> documentCases();
std::vector<LibraryCase> generationCases();
std::vector<LibraryCase> sparseCases();
std::vector<LibraryCase> neighbourhoodCases();
std::vector<LibraryCase> biasCases();
std::vector<LibraryCase> scoreCases();
std::vector<LibraryCase> weightCases();
std::vector<LibraryCase> wrapperCases();

} // namespace attnjit::test

#endif // ATTNJIT_TEST_UNIT_MODS_LIBRARYTESTING_H
