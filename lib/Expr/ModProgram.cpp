//===- ModProgram.cpp - A finished, checked mod ---------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The rules that a mod as a whole must keep; those of single nodes were
// checked when the nodes were made.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/ModProgram.h"

#include "attnjit/Expr/Names.h"
#include "attnjit/Expr/Visitor.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <unordered_map>

using namespace attnjit;

static tl::unexpected<Error> invalidMod(std::string message) {
  return fail(ErrorKind::InvalidMod, std::move(message));
}

//===--- Hooks ------------------------------------------------------------===//

static constexpr uint32_t bit(Var var) {
  return 1u << static_cast<unsigned>(var);
}

static constexpr uint32_t kRowVars =
    bit(Var::B) | bit(Var::H) | bit(Var::Q) | bit(Var::QLocal);
static constexpr uint32_t kPositions =
    kRowVars | bit(Var::Kv) | bit(Var::KvLocal) | bit(Var::KvH);

/// The first variable of `vars`, a set that is not empty.
static Var firstOf(uint32_t vars) {
  unsigned index = 0;
  while (!((vars >> index) & 1))
    ++index;
  return static_cast<Var>(index);
}

/// Checks `hook` and brings it to `type`. `allowed` is a set over Var.
static Expected<void> checkHook(std::string_view name, Expr &hook, Type type,
                                uint32_t allowed) {
  if (!hook)
    return {};
  if (hook->op() == Op::Invalid)
    return invalidMod(fmt::format("`{}`: {}", name, hook->message()));
  if (hook->type() == Type::I32 && type == Type::F32)
    hook = Expr::toF32(hook);
  if (hook->op() == Op::Invalid)
    return invalidMod(fmt::format("`{}`: {}", name, hook->message()));
  if (hook->type() != type)
    return invalidMod(fmt::format("`{}` is {}, not {}", name,
                                  attnjit::name(type),
                                  attnjit::name(hook->type())));
  if (hook->hasFreeReduceVars())
    return invalidMod(fmt::format(
        "`{}` uses the variable of a reduction outside of it", name));
  if (uint32_t wrong = hook->vars() & ~allowed)
    return invalidMod(fmt::format("`{}` cannot use `{}`", name,
                                  attnjit::name(firstOf(wrong))));
  return {};
}

static Expected<void> checkHooks(ModParts &parts) {
  if (auto ok = checkHook("score", parts.score, Type::F32,
                          kPositions | bit(Var::Score));
      !ok)
    return ok;
  if (auto ok = checkHook("mask", parts.mask, Type::Bool, kPositions); !ok)
    return ok;
  if (auto ok =
          checkHook("prob", parts.prob, Type::F32, kPositions | bit(Var::Prob));
      !ok)
    return ok;
  if (auto ok = checkHook("sink", parts.sink, Type::F32, kRowVars); !ok)
    return ok;
  if (parts.sink && parts.normalize == Normalize::None)
    return invalidMod("`sink` has no meaning with `normalize = none`: it adds "
                      "to the sum that softmax divides by");
  return {};
}

//===--- Declarations -----------------------------------------------------===//

static Expected<void> checkName(std::string_view what, std::string_view name) {
  if (!isIdentifier(name))
    return invalidMod(fmt::format(
        "{} `{}`: a name is a letter or `_`, then letters, digits and `_`",
        what, name));
  if (isReservedWord(name))
    return invalidMod(
        fmt::format("{} `{}`: the language keeps this name", what, name));
  return {};
}

static Expected<void> checkParam(const ParamDecl &decl) {
  if (auto ok = checkName("param", decl.name); !ok)
    return ok;
  if (decl.type == Type::I64)
    return invalidMod(fmt::format(
        "param `{}` is i64; a param is f32, i32 or bool", decl.name));
  if (decl.defaultValue && decl.defaultValue->type != decl.type)
    return invalidMod(fmt::format("the default of param `{}` is {}, not {}",
                                  decl.name, name(decl.defaultValue->type),
                                  name(decl.type)));
  return {};
}

static Expected<void> checkRange(const BufferDecl &decl) {
  const auto &[lo, hi] = *decl.range;
  Type type = decl.valueType();
  if (type == Type::Bool)
    return invalidMod(
        fmt::format("buffer `{}` is bool; `in` needs numbers", decl.name));
  for (const Scalar &end : {lo, hi})
    if (end.type != type)
      return invalidMod(
          fmt::format("the range of buffer `{}` holds a {}; its values are {}",
                      decl.name, name(end.type), name(type)));
  bool isOrdered =
      type == Type::F32 ? lo.asF32() <= hi.asF32() : lo.asI32() <= hi.asI32();
  if (!isOrdered)
    return invalidMod(
        fmt::format("the range of buffer `{}` is empty", decl.name));
  return {};
}

