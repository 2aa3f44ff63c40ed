//===- Builder.cpp - Writing mods in C++ ----------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What of the builder needs no template.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Builder.h"

#include "attnjit/Expr/Visitor.h"

#include <fmt/format.h>

using namespace attnjit;
using namespace attnjit::dsl;

//===--- Terms and captures -----------------------------------------------===//

Expr dsl::detail::integerConstant(int64_t value) {
  if (!std::in_range<int32_t>(value))
    return Expr::invalid("an integer does not fit i32");
  return Expr::i32(static_cast<int32_t>(value));
}

Expr dsl::detail::expectType(const Expr &e, Type type) {
  if (!e || e->op() == Op::Invalid || e->type() == type)
    return e;
  return Expr::invalid(
      fmt::format("{} where {} is expected", name(e->type()), name(type)));
}

std::vector<Dim> dsl::detail::dimsOf(const std::vector<Axis> &axes) {
  std::vector<Dim> dims;
  for (const Axis &axis : axes)
    dims.push_back(axis.dim);
  return dims;
}

Expr dsl::detail::makeParam(std::string name, Type type,
                            std::optional<Expr> value) {
  ParamDecl decl{std::move(name), type, std::nullopt};
  if (value) {
    if ((*value)->op() == Op::Invalid)
      return *value;
    decl.defaultValue = (*value)->constant();
  }
  return Expr::param(decl);
}

Expr dsl::detail::makeLoad(const BufferDecl &decl, Type type,
                           std::span<const Expr> subscripts) {
  if (decl.valueType() != type)
    return Expr::invalid(fmt::format(
        "an element of buffer `{}`, which holds {}, is {}, not {}", decl.name,
        name(decl.element), name(decl.valueType()), name(type)));
  return Expr::load(decl, subscripts);
}

//===--- Mods as values ---------------------------------------------------===//

static Expr replace(const Expr &e, const Expr &variable, const Expr &value) {
  std::pair<Expr, Expr> replacement(variable, value);
  return substitute(e, {&replacement, 1});
}

static Expr moveTo(const Expr &e, const Positions &positions) {
  std::vector<std::pair<Expr, Expr>> replacements;
  auto add = [&](Var var, const I32 &position) {
    if (position.expr())
      replacements.emplace_back(Expr::var(var), position.expr());
  };
  add(Var::Q, positions.q);
  add(Var::Kv, positions.kv);
  add(Var::B, positions.b);
  add(Var::H, positions.h);
  return substitute(e, replacements);
}

F32 ScoreMod::apply(const F32 &value) const {
  return F32::of(replace(expr(), Expr::var(Var::Score), value.expr()));
}

ScoreMod ScoreMod::at(const Positions &positions) const {
  return F32::of(moveTo(expr(), positions));
}

MaskMod MaskMod::at(const Positions &positions) const {
  return Bool::of(moveTo(expr(), positions));
}

std::optional<ScoreMod>
dsl::compose(std::span<const std::optional<ScoreMod>> mods) {
  std::optional<ScoreMod> result;
  for (const std::optional<ScoreMod> &mod : mods)
    if (mod)
      result = result ? ScoreMod(mod->apply(*result)) : *mod;
  return result;
}

//===--- ModBuilder -------------------------------------------------------===//

ModBuilder::ModBuilder(std::string name) { parts.name = std::move(name); }

ModBuilder &ModBuilder::declare(const Expr &param) {
  if (param && param->op() == Op::Param)
    parts.params.push_back(param->param());
  else
    parts.score = Expr::invalid("what is declared as a param is none");
  return *this;
}

ModBuilder &ModBuilder::addHook(Expr ModParts::*hook, const Expr &variable,
                                const Expr &value) {
  Expr &current = parts.*hook;
  if (!value)
    current = Expr::invalid("an operand is absent");
  else if (current)
    current = replace(value, variable, current);
  else
    current = value;
  return *this;
}

ModBuilder &ModBuilder::score(const std::optional<ScoreMod> &mod) {
  return mod ? score(*mod) : *this;
}

ModBuilder &ModBuilder::mask(const Bool &value) {
  parts.mask = parts.mask     ? Expr::make(Op::And, {parts.mask, value.expr()})
               : value.expr() ? value.expr()
                              : Expr::invalid("an operand is absent");
  return *this;
}

ModBuilder &ModBuilder::prob(const F32 &value) {
  return addHook(&ModParts::prob, Expr::var(Var::Prob), value.expr());
}

ModBuilder &ModBuilder::sink(const F32 &value) {
  parts.sink = parts.sink     ? Expr::invalid("the hook is given twice")
               : value.expr() ? value.expr()
                              : Expr::invalid("an operand is absent");
  return *this;
}

ModBuilder &ModBuilder::normalize(Normalize value) {
  parts.normalize = value;
  return *this;
}

Expected<ModProgram> ModBuilder::build() const {
  return ModProgram::create(parts);
}
