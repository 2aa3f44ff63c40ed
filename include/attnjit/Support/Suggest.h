//===- Suggest.h - The name that was meant ----------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes an unknown word and known ones; gives the known one that is nearest to
// it, if any is near.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_SUPPORT_SUGGEST_H
#define ATTNJIT_SUPPORT_SUGGEST_H

#include <string>
#include <string_view>

namespace attnjit {

/// Keeps the nearest of the words offered to it.
class Suggestion {
public:
  explicit Suggestion(std::string_view unknown);

  void offer(std::string_view known);
  template <typename Words> void offerAll(const Words &words) {
    for (const auto &word : words)
      offer(word);
  }

  /// The nearest word; empty where none is near.
  const std::string &word() const { return nearest; }

  /// "did you mean `dist`?", or nothing.
  std::string hint() const;

private:
  std::string_view unknown;
  std::string nearest;
  int distance; ///< of `nearest`; one past what counts as near at first
};

} // namespace attnjit

#endif // ATTNJIT_SUPPORT_SUGGEST_H
