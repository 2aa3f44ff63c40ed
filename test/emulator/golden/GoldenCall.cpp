//===- GoldenCall.cpp - A call of an intrinsic or of inline PTX -----------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GoldenCall.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace attnjit::golden {

static bool isOne(std::string_view type,
                  std::initializer_list<std::string_view> types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

/// Registers of inline PTX hold 16 or 32 bits of no type.
static std::string asmType(const std::string &type) {
  if (isOne(type, {"half", "bfloat"}))
    return "i16";
  return isOne(type, {"<2 x half>", "<2 x bfloat>"}) ? "i32" : type;
}

static std::string_view constraintOf(std::string_view type) {
  return type == "float" ? "f" : type == "i16" ? "h" : "r";
}

/// Defines `%x0`, ... of the operands' types from words; gives how many.
static uint32_t unpack(const std::vector<std::string> &types,
                       std::string &body) {
  uint32_t word = 0;
  for (size_t i = 0; i < types.size(); ++i) {
    const std::string &type = types[i];
    if (type == "i32") {
      body += fmt::format("  %x{} = add i32 %i{}, 0\n", i, word);
    } else if (type == "i1") {
      body += fmt::format("  %x{} = trunc i32 %i{} to i1\n", i, word);
    } else if (type == "i64") {
      body += fmt::format("  %low{0} = zext i32 %i{1} to i64\n"
                          "  %high{0} = zext i32 %i{2} to i64\n"
                          "  %upper{0} = shl i64 %high{0}, 32\n"
                          "  %x{0} = or i64 %upper{0}, %low{0}\n",
                          i, word, word + 1);
      ++word;
    } else {
      body += fmt::format("  %x{} = bitcast i32 %i{} to {}\n", i, word, type);
    }
    ++word;
  }
  return word;
}

/// Defines words `%o0`, ... of `%r`; gives how many.
static uint32_t pack(const std::vector<std::string> &types,
                     const std::string &whole, const std::string &name,
                     std::string &body) {
  uint32_t word = 0;
  for (size_t i = 0; i < types.size(); ++i) {
    const std::string &type = types[i];
    std::string value = "%r";
    if (types.size() > 1) {
      value = fmt::format("%r{}", i);
      body += fmt::format("  {} = extractvalue {} %r, {}\n", value, whole, i);
    }
    const std::string out = fmt::format("%{}{}", name, word);
    if (type == "i1" || type == "i16") {
      body += fmt::format("  {} = zext {} {} to i32\n", out, type, value);
    } else if (isOne(type, {"half", "bfloat"})) {
      body += fmt::format("  %h{0} = bitcast {1} {2} to i16\n"
                          "  {3} = zext i16 %h{0} to i32\n",
                          i, type, value, out);
    } else if (type == "i64") {
      body += fmt::format("  {3} = trunc i64 {0} to i32\n"
                          "  %s{1} = lshr i64 {0}, 32\n"
                          "  %{4}{2} = trunc i64 %s{1} to i32\n",
                          value, i, word + 1, out, name);
      ++word;
    } else {
      body += type == "i32" ? fmt::format("  {} = add i32 {}, 0\n", out, value)
                            : fmt::format("  {} = bitcast {} {} to i32\n", out,
                                          type, value);
    }
    ++word;
  }
  return word;
}

/// `{$4, $5}, $6`: the values from `first` on, as the vectors have them.
static std::string asmOperands(size_t first, size_t count,
                               const std::vector<int> &vectors) {
  std::vector<std::string> texts;
  texts.reserve(count);
  size_t next = first;
  auto group = [&](size_t size) {
    std::vector<std::string> parts(size);
    for (std::string &part : parts)
      part = fmt::format("${}", next++);
    return fmt::format("{}", fmt::join(parts, ", "));
  };
  for (int size : vectors)
    texts.push_back("{" + group(size) + "}");
  while (next < first + count)
    texts.push_back(group(1));
  return fmt::format("{}", fmt::join(texts, ", "));
}

static std::string wholeType(const std::vector<std::string> &types) {
  return types.size() == 1 ? types[0]
                           : fmt::format("{{{}}}", fmt::join(types, ", "));
}

/// A warp's instruction must not be moved or doubled: `sideeffect`.
static std::string asmText(const GoldenKernel &kernel, const Call &call) {
  const emulator::AsmForm &form = *kernel.form;
  std::vector<std::string> constraints, operands(call.operands.size());
  for (const std::string &type : call.results)
    constraints.push_back(fmt::format("={}", constraintOf(type)));
  for (size_t i = 0; i < call.operands.size(); ++i)
    operands[form.order.empty() ? i : form.order[i] - '0'] =
        fmt::format("{} %x{}", call.operands[i], i);
  for (const std::string &operand : operands)
    constraints.emplace_back(
        constraintOf(operand.substr(0, operand.find(' '))));
  const std::string target =
      call.results.size() == 1
          ? "$0"
          : "{" + asmOperands(0, call.results.size(), {}) + "}";
  return fmt::format(
      "  %r = call {} asm sideeffect \"{} {}, {};\", "
      "\"{}\"({})\n",
      wholeType(call.results), form.opcode, target,
      asmOperands(call.results.size(), operands.size(), call.vectors),
      fmt::join(constraints, ","), fmt::join(operands, ", "));
}

static std::string callText(const GoldenKernel &kernel, const Call &call) {
  if (kernel.isAsm)
    return asmText(kernel, call);
  std::vector<std::string> operands(call.operands.size());
  for (size_t i = 0; i < operands.size(); ++i)
    operands[i] = fmt::format("{} %x{}", call.operands[i], i);
  return fmt::format("  %r = call {} @llvm.nvvm.{}({})\n",
                     wholeType(call.results), kernel.instruction,
                     fmt::join(operands, ", "));
}

static Call typedFor(const GoldenKernel &kernel, Call call) {
  if (kernel.isAsm)
    for (auto *types : {&call.results, &call.operands})
      for (std::string &type : *types)
        type = asmType(type);
  return call;
}

void setCall(GoldenKernel &kernel, const Call &untyped) {
  const Call call = typedFor(kernel, untyped);
  kernel.body.clear();
  kernel.inputs = unpack(call.operands, kernel.body);
  kernel.body += callText(kernel, call);
  kernel.outputs =
      pack(call.results, wholeType(call.results), "o", kernel.body);
}

void setMaskedCall(GoldenKernel &kernel, Call untyped, uint32_t mask,
                   size_t maskWord) {
  const Call call = typedFor(kernel, std::move(untyped));
  std::string operands;
  kernel.inputs = unpack(call.operands, operands);
  std::string inside = callText(kernel, call);
  kernel.outputs = pack(call.results, wholeType(call.results), "t", inside);
  kernel.body =
      operands + fmt::format("  %shifted = lshr i32 {}, %tid\n"
                             "  %takes.part = trunc i32 %shifted to i1\n"
                             "  br i1 %takes.part, label %inside, label %end\n"
                             "inside:\n{}  br label %end\nend:\n",
                             static_cast<int32_t>(mask), inside);
  for (uint32_t i = 0; i < kernel.outputs; ++i)
    kernel.body +=
        fmt::format("  %o{0} = phi i32 [%t{0}, %inside], [-1, %start]\n", i);
  for (size_t i = maskWord; i < kernel.in.size(); i += kernel.inputs)
    kernel.in[i] = mask;
}

} // namespace attnjit::golden
