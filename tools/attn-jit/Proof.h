//===- Proof.h - Claims about masks and subscripts --------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a claim, as the condition under which a pair breaks it; gives a proof,
// a pair that breaks it, or neither. First by reasoning for all sizes and all
// contents of buffers; then, for one shape, by the bounds of whole regions and,
// where they do not decide, pair by pair.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_ATTNJIT_PROOF_H
#define ATTNJIT_TOOLS_ATTNJIT_PROOF_H

#include "CommonOptions.h"

#include "support/Problem.h"

#include <optional>
#include <string>
#include <vector>

namespace attnjit::tool {

enum class Verdict : uint8_t { Proven, False, Undecided };

/// "proven", "false", "undecided".
std::string_view name(Verdict verdict);

/// A pair that breaks a claim, or a row where `kv` is missing.
struct Counterexample {
  int64_t b = 0, h = 0;
  int32_t q = 0;
  std::optional<int32_t> kv;
  /// "doc[q] = 3" of what the claim reads there.
  std::vector<std::string> values;
};

struct ClaimResult {
  std::string claim;
  Verdict verdict = Verdict::Undecided;
  /// What the verdict holds for, or why there is none.
  std::string scope;
  std::optional<Counterexample> counterexample;
};

/// What a search over one shape looks at.
struct ProofProblem {
  const ModProgram &mod; ///< declares what claims read
  const Problem &problem;
  bool isGiven = false; ///< the user asked for this shape
  /// Buffers with contents of the user's; all others have random ones.
  std::vector<std::string> givenBuffers;
};

/// That `broken` (bool of positions) holds at no pair.
Expected<ClaimResult> proveNever(std::string claim, const Expr &broken,
                                 const ProofProblem &at);

/// That `mask` keeps a key in every row.
Expected<ClaimResult> proveNeverEmpty(const Expr &mask, const ProofProblem &at);

/// One claim for each subscript of each buffer that `mod` reads.
Expected<std::vector<ClaimResult>> proveInBounds(const ProofProblem &at);

/// `mod` with the values of its params in their place.
ModProgram withParams(const ModProgram &mod, const Problem &problem);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_ATTNJIT_PROOF_H
