//===- Figure.h - A measured figure and its target ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a benchmark run gives: figures, each with the best and the median of
// what was measured, as a table for people and a record to keep.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_BENCH_FIGURE_H
#define ATTNJIT_TOOLS_BENCH_FIGURE_H

#include "support/Measure.h"

#include <nlohmann/json.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace attnjit::bench {

/// JSON whose keys keep the order in which they were set.
using Json = nlohmann::ordered_json;

/// What a figure should be.
struct Target {
  enum class Sense { AtLeast, AtMost } sense;
  double value;
};

/// One measured figure.
struct Figure {
  std::string name;
  std::string unit; ///< "ms", "us", "x", "GFLOP/s"
  /// From the best run of each side: what the code can do. Targets speak of it.
  double best = 0;
  /// Of a ratio, the median of the ratios of each round.
  double median = 0;
  int rounds = 0;
  std::optional<Target> target;
  std::string note; ///< what a reader must know; may be empty

  bool met() const;
  Json json() const;
};

/// Of times, in `unit`: the shortest is the best.
Figure timeFigure(std::string name, std::string unit,
                  std::span<const double> times,
                  std::optional<Target> target = std::nullopt);

/// How many times as fast `a` is as `b`, from their times in the same rounds.
Figure speedupFigure(std::string name, std::span<const double> a,
                     std::span<const double> b, std::optional<Target> target);

/// How many times as long `a` takes as `b`.
Figure costFigure(std::string name, std::span<const double> a,
                  std::span<const double> b, std::optional<Target> target);

/// The share of the peak that runs of `flops` reach; peak in GFLOP/s.
Figure peakShareFigure(std::string name, double flops,
                       std::span<const double> ms, std::span<const double> peak,
                       std::optional<Target> target);

/// The figures as a table on standard error.
void printTable(std::span<const Figure> figures);

} // namespace attnjit::bench

#endif // ATTNJIT_TOOLS_BENCH_FIGURE_H
