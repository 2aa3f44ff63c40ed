//===- Printer.cpp - From a ModProgram to .mod text -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod; gives statements. A node that is used more than once becomes a
// `let`; inside of a reduction, where it depends on the variable, a `def` of
// that variable. Defs call their parameters as reductions call their variables,
// so the parser passes them on without substituting anything.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Text/Printer.h"

#include "ExprWriter.h"
#include "Number.h"

#include "attnjit/Expr/Visitor.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <ranges>
#include <unordered_set>
#include <utility>

using namespace attnjit;

namespace {
class ModPrinter {
public:
  explicit ModPrinter(const ModProgram &mod)
      : mod(mod), roots{mod.score(), mod.mask(), mod.prob(), mod.sink()},
        order(topologicalOrder(roots)) {}

  std::string run();

private:
  void choosePrefixes();
  std::string freeWord(std::string word) const;
  void countUses();
  void nameShared();

  void printNaN();
  void printCaptures();
  void printNamed();
  void printHooks();
  std::string literal(const Scalar &value) const;
  void line(std::string_view text) { (out += text) += '\n'; }

  const ModProgram &mod;
  std::array<Expr, 4> roots;
  std::vector<Expr> order;
  std::unordered_map<const ExprNode *, int> uses;
  std::unordered_set<const ExprNode *> holdsDefs;
  ExprNames names;
  std::string sharedPrefix;
  std::string out;
};
} // namespace

static bool isNaN(const Scalar &value) {
  return value.type == Type::F32 && std::isnan(value.asF32());
}

/// Nodes that are better written again than named: leaves, and conversions,
/// which mostly are not written at all.
static bool isTrivial(const Expr &e) {
  return e->operands().empty() || e->op() == Op::ToF32;
}

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// `word`, made longer until no capture is called so, nor so with digits.
std::string ModPrinter::freeWord(std::string word) const {
  auto clashes = [&](const std::string &name) {
    return name.starts_with(word) &&
           name.find_first_not_of("0123456789", word.size()) ==
               std::string::npos;
  };
  bool isFree = false;
  while (!isFree) {
    isFree = true;
    for (const ParamDecl &decl : mod.params())
      isFree &= !clashes(decl.name);
    for (const BufferDecl &decl : mod.buffers())
      isFree &= !clashes(decl.name);
    if (!isFree)
      word += '_';
  }
  return word;
}

void ModPrinter::choosePrefixes() {
  sharedPrefix = freeWord("t");
  names.reducePrefix = freeWord("r");
  names.nan = freeWord("nan");
}

void ModPrinter::countUses() {
  for (const Expr &root : roots)
    if (root)
      ++uses[root.get()];
  for (const Expr &e : order)
    for (const Expr &operand : e->operands())
      ++uses[operand.get()];
  // A conversion has no name, so its uses are uses of what it converts.
  for (const Expr &e : std::views::reverse(order))
    if (e->op() == Op::ToF32)
      uses[e->operand(0).get()] += uses[e.get()] - 1;
}

/// Names the nodes that get a statement of their own, operands first.
void ModPrinter::nameShared() {
  size_t count = 0;
  auto give = [&](const Expr &e) {
    if (names.shared.try_emplace(e.get()).second)
      names.shared[e.get()] = fmt::format("{}{}", sharedPrefix, count++);
  };
  for (const Expr &e : order) {
    if (e->op() == Op::Reduce && holdsDefs.contains(e->operand(0).get()))
      // One substitution for the whole body, not one for each def in it.
      give(e->operand(0));
    bool isShared = uses[e.get()] > 1 && !isTrivial(e);
    if (isShared)
      give(e);
    if (!e->hasFreeReduceVars())
      continue;
    bool holds = isShared;
    for (const Expr &operand : e->operands())
      holds |= holdsDefs.contains(operand.get());
    if (holds)
      holdsDefs.insert(e.get());
  }
}

