//===- GoldenFile.cpp - Golden cases on disk ------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GoldenFile.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <bit>
#include <charconv>
#include <fstream>
#include <iterator>
#include <map>

using namespace attnjit;
using namespace attnjit::golden;

using Json = nlohmann::json;

static constexpr int kWordDigits = 8;

// By Rule::Kind.
static constexpr const char *kKinds[] = {"bits", "float", "units", "near",
                                         "sum"};

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static Words wordsOf(const std::vector<double> &numbers) {
  Words words;
  for (double number : numbers) {
    const auto bits = std::bit_cast<uint64_t>(number);
    words.push_back(static_cast<uint32_t>(bits >> 32));
    words.push_back(static_cast<uint32_t>(bits));
  }
  return words;
}

namespace {
/// The list of distinct strings.
class Pool {
public:
  size_t add(const Words &words) {
    std::string digits;
    for (uint32_t word : words)
      digits += fmt::format("{:08x}", word);
    auto [at, isNew] = places.try_emplace(digits, places.size());
    if (isNew)
      list.push_back(digits);
    return at->second;
  }
  Json list = Json::array();

private:
  std::map<std::string, size_t> places;
};
} // namespace

static Json toJson(const Rule &rule, Pool &pool) {
  Json json = {{"kind", kKinds[static_cast<int>(rule.kind)]},
               {"flushes", rule.flushes}};
  if (rule.kind == Rule::Kind::Units)
    json["units"] = rule.units;
  if (rule.kind == Rule::Kind::Near) {
    json["relative"] = rule.relative;
    json["absolute"] = rule.absolute;
  }
  if (rule.kind == Rule::Kind::Sum) {
    json["sums"] = pool.add(wordsOf(rule.sums));
    json["bounds"] = pool.add(wordsOf(rule.bounds));
  }
  return json;
}

std::string golden::toText(const GoldenFile &file) {
  Pool pool;
  Json cases = Json::array();
  for (const GoldenCase &one : file.cases)
    cases.push_back({{"name", one.name},
                     {"instruction", one.instruction},
                     {"ptx", one.ptx},
                     {"sm", one.sm},
                     {"grid", one.grid},
                     {"block", one.block},
                     {"shared_bytes", one.sharedBytes},
                     {"inputs", one.inputs},
                     {"outputs", one.outputs},
                     {"in", pool.add(one.in)},
                     {"expected", pool.add(one.expected)},
                     {"rule", toJson(one.rule, pool)}});
  const Json json = {{"seed", file.seed},
                     {"cases", std::move(cases)},
                     {"words", std::move(pool.list)}};
  return json.dump(1) + "\n";
}

//===----------------------------------------------------------------------===//
// Reading. The library's exceptions end in fromText.
//===----------------------------------------------------------------------===//

static Words wordsAt(const Json &json, const Json &pool) {
  const auto digits = pool.at(json.get<size_t>()).get<std::string>();
  Words words(digits.size() / kWordDigits);
  for (size_t i = 0; i < words.size(); ++i) {
    const char *first = digits.data() + kWordDigits * i;
    std::from_chars(first, first + kWordDigits, words[i], 16);
  }
  return words;
}

static std::vector<double> numbersAt(const Json &json, const Json &pool) {
  const Words words = wordsAt(json, pool);
  std::vector<double> numbers;
  for (size_t i = 0; i + 1 < words.size(); i += 2)
    numbers.push_back(
        std::bit_cast<double>(uint64_t(words[i]) << 32 | words[i + 1]));
  return numbers;
}

static Rule ruleFrom(const Json &json, const Json &pool) {
  Rule rule;
  const auto kind = json.at("kind").get<std::string>();
  const auto *found = std::find(std::begin(kKinds), std::end(kKinds), kind);
  rule.kind = static_cast<Rule::Kind>(found - std::begin(kKinds));
  rule.flushes = json.at("flushes");
  rule.units = json.value("units", 0);
  rule.relative = json.value("relative", 0.0);
  rule.absolute = json.value("absolute", 0.0);
  if (rule.kind == Rule::Kind::Sum) {
    rule.sums = numbersAt(json.at("sums"), pool);
    rule.bounds = numbersAt(json.at("bounds"), pool);
  }
  return rule;
}

static GoldenCase caseFrom(const Json &json, const Json &pool) {
  GoldenCase one;
  one.name = json.at("name");
  one.instruction = json.at("instruction");
  one.ptx = json.at("ptx");
  one.sm = json.at("sm");
  one.grid = json.at("grid");
  one.block = json.at("block");
  one.sharedBytes = json.at("shared_bytes");
  one.inputs = json.at("inputs");
  one.outputs = json.at("outputs");
  one.in = wordsAt(json.at("in"), pool);
  one.expected = wordsAt(json.at("expected"), pool);
  one.rule = ruleFrom(json.at("rule"), pool);
  return one;
}

/// Whether there are as many words as threads take and give.
static bool isWhole(const GoldenCase &one) {
  const size_t results = size_t(one.threads()) * one.outputs;
  const bool isSum = one.rule.kind == Rule::Kind::Sum;
  return one.threads() != 0 &&
         one.in.size() == size_t(one.threads()) * one.inputs &&
         one.expected.size() == results && results != 0 &&
         one.rule.kind <= Rule::Kind::Sum &&
         one.rule.sums.size() == (isSum ? results : 0) &&
         one.rule.bounds.size() == (isSum ? results : 0);
}

Expected<GoldenFile> golden::fromText(const std::string &text) {
  GoldenFile file;
  try {
    const Json json = Json::parse(text);
    file.seed = json.at("seed");
    for (const Json &one : json.at("cases")) {
      file.cases.push_back(caseFrom(one, json.at("words")));
      if (!isWhole(file.cases.back()))
        return fail(
            ErrorKind::Environment,
            fmt::format("case `{}` is not whole", file.cases.back().name));
    }
  } catch (const Json::exception &error) {
    return fail(ErrorKind::Environment, error.what());
  }
  return file;
}

Expected<GoldenFile> golden::readGoldenFile(const std::string &path) {
  std::ifstream stream(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), {});
  if (!stream)
    return fail(ErrorKind::Environment, fmt::format("cannot read `{}`", path));
  Expected<GoldenFile> file = fromText(text);
  if (!file)
    return fail(std::move(file.error()).in(fmt::format("`{}`", path)));
  return file;
}
