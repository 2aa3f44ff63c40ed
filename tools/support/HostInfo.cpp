//===- HostInfo.cpp - What this machine is --------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes nothing; gives the first processor of /proc/cpuinfo and the free
// memory of /proc/meminfo.
//
//===----------------------------------------------------------------------===//

#include "support/HostInfo.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <sstream>
#include <string_view>
#include <thread>

using namespace attnjit;
using namespace attnjit::tool;

/// What distinguishes machines for this compiler, out of Linux' hundreds.
static constexpr std::array<std::string_view, 22> kFeatures = {
    "amx_bf16",    "amx_int8", "amx_tile", "avx",      "avx2",    "avx512_bf16",
    "avx512_fp16", "avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl",
    "avx_vnni",    "bmi1",     "bmi2",     "cx16",     "f16c",    "fma",
    "lahf_lm",     "movbe",    "popcnt",   "sse4_2"};

/// The text after `key` and its colon, trimmed; empty where `line` has another
/// key.
static std::string_view valueOf(std::string_view line, std::string_view key) {
  size_t colon = line.find(':');
  if (!line.starts_with(key) || colon == std::string_view::npos)
    return {};
  size_t begin = line.find_first_not_of(" \t", colon + 1);
  return begin == std::string_view::npos ? "" : line.substr(begin);
}

CpuInfo tool::readCpuInfo() {
  CpuInfo info;
  info.name = "unknown";
  info.cores =
      static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line) && !line.empty();) {
    if (std::string_view name = valueOf(line, "model name"); !name.empty())
      info.name = name;
    std::istringstream flags{std::string(valueOf(line, "flags"))};
    for (std::string flag; flags >> flag;)
      if (std::ranges::find(kFeatures, flag) != kFeatures.end())
        info.features.push_back(flag);
  }
  return info;
}

std::string tool::readNvidiaModuleVersion() {
  std::ifstream file("/sys/module/nvidia/version");
  std::string version;
  file >> version;
  return version;
}

int64_t tool::availableMemoryBytes() {
  std::ifstream file("/proc/meminfo");
  for (std::string line; std::getline(file, line);) {
    std::istringstream value{std::string(valueOf(line, "MemAvailable"))};
    if (int64_t kib; value >> kib)
      return kib << 10;
  }
  return std::numeric_limits<int64_t>::max();
}
