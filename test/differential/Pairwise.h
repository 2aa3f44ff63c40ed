//===- Pairwise.h - Few rows that hold every pair of values ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the number of levels of each factor; gives rows (one level of each
// factor) such that every pair of levels of two factors stands in some row.
// Most faults need one or two factors to show (Kuhn, Wallace and Gallo 2004),
// and the rows are as few as the product of the two largest factors.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_DIFFERENTIAL_PAIRWISE_H
#define ATTNJIT_TEST_DIFFERENTIAL_PAIRWISE_H

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace attnjit::test {

using Row = std::vector<int>;

/// A row under construction has -1 for what is not chosen. `allowed` must hold
/// for a row whenever it holds for a completion of it; pairs that no allowed
/// row was found for are left out. The same seed gives the same rows.
std::vector<Row> coverPairs(std::span<const int> levels, uint64_t seed,
                            const std::function<bool(const Row &)> &allowed);

} // namespace attnjit::test

#endif // ATTNJIT_TEST_DIFFERENTIAL_PAIRWISE_H
