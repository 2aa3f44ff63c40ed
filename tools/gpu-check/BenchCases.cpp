//===- BenchCases.cpp - What is measured on the device --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "BenchCases.h"

#include "support/Npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

using namespace attnjit;
using namespace attnjit::gpucheck;

namespace fs = std::filesystem;

// What the mods capture.
static constexpr int kWindow = 1024;
static constexpr double kCap = 50; // the library's own
static constexpr int kShortestDocument = 512, kLongestDocument = 1024;

// 16 thousand tokens and 16 heads: two thousand blocks of 128 rows, enough for
// every processor of the largest chip many times over.
static constexpr int64_t kTokens = 16384, kHeads = 16;

static Shape prefillShape(int64_t S, int64_t D) {
  return {kTokens / S, kHeads, kHeads, S, S, D, D};
}

// One query for 8 heads of a group. Keys and values take 256 MB, more than any
// cache.
static Shape decodeShape(int64_t Skv) {
  constexpr int64_t kKeys = 524288, kHkv = 8, kGroup = 8, kD = 128;
  return {kKeys / kHkv / Skv, kHkv * kGroup, kHkv, 1, Skv, kD, kD};
}

template <typename T>
static Expected<std::string> writeBuffer(const fs::path &file, DType dtype,
                                         const std::vector<T> &values) {
  Expected<tool::Array> array =
      tool::Array::allocate(dtype, {static_cast<int64_t>(values.size())});
  if (!array)
    return fail(array.error());
  std::ranges::copy(values, array->elements<T>().begin());
  if (Expected<void> ok = tool::writeNpy(file, *array); !ok)
    return fail(ok.error());
  return file.native();
}

/// Lengths of documents that fill S positions. Always the same.
static std::vector<int32_t> documentLengths(int64_t S) {
  std::minstd_rand random(7);
  std::vector<int32_t> lengths;
  for (int64_t left = S; left > 0; left -= lengths.back()) {
    const int64_t length =
        kShortestDocument +
        static_cast<int64_t>(random() %
                             (kLongestDocument - kShortestDocument + 1));
    lengths.push_back(static_cast<int32_t>(std::min(left, length)));
  }
  return lengths;
}

namespace {

/// Collects the cases.
class CaseList {
public:
  explicit CaseList(const fs::path &directory) : directory(directory) {}

  void add(const char *mod, const Shape &shape,
           std::vector<std::string> options = {}, Json captures = {}) {
    BenchCase made = {{mod, shape, DType::BF16, std::move(options)},
                      {{"mod", mod}, {"dtype", "bf16"}}};
    made.peerCase["shape"] = shapeJson(shape);
    if (captures.is_object())
      made.peerCase.update(captures);
    cases.push_back(std::move(made));
  }

  void addWindow(const Shape &shape) {
    add("sliding_window", shape, {"--set", fmt::format("window={}", kWindow)},
        {{"window", kWindow}});
  }

  /// Slopes of the paper: 2^(-8 (h + 1) / Hq).
  Expected<void> addAlibi(const Shape &shape) {
    std::vector<float> slopes;
    for (int64_t h = 0; h < shape.Hq; ++h)
      slopes.push_back(static_cast<float>(
          std::exp2(-8.0 * double(h + 1) / double(shape.Hq))));
    Expected<std::string> file =
        writeBuffer(directory / "slopes.npy", DType::F32, slopes);
    if (!file)
      return fail(file.error());
    add("alibi", shape, {"--set", "slopes=" + *file}, {{"slopes", slopes}});
    return {};
  }

  Expected<void> addDocuments(const Shape &shape) {
    const std::vector<int32_t> lengths = documentLengths(shape.Sq);
    std::vector<int32_t> ids;
    for (size_t d = 0; d < lengths.size(); ++d)
      ids.insert(ids.end(), static_cast<size_t>(lengths[d]),
                 static_cast<int32_t>(d));
    Expected<std::string> file = writeBuffer(
        directory / fmt::format("doc{}.npy", shape.Sq), DType::I32, ids);
    if (!file)
      return fail(file.error());
    add("packed_documents", shape, {"--set", "doc=" + *file},
        {{"documents", lengths}});
    return {};
  }

  std::vector<BenchCase> cases;

private:
  const fs::path &directory;
};

} // namespace

Expected<std::vector<BenchCase>>
gpucheck::benchCases(const fs::path &directory) {
  CaseList list(directory);
  for (const int64_t D : {128, 64}) {
    const Shape shape = prefillShape(4096, D);
    list.add("no_mask", shape);
    list.add("causal", shape);
    list.add("softcap", shape, {}, {{"cap", kCap}});
    if (Expected<void> ok = list.addAlibi(shape); !ok)
      return fail(ok.error());
    list.addWindow(shape);
    if (Expected<void> ok = list.addDocuments(shape); !ok)
      return fail(ok.error());
  }
  for (const int64_t Skv : {8192, 32768, 65536})
    list.add("no_mask", decodeShape(Skv));
  for (const int64_t S : {8192, 16384})
    list.addWindow(prefillShape(S, 128));
  return std::move(list.cases);
}
