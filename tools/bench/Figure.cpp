//===- Figure.cpp - A measured figure and its target ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Figure.h"

#include <fmt/format.h>

#include <cstdio>

using namespace attnjit;
using namespace attnjit::bench;

using tool::Summary;

bool Figure::met() const {
  if (!target)
    return true;
  return target->sense == Target::Sense::AtLeast ? best >= target->value
                                                 : best <= target->value;
}

Json Figure::json() const {
  Json result = {{"name", name},     {"unit", unit},     {"best", best},
                 {"median", median}, {"rounds", rounds}, {"target", nullptr},
                 {"met", nullptr}};
  if (target) {
    const bool atLeast = target->sense == Target::Sense::AtLeast;
    result["target"] = {{atLeast ? "at_least" : "at_most", target->value}};
    result["met"] = met();
  }
  if (!note.empty())
    result["note"] = note;
  return result;
}

Figure bench::timeFigure(std::string name, std::string unit,
                         std::span<const double> times,
                         std::optional<Target> target) {
  const Summary summary = Summary::of(times);
  return {std::move(name), std::move(unit), summary.min, summary.median,
          summary.count,   target,          ""};
}

Figure bench::costFigure(std::string name, std::span<const double> a,
                         std::span<const double> b,
                         std::optional<Target> target) {
  const Summary paired = Summary::of(tool::ratios(a, b));
  return {std::move(name),
          "x",
          Summary::of(a).min / Summary::of(b).min,
          paired.median,
          paired.count,
          target,
          ""};
}

Figure bench::speedupFigure(std::string name, std::span<const double> a,
                            std::span<const double> b,
                            std::optional<Target> target) {
  return costFigure(std::move(name), b, a, target);
}

Figure bench::peakShareFigure(std::string name, double flops,
                              std::span<const double> ms,
                              std::span<const double> peak,
                              std::optional<Target> target) {
  std::vector<double> gflops;
  for (double time : ms)
    gflops.push_back(flops / time * 1e-6);
  const Summary paired = Summary::of(tool::ratios(gflops, peak));
  const double best = Summary::of(gflops).max;
  return {std::move(name),
          "of peak",
          best / Summary::of(peak).max,
          paired.median,
          paired.count,
          target,
          fmt::format("{:.1f} GFLOP/s at best", best)};
}

void bench::printTable(std::span<const Figure> figures) {
  std::string text =
      fmt::format("{:<44} {:>9} {:>9}  {:<8} {:>8}  {}\n", "figure", "best",
                  "median", "unit", "target", "met");
  for (const Figure &figure : figures) {
    std::string target;
    if (figure.target)
      target = fmt::format(
          "{} {:g}",
          figure.target->sense == Target::Sense::AtLeast ? ">=" : "<=",
          figure.target->value);
    text +=
        fmt::format("{:<44} {:9.3f} {:9.3f}  {:<8} {:>8}  {}{}\n", figure.name,
                    figure.best, figure.median, figure.unit, target,
                    !figure.target ? "-"
                    : figure.met() ? "yes"
                                   : "NO",
                    figure.note.empty() ? "" : "  (" + figure.note + ")");
  }
  std::fputs(text.c_str(), stderr);
}
