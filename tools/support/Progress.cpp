//===- Progress.cpp - A bar for work that takes long ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/Progress.h"

#include <fmt/format.h>

#include <unistd.h>

#include <cstdio>

using namespace attnjit;
using namespace attnjit::tool;

static constexpr double kQuietMs = 1000;
static constexpr double kRedrawMs = 100;
static constexpr int kBarColumns = 40;
/// Back to the start of the line, and clear it.
static constexpr const char *kClearLine = "\r\x1b[K";

Progress::Progress(std::string label)
    : label(std::move(label)), onTerminal(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawnAtMs > 0)
    std::fputs(kClearLine, stderr);
}

void Progress::report(double share) {
  if (!onTerminal || sinceStart.ms() < kQuietMs)
    return;
  // Whoever draws is as up to date as this thread would be.
  std::unique_lock lock(drawing, std::try_to_lock);
  if (lock && sinceStart.ms() - drawnAtMs >= kRedrawMs)
    draw(share);
}

void Progress::draw(double share) {
  drawnAtMs = sinceStart.ms();
  const int filled = static_cast<int>(share * kBarColumns);
  std::fputs(fmt::format("{}{} [{:#<{}}{:.<{}}] {:3.0f} %", kClearLine, label,
                         "", filled, "", kBarColumns - filled, share * 100)
                 .c_str(),
             stderr);
}

void ProgressExecutor::parallelFor(
    int64_t count,
    const std::function<void(int64_t begin, int64_t end, int slot)> &body) {
  std::atomic<int64_t> done = 0;
  inner->parallelFor(count, [&](int64_t begin, int64_t end, int slot) {
    body(begin, end, slot);
    const int64_t now = done.fetch_add(end - begin) + end - begin;
    progress.report(static_cast<double>(now) / static_cast<double>(count));
  });
}