static Expected<void> checkBuffer(const BufferDecl &decl) {
  if (auto ok = checkName("buffer", decl.name); !ok)
    return ok;
  if (decl.dims.size() > static_cast<size_t>(kMaxBufferRank))
    return invalidMod(
        fmt::format("buffer `{}` has {} axes; at most {} are allowed",
                    decl.name, decl.dims.size(), kMaxBufferRank));
  for (const Dim &dim : decl.dims)
    if (dim.kind == Dim::Kind::Fixed &&
        (dim.extent < 0 || dim.extent > INT32_MAX))
      return invalidMod(fmt::format(
          "an axis of buffer `{}` has size {}; it lies in 0..2147483647",
          decl.name, dim.extent));
  if (decl.sorted && decl.dims.empty())
    return invalidMod(fmt::format(
        "buffer `{}` is `sorted` but has no axis to be sorted along",
        decl.name));
  if (decl.grad && decl.valueType() != Type::F32)
    return invalidMod(fmt::format("buffer `{}` is {}; `grad` needs a "
                                  "floating-point element type",
                                  decl.name, name(decl.element)));
  return decl.range ? checkRange(decl) : Expected<void>();
}

namespace {
/// The declarations of a mod, each name once.
class CaptureTable {
public:
  explicit CaptureTable(ModParts &parts) : parts(parts) {}

  Expected<void> addDeclared();
  /// Adds what `node` captures, unless it is there already.
  Expected<void> addUsed(const ExprNode &node);

private:
  enum class Kind { Param, Buffer };
  struct Place {
    Kind kind;
    size_t index;
  };
  template <typename Decl>
  Expected<void> addUse(const Decl &decl, Kind kind, std::vector<Decl> &list);
  Expected<void> add(const std::string &name, Kind kind, size_t index);

  ModParts &parts;
  std::unordered_map<std::string, Place> places;
};
} // namespace

Expected<void> CaptureTable::add(const std::string &name, Kind kind,
                                 size_t index) {
  if (!places.try_emplace(name, Place{kind, index}).second)
    return invalidMod(fmt::format("`{}` is declared twice", name));
  if (places.size() > static_cast<size_t>(kMaxCaptures))
    return invalidMod(fmt::format(
        "the mod captures more than {} params and buffers", kMaxCaptures));
  return {};
}

Expected<void> CaptureTable::addDeclared() {
  for (size_t i = 0; i < parts.params.size(); ++i)
    if (auto ok = add(parts.params[i].name, Kind::Param, i); !ok)
      return ok;
  for (size_t i = 0; i < parts.buffers.size(); ++i)
    if (auto ok = add(parts.buffers[i].name, Kind::Buffer, i); !ok)
      return ok;
  return {};
}

template <typename Decl>
Expected<void> CaptureTable::addUse(const Decl &decl, Kind kind,
                                    std::vector<Decl> &list) {
  auto it = places.find(decl.name);
  if (it == places.end()) {
    list.push_back(decl);
    return add(decl.name, kind, list.size() - 1);
  }
  if (it->second.kind != kind || !(list[it->second.index] == decl))
    return invalidMod(
        fmt::format("`{}` is declared in two different ways", decl.name));
  return {};
}

Expected<void> CaptureTable::addUsed(const ExprNode &node) {
  if (node.op() == Op::Param)
    return addUse(node.param(), Kind::Param, parts.params);
  if (node.op() == Op::Load)
    return addUse(node.buffer(), Kind::Buffer, parts.buffers);
  if (node.op() == Op::LoadMin || node.op() == Op::LoadMax)
    return invalidMod(fmt::format("the {} of a box of buffer `{}` is for "
                                  "analyses; a mod reads single elements",
                                  spelling(node.op()), node.buffer().name));
  return {};
}

static Expected<void> checkCaptures(ModParts &parts) {
  CaptureTable table(parts);
  if (auto ok = table.addDeclared(); !ok)
    return ok;
  std::vector<Expr> nodes = topologicalOrder(
      std::array{parts.score, parts.mask, parts.prob, parts.sink});
  if (nodes.size() > static_cast<size_t>(kMaxNodes))
    return invalidMod(fmt::format("the mod has {} nodes; at most {} are "
                                  "allowed",
                                  nodes.size(), kMaxNodes));
  for (const Expr &node : nodes)
    if (auto ok = table.addUsed(*node); !ok)
      return ok;
  for (const ParamDecl &decl : parts.params)
    if (auto ok = checkParam(decl); !ok)
      return ok;
  for (const BufferDecl &decl : parts.buffers)
    if (auto ok = checkBuffer(decl); !ok)
      return ok;
  return {};
}

//===--- ModProgram -------------------------------------------------------===//

Expected<ModProgram> ModProgram::create(ModParts parts) {
  if (!parts.name.empty())
    if (auto ok = checkName("mod", parts.name); !ok)
      return fail(ok.error());
  if (auto ok = checkHooks(parts); !ok)
    return fail(ok.error());
  if (auto ok = checkCaptures(parts); !ok)
    return fail(ok.error());
  return ModProgram(std::move(parts));
}

ModProgram ModProgram::identity() { return ModProgram(ModParts()); }

template <typename Decl>
static int ordinalOf(const std::vector<Decl> &list, std::string_view name) {
  for (size_t i = 0; i < list.size(); ++i)
    if (list[i].name == name)
      return static_cast<int>(i);
  return -1;
}

int ModProgram::paramOrdinal(std::string_view name) const {
  return ordinalOf(parts.params, name);
}

int ModProgram::bufferOrdinal(std::string_view name) const {
  return ordinalOf(parts.buffers, name);
}
