//===- Sweep.cpp - Run time over few queries and keys ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where one entry point takes over from another there must be no cliff: a
// picture shows what a table of numbers hides.
//
//===----------------------------------------------------------------------===//

#include "Scenarios.h"
#include "Workload.h"

#include "support/Progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

using namespace attnjit;
using namespace attnjit::bench;

static constexpr int64_t kMostQueries = 64;
static constexpr int64_t kKeys[] = {1, 16, 64, 256, 1024, 4096};

static tool::Shape shapeOf(int64_t Sq, int64_t Skv) {
  return {1, 8, 2, Sq, Skv, 128, 128};
}

Expected<Sweep> bench::measureSweep(double seconds) {
  EngineOptions options;
  options.diskCache = false;
  Expected<Engine> engine = Engine::create(std::move(options));
  if (!engine)
    return fail(engine.error());
  Sweep sweep;
  tool::Progress progress("measuring the sweep");
  const double share = 1.0 / std::size(kKeys);
  for (int64_t Skv : kKeys) {
    std::vector<std::unique_ptr<Workload>> workloads;
    std::vector<tool::Contestant> contestants;
    for (int64_t Sq = 1; Sq <= kMostQueries; ++Sq) {
      auto work = Workload::create(*engine, "", shapeOf(Sq, Skv));
      if (!work)
        return fail(work.error());
      workloads.push_back(std::move(*work));
      contestants.push_back(
          {fmt::format("{}", Sq), [workload = workloads.back().get()] {
             return workload->measureMs();
           }});
    }
    const double done = static_cast<double>(sweep.lines.size()) * share;
    auto rounds = tool::interleave(
        contestants, {.seconds = seconds * share, .progress = [&](double part) {
                        progress.report(done + part * share);
                      }});
    if (!rounds)
      return fail(rounds.error());
    Sweep::Line line = {Skv, {}};
    for (const std::vector<double> &times : *rounds)
      line.us.push_back(tool::Summary::of(times).min * 1e3);
    sweep.lines.push_back(std::move(line));
    for (int64_t Sq = 1; sweep.entries.size() < kMostQueries; ++Sq)
      sweep.entries.emplace_back(nameOf(workloads[Sq - 1]->entry()));
  }
  return sweep;
}

Json Sweep::json() const {
  Json record = {{"shape", "B=1,Hq=8,Hkv=2,D=128, f32, one thread"},
                 {"Sq", Json::array()},
                 {"entry", entries},
                 {"best_us", Json::object()}};
  for (size_t i = 0; i < entries.size(); ++i)
    record["Sq"].push_back(i + 1);
  for (const Line &line : lines)
    record["best_us"][fmt::format("Skv={}", line.Skv)] = line.us;
  return record;
}

namespace {
/// From numbers to places in the picture.
class Plot {
public:
  explicit Plot(const Sweep &sweep) : sweep(sweep) {
    for (const Sweep::Line &line : sweep.lines)
      for (double us : line.us) {
        lowest = std::min(lowest, std::floor(std::log10(us)));
        highest = std::max(highest, std::ceil(std::log10(us)));
      }
  }

  std::string draw();

private:
  static constexpr double kWidth = 860, kHeight = 520;
  static constexpr double kLeft = 70, kRight = 110, kTop = 50, kBottom = 60;

  double x(double Sq) const {
    return kLeft + (Sq - 1) / (kMostQueries - 1) * (kWidth - kLeft - kRight);
  }
  double y(double us) const {
    return kHeight - kBottom -
           (std::log10(us) - lowest) / (highest - lowest) *
               (kHeight - kTop - kBottom);
  }
  template <typename... Ts>
  void add(fmt::format_string<Ts...> format, Ts &&...values) {
    svg += fmt::format(format, std::forward<Ts>(values)...);
  }
  void addText(double px, double py, const char *anchor,
               const std::string &text) {
    add("<text x='{:.1f}' y='{:.1f}' text-anchor='{}'>{}</text>\n", px, py,
        anchor, text);
  }
  void shadeDecode();
  void drawAxes();
  void drawLine(const Sweep::Line &line, size_t index);

  const Sweep &sweep;
  double lowest = 9, highest = -9; ///< powers of ten
  std::string svg;
};
} // namespace

void Plot::shadeDecode() {
  for (size_t i = 0; i < sweep.entries.size(); ++i)
    if (sweep.entries[i] == "decode")
      add("<rect x='{:.1f}' y='{}' width='{:.1f}' height='{}' "
          "fill='#e8eef7'/>\n",
          x(i + 0.5), kTop, x(1) - x(0), kHeight - kTop - kBottom);
}

void Plot::drawAxes() {
  for (double power = lowest; power <= highest; ++power) {
    const double at = y(std::pow(10, power));
    add("<path d='M{} {:.1f}H{}' stroke='#ccc'/>\n", kLeft, at,
        kWidth - kRight);
    addText(kLeft - 8, at + 4, "end", fmt::format("{:g}", std::pow(10, power)));
  }
  for (int64_t Sq = 8; Sq <= kMostQueries; Sq += 8)
    addText(x(double(Sq)), kHeight - kBottom + 18, "middle",
            fmt::format("{}", Sq));
  addText(x(1), kHeight - kBottom + 18, "middle", "1");
  addText((kLeft + kWidth - kRight) / 2, kHeight - 18, "middle",
          "queries (Sq); shaded: the decode entry point");
  add("<text transform='translate(18 {}) rotate(-90)' text-anchor='middle'>"
      "best time of a run, microseconds</text>\n",
      kHeight / 2);
  addText(kLeft, 26, "start",
          "Run time over queries and keys: B=1, Hq=8, Hkv=2, D=128, f32, one "
          "thread");
}

void Plot::drawLine(const Sweep::Line &line, size_t index) {
  static constexpr const char *kColors[] = {"#440154", "#443983", "#31688e",
                                            "#21918c", "#35b779", "#7ba428",
                                            "#c09a00"};
  const char *color = kColors[index % std::size(kColors)];
  std::string path;
  for (size_t i = 0; i < line.us.size(); ++i)
    path += fmt::format("{}{:.1f} {:.1f}", i ? "L" : "M", x(double(i + 1)),
                        y(line.us[i]));
  add("<path d='{}' fill='none' stroke='{}' stroke-width='2'/>\n", path, color);
  add("<text x='{:.1f}' y='{:.1f}' fill='{}'>Skv={}</text>\n",
      kWidth - kRight + 8, y(line.us.back()) + 4, color, line.Skv);
}

std::string Plot::draw() {
  add("<svg xmlns='http://www.w3.org/2000/svg' width='{}' height='{}' "
      "font-family='sans-serif' font-size='13'>\n"
      "<rect width='100%' height='100%' fill='white'/>\n",
      kWidth, kHeight);
  shadeDecode();
  drawAxes();
  for (size_t i = 0; i < sweep.lines.size(); ++i)
    drawLine(sweep.lines[i], i);
  return std::move(svg) + "</svg>\n";
}

std::string Sweep::svg() const { return Plot(*this).draw(); }
