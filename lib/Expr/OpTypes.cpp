//===- OpTypes.cpp - Type rules of the operators --------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every operator belongs to a family. A family states the types that its
// operands may have once they are brought to one type; i32 comes to f32 beside
// an f32, and where f32 is all that the family takes. Nothing else converts.
//
//===----------------------------------------------------------------------===//

#include "OpTypes.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

using namespace attnjit;

namespace {
/// A set of types, one bit each.
using TypeSet = unsigned;
constexpr TypeSet bit(Type type) { return 1u << static_cast<unsigned>(type); }
constexpr TypeSet kF32 = bit(Type::F32), kI32 = bit(Type::I32),
                  kBool = bit(Type::Bool), kI64 = bit(Type::I64);

enum class Result { AsOperands, Bool, F32, I32, I64 };

struct Family {
  TypeSet accepted; ///< types of the operands, after conversion
  Result result = Result::AsOperands;
  bool isCast = false; ///< takes each of `accepted` as it is
};
} // namespace

static Family familyOf(Op op) {
  switch (op) {
  case Op::Add:
  case Op::Sub:
  case Op::Mul:
  case Op::Neg:
  case Op::Abs:
  case Op::Min:
  case Op::Max:
    return {kF32 | kI32 | kI64};
  case Op::Sign:
    return {kF32 | kI32};
  case Op::FloorDiv:
    return {kI32 | kI64};
  case Op::Mod:
  case Op::Shl:
  case Op::Shr:
    return {kI32};
  case Op::And:
  case Op::Or:
  case Op::Xor:
  case Op::Not:
    return {kI32 | kBool};
  case Op::Lt:
  case Op::Le:
  case Op::Gt:
  case Op::Ge:
    return {kF32 | kI32 | kI64, Result::Bool};
  case Op::Eq:
  case Op::Ne:
    return {kF32 | kI32 | kI64 | kBool, Result::Bool};
  case Op::Where: // its branches; the condition is apart
    return {kF32 | kI32 | kI64 | kBool};
  case Op::ToF32:
    return {kF32 | kI32 | kBool, Result::F32, /*isCast=*/true};
  case Op::ToI32:
    return {kF32 | kI32 | kBool | kI64, Result::I32, /*isCast=*/true};
  case Op::ToBool:
    return {kF32 | kI32 | kBool, Result::Bool, /*isCast=*/true};
  case Op::ToI64:
    return {kI32 | kI64, Result::I64, /*isCast=*/true};
  default: // division, pow and the functions of one f32
    return {kF32};
  }
}

/// The one type that `types` come to in a family that accepts `accepted`.
static std::optional<Type> unify(std::span<const Type> types,
                                 TypeSet accepted) {
  TypeSet seen = 0;
  for (Type type : types)
    seen |= bit(type);
  auto only = [&](TypeSet set) { return (seen & ~set) == 0; };
  for (Type type : {Type::I32, Type::Bool, Type::I64, Type::F32})
    if (only(bit(type)) && (accepted & bit(type)))
      return type;
  if (only(kI32 | kF32) && (accepted & kF32))
    return Type::F32;
  return std::nullopt;
}

static std::optional<OpTyping> findTyping(Op op, std::span<const Type> types) {
  Family family = familyOf(op);
  bool isWhere = op == Op::Where;
  if (isWhere && types[0] != Type::Bool)
    return std::nullopt;
  std::optional<Type> common;
  if (!family.isCast)
    common = unify(types.subspan(isWhere), family.accepted);
  else if (family.accepted & bit(types[0]))
    common = types[0];
  if (!common)
    return std::nullopt;

  OpTyping typing{*common, {*common, *common, *common}};
  if (isWhere)
    typing.operands[0] = Type::Bool;
  switch (family.result) {
  case Result::AsOperands:
    break;
  case Result::Bool:
    typing.result = Type::Bool;
    break;
  case Result::F32:
    typing.result = Type::F32;
    break;
  case Result::I32:
    typing.result = Type::I32;
    break;
  case Result::I64:
    typing.result = Type::I64;
    break;
  }
  return typing;
}

/// "f32, i32 or bool". i64 is named where it stands alone or was met: no mod
/// has such a value.
static std::string join(TypeSet set, bool withI64) {
  if (!withI64 && set != kI64)
    set &= ~kI64;
  std::vector<std::string_view> names;
  for (Type type : {Type::F32, Type::I32, Type::Bool, Type::I64})
    if (set & bit(type))
      names.push_back(name(type));
  std::string text(names[0]);
  for (size_t i = 1; i < names.size(); ++i)
    text +=
        fmt::format("{}{}", i + 1 == names.size() ? " or " : ", ", names[i]);
  return text;
}

static std::string explain(Op op, std::span<const Type> types) {
  if (op == Op::Where && types[0] != Type::Bool)
    return fmt::format("the condition of `where` is bool, not {}",
                       name(types[0]));
  std::span<const Type> operands = types.subspan(op == Op::Where);
  bool metI64 = std::ranges::count(operands, Type::I64) != 0;
  std::string accepted = join(familyOf(op).accepted, metI64);
  if (operands.size() == 1)
    return fmt::format("`{}` takes {}, not {}", spelling(op), accepted,
                       name(operands[0]));
  return fmt::format("the {} of `{}` are both {}, not {} and {}",
                     op == Op::Where ? "branches" : "operands", spelling(op),
                     accepted, name(operands[0]), name(operands[1]));
}

tl::expected<OpTyping, std::string>
attnjit::typeOperator(Op op, std::span<const Type> types) {
  if (std::optional<OpTyping> typing = findTyping(op, types))
    return *typing;
  return tl::unexpected<std::string>(explain(op, types));
}