//===----------------------------------------------------------------------===//
// Statements
//===----------------------------------------------------------------------===//

std::string ModPrinter::literal(const Scalar &value) const {
  return isNaN(value) ? names.nan : writeScalar(value);
}

/// NaN has no literal. As a `const` it is one node again when it is read back.
void ModPrinter::printNaN() {
  bool isNeeded = false;
  for (const Expr &e : order)
    isNeeded |= e->op() == Op::Const && isNaN(e->constant());
  for (const ParamDecl &decl : mod.params())
    isNeeded |= decl.defaultValue && isNaN(*decl.defaultValue);
  if (isNeeded)
    line(fmt::format("const {} : f32 = inf - inf", names.nan));
}

static std::string writeDim(const Dim &dim) {
  switch (dim.kind) {
  case Dim::Kind::Fixed:
    return std::to_string(dim.extent);
  case Dim::Kind::Size:
    return std::string(name(dim.size));
  case Dim::Kind::Any:
    break;
  }
  return "?";
}

void ModPrinter::printCaptures() {
  for (const ParamDecl &decl : mod.params())
    line(fmt::format("param {} : {}{}", decl.name, name(decl.type),
                     decl.defaultValue ? " = " + literal(*decl.defaultValue)
                                       : std::string()));
  for (const BufferDecl &decl : mod.buffers()) {
    std::string dims;
    for (const Dim &dim : decl.dims)
      dims += (dims.empty() ? "" : ", ") + writeDim(dim);
    std::string range =
        decl.range ? fmt::format(" in [{}, {}]", writeScalar(decl.range->first),
                                 writeScalar(decl.range->second))
                   : std::string();
    line(fmt::format("buffer {} : {}[{}]{}{}{}", decl.name, name(decl.element),
                     dims, range, decl.sorted ? " sorted" : "",
                     decl.grad ? " grad" : ""));
  }
}

void ModPrinter::printNamed() {
  for (const Expr &e : order) {
    auto it = names.shared.find(e.get());
    if (it == names.shared.end())
      continue;
    std::string parameters;
    for (uint32_t var : e->freeReduceVars())
      parameters += fmt::format("{}{}{} : i32", parameters.empty() ? "" : ", ",
                                names.reducePrefix, var);
    out += e->hasFreeReduceVars()
               ? fmt::format("def {}({}) = ", it->second, parameters)
               : fmt::format("let {} = ", it->second);
    ExprWriter(names, out).writeDefinition(e);
    out += '\n';
  }
}

void ModPrinter::printHooks() {
  constexpr std::string_view kHooks[] = {"score", "mask", "prob", "sink"};
  for (size_t i = 0; i < roots.size(); ++i) {
    if (!roots[i])
      continue;
    out += fmt::format("{} = ", kHooks[i]);
    ExprWriter(names, out).writeHook(roots[i]);
    out += '\n';
  }
  if (mod.normalize() == Normalize::None)
    line("normalize = none");
}

std::string ModPrinter::run() {
  choosePrefixes();
  countUses();
  nameShared();
  // Parts with a blank line between.
  auto endPart = [this, last = size_t{0}]() mutable {
    if (out.size() > last)
      out += '\n';
    last = out.size();
  };
  if (!mod.name().empty())
    line(fmt::format("mod {}", mod.name()));
  endPart();
  printNaN();
  printCaptures();
  endPart();
  printNamed();
  endPart();
  printHooks();
  while (out.ends_with("\n\n"))
    out.pop_back();
  return std::move(out);
}

std::string attnjit::print(const ModProgram &mod) {
  return ModPrinter(mod).run();
}

std::string attnjit::printExpr(const Expr &expr, size_t maxLength) {
  ExprNames names;
  std::string text;
  ExprWriter(names, text, maxLength).writeDefinition(expr);
  if (text.size() > maxLength) {
    text.resize(maxLength < 3 ? 0 : maxLength - 3);
    text += "...";
  }
  return text;
}
