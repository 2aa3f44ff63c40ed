//===- Oracle.h - Rows of random mods, with what may be asked of them -----===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Attention by the Interpreter, for problems whose scores f32 holds exactly.
// The scores of the mod are evaluated twice, each operation rounded to f32 and
// in f64: where the two differ, rounding decides, and a row promises less.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_DIFFERENTIAL_ORACLE_H
#define ATTNJIT_TEST_DIFFERENTIAL_ORACLE_H

#include "Problem.h"

#include "attnjit/Expr/Interpreter.h"

#include <memory>
#include <string>
#include <vector>

namespace attnjit::test {

struct OracleRow {
  std::vector<bool> kept;
  /// s' with each operation rounded to f32; -inf where the key is not kept.
  std::vector<double> score;
  bool isNaN = false;
  /// Whether a prob mod gives a weight that is not finite, or may overflow on
  /// the way to it: nothing is said of `out` then.
  bool isWild = false;
  std::vector<double> out, absSum;
  double lse = 0;
  /// Largest |s' in f32 - s' in f64|; infinite where they differ in kind.
  double doubt = 0;
};

class Oracle {
public:
  /// The problem's q, k and scale must give scores that f32 holds exactly.
  Oracle(const ModProgram &mod, const Problem &problem);

  OracleRow row(int64_t b, int64_t h, int64_t i);

private:
  struct Hook {
    Hook(const Expr &root, const ModProgram &mod, Interpreter::Mode mode);
    Interpreter interpreter;
  };
  void bind(int64_t b, int64_t h, int64_t i, int64_t j);
  double dot(int64_t b, int64_t h, int64_t i, int64_t j) const;

  const Problem &problem;
  std::vector<Scalar> params;
  std::vector<BufferView> buffers;
  Bindings bindings;
  std::optional<Hook> mask, score, scoreInF64, prob;
};

/// Scores that f32 holds exactly under any order of operations: small integers
/// in q and k, and a scale of 1/4.
void makeScoresExact(Problem &problem);

/// What is wrong with a row of the outputs; empty where nothing is. `slack` is
/// what the scores may be off by.
std::string compareRow(const Problem &problem, int64_t b, int64_t h, int64_t i,
                       const OracleRow &want, double slack);

} // namespace attnjit::test

#endif // ATTNJIT_TEST_DIFFERENTIAL_ORACLE_H
