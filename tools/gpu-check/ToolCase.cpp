//===- ToolCase.cpp - A run of the tool -----------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ToolCase.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

using namespace attnjit;
using namespace attnjit::gpucheck;

std::string ToolCase::name() const {
  return fmt::format("{} {} {}{}{}", mod, attnjit::name(dtype), shape.text(),
                     options.empty() ? "" : " ", fmt::join(options, " "));
}

std::vector<std::string> ToolCase::arguments() const {
  std::vector<std::string> result = {mod, "--shape", shape.text(), "--dtype",
                                     std::string(attnjit::name(dtype))};
  result.insert(result.end(), options.begin(), options.end());
  return result;
}

Json gpucheck::shapeJson(const Shape &s) {
  return {{"B", s.B},     {"Hq", s.Hq}, {"Hkv", s.Hkv}, {"Sq", s.Sq},
          {"Skv", s.Skv}, {"D", s.D},   {"Dv", s.Dv}};
}

tool::CommandLine ToolSetup::command(std::string_view verb,
                                     const ToolCase &toolCase) const {
  tool::CommandLine command = {tool.native(), std::string(verb)};
  for (std::string &argument : toolCase.arguments())
    command.push_back(std::move(argument));
  for (std::string_view argument :
       {std::string_view("--target"), std::string_view(target),
        std::string_view("--cache-dir"), std::string_view(cache.native()),
        std::string_view("--json")})
    command.emplace_back(argument);
  return command;
}

Json gpucheck::parseOutput(const std::string &output) {
  Json json = Json::parse(output, nullptr, /*allow_exceptions=*/false);
  return json.is_object() ? json : Json();
}

std::string gpucheck::lastLine(const std::string &text) {
  const size_t end = text.find_last_not_of(" \n\r\t");
  if (end == std::string::npos)
    return {};
  const size_t lineBreak = text.find_last_of('\n', end);
  const size_t begin = text.find_first_not_of(
      " \t", lineBreak == std::string::npos ? 0 : lineBreak + 1);
  return text.substr(begin, end + 1 - begin);
}
