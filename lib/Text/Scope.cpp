//===- Scope.cpp - What the names of a mod mean ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One table for the whole file; the few names that live shorter hide an entry
// and put it back.
//
//===----------------------------------------------------------------------===//

#include "Scope.h"

#include "attnjit/Support/Suggest.h"

#include <algorithm>

using namespace attnjit;

const Symbol *Scope::find(std::string_view name) const {
  auto it = symbols.find(std::string(name));
  return it == symbols.end() ? nullptr : &it->second;
}

bool Scope::declare(std::string_view name, Symbol symbol) {
  return symbols.try_emplace(std::string(name), std::move(symbol)).second;
}

Scope::Binding::Binding(Scope &scope, std::string_view name, Expr value,
                        SourceSpan span)
    : scope(scope), name(name) {
  Symbol symbol{span, false, std::move(value)};
  auto [it, isNew] = scope.symbols.try_emplace(this->name, symbol);
  if (!isNew)
    hidden = std::exchange(it->second, std::move(symbol));
}

Scope::Binding::~Binding() {
  if (hidden)
    scope.symbols[name] = std::move(*hidden);
  else
    scope.symbols.erase(name);
}

std::string
Scope::suggest(std::string_view unknown,
               const std::vector<std::string_view> &alsoKnown) const {
  if (suggestionsLeft == 0)
    return {};
  --suggestionsLeft;
  // Sorted, so that of two equally near names it is always the same one.
  std::vector<std::string_view> names(alsoKnown);
  for (const auto &[name, symbol] : symbols)
    names.push_back(name);
  std::ranges::sort(names);
  Suggestion suggestion(unknown);
  suggestion.offerAll(names);
  return suggestion.hint();
}
