//===- KeyText.cpp - Listing a mod completely -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every field of a line is a word without spaces and their number follows from
// the first ones, so no two mods share a listing. Scalars are printed as bits.
//
//===----------------------------------------------------------------------===//

#include "KeyText.h"

#include "attnjit/Expr/Visitor.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <unordered_map>

using namespace attnjit;

static std::string print(const Scalar &value) {
  return fmt::format("{} {:x}", name(value.type), value.bits);
}

static std::string print(const Dim &dim) {
  switch (dim.kind) {
  case Dim::Kind::Fixed:
    return fmt::format("{}", dim.extent);
  case Dim::Kind::Size:
    return std::string(name(dim.size));
  case Dim::Kind::Any:
    return "?";
  }
  return "?";
}

static std::string print(const BufferDecl &decl) {
  std::string text =
      fmt::format("buffer {} {} [", decl.name, name(decl.element));
  for (size_t i = 0; i < decl.dims.size(); ++i)
    text += (i ? "," : "") + print(decl.dims[i]);
  text += "]";
  if (decl.range)
    text += fmt::format(" in {} {}", print(decl.range->first),
                        print(decl.range->second));
  if (decl.sorted)
    text += " sorted";
  return text;
}

/// What a node is besides its operands.
static std::string printHead(const ExprNode &node) {
  std::string_view op = spelling(node.op());
  switch (node.op()) {
  case Op::Const:
    return fmt::format("constant {}", print(node.constant()));
  case Op::Var:
    return fmt::format("variable {}", name(node.var()));
  case Op::SizeOf:
    return fmt::format("size {}", name(node.size()));
  case Op::Param:
    return fmt::format("param {}", node.param().name);
  case Op::ReduceVar:
    return fmt::format("reducevar {}", node.reduceVar());
  case Op::Load:
    return fmt::format("load {}", node.buffer().name);
  case Op::Reduce:
    return fmt::format("reduce {} {} {} {}", name(node.reduceKind()),
                       node.reduceLo(), node.reduceHi(), node.reduceVar());
  case Op::Neg: // told from the binary `-`
    return fmt::format("neg {}", name(node.type()));
  default:
    return fmt::format("{} {}", op, name(node.type()));
  }
}

std::string attnjit::printKeyText(const ModProgram &mod) {
  std::string text;
  auto out = std::back_inserter(text);
  for (const ParamDecl &decl : mod.params())
    fmt::format_to(out, "param {} {}\n", decl.name, name(decl.type));
  for (const BufferDecl &decl : mod.buffers())
    fmt::format_to(out, "{}\n", print(decl));
  fmt::format_to(out, "normalize {}\n",
                 mod.normalize() == Normalize::None ? "none" : "softmax");

  const std::array hooks = {mod.score(), mod.mask(), mod.prob(), mod.sink()};
  std::unordered_map<const ExprNode *, size_t> numbers;
  for (const Expr &node : topologicalOrder(hooks)) {
    fmt::format_to(out, "{} {}", numbers.size(), printHead(*node));
    for (const Expr &operand : node->operands())
      fmt::format_to(out, " {}", numbers.at(operand.get()));
    text += '\n';
    numbers.emplace(node.get(), numbers.size());
  }
  constexpr std::array<std::string_view, 4> kHookNames = {"score", "mask",
                                                          "prob", "sink"};
  for (size_t i = 0; i < hooks.size(); ++i)
    if (hooks[i])
      fmt::format_to(out, "{} {}\n", kHookNames[i], numbers.at(hooks[i].get()));
  return text;
}
