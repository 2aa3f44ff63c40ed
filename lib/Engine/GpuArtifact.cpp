//===- GpuArtifact.cpp - What the cache holds of a GPU kernel -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GpuArtifact.h"

#include <fmt/format.h>

#include <charconv>

namespace attnjit {

static constexpr std::string_view kMagic = "attnjit-gpu 1";

std::string GpuArtifact::toBytes() const {
  return fmt::format("{} {} {} {}\n", kMagic, ptx.size(), sm.empty() ? "-" : sm,
                     cubin.size()) +
         ptx + cubin;
}

/// Takes `word` and the space or line's end behind it off the front of `text`.
static bool takeWord(std::string_view &text, std::string_view &word,
                     char delimiter) {
  const size_t end = text.find(delimiter);
  if (end == std::string_view::npos)
    return false;
  word = text.substr(0, end);
  text.remove_prefix(end + 1);
  return true;
}

static bool takeSize(std::string_view &text, size_t &size, char delimiter) {
  std::string_view word;
  if (!takeWord(text, word, delimiter))
    return false;
  auto [end, error] =
      std::from_chars(word.data(), word.data() + word.size(), size);
  return error == std::errc() && end == word.data() + word.size();
}

std::optional<GpuArtifact> GpuArtifact::fromBytes(std::string_view bytes) {
  if (!bytes.starts_with(kMagic) ||
      !bytes.substr(kMagic.size()).starts_with(' '))
    return std::nullopt;
  bytes.remove_prefix(kMagic.size() + 1);
  size_t ptxBytes = 0, cubinBytes = 0;
  std::string_view sm;
  if (!takeSize(bytes, ptxBytes, ' ') || !takeWord(bytes, sm, ' ') ||
      !takeSize(bytes, cubinBytes, '\n') || ptxBytes > bytes.size() ||
      cubinBytes != bytes.size() - ptxBytes || (sm == "-") != (cubinBytes == 0))
    return std::nullopt;
  GpuArtifact artifact;
  artifact.ptx = bytes.substr(0, ptxBytes);
  artifact.cubin = bytes.substr(ptxBytes);
  if (sm != "-")
    artifact.sm = sm;
  return artifact;
}

} // namespace attnjit
