//===- Expr.cpp - Making expression nodes ---------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes operands and declarations of any kind; gives checked nodes, or Invalid
// ones that say what was wrong.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Expr.h"

#include "ExprPool.h"
#include "OpTypes.h"
#include "ReduceVars.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>

using namespace attnjit;

static Expr makeLeaf(Op op, Type type, const ExprPool::Payload &payload) {
  return ExprPool::intern(op, type, {}, &payload);
}

Expr Expr::constant(Scalar value) {
  return makeLeaf(Op::Const, value.type, {value});
}

Expr Expr::var(Var var) { return makeLeaf(Op::Var, typeOf(var), {var}); }

Expr Expr::size(Size size) { return makeLeaf(Op::SizeOf, Type::I32, {size}); }

Expr Expr::param(const ParamDecl &decl) {
  if (decl.type == Type::I64)
    return invalid(fmt::format("param `{}` is i64; a param is f32, i32 or bool",
                               decl.name));
  return makeLeaf(Op::Param, decl.type, {decl});
}

Expr Expr::freshReduceVar() {
  // Numbers come round after 2^31 of them; by then their reductions are long
  // finished.
  static std::atomic<uint32_t> next = 0;
  uint32_t number = next.fetch_add(1, std::memory_order_relaxed);
  return makeLeaf(Op::ReduceVar, Type::I32,
                  {ReduceVarId{kFirstFreshReduceVar | number}});
}

Expr Expr::invalid(std::string message) {
  return makeLeaf(Op::Invalid, Type::F32, {std::move(message)});
}

/// The reason why `operands` can be those of no node at all: one is absent, is
/// Invalid itself, or the node would be too deep. Null where there is none.
static Expr findInvalid(std::span<const Expr> operands) {
  for (const Expr &operand : operands) {
    if (!operand)
      return Expr::invalid("an operand is absent");
    if (operand->op() == Op::Invalid)
      return operand;
  }
  for (const Expr &operand : operands)
    if (operand->depth() >= kMaxDepth)
      return Expr::invalid(fmt::format(
          "the expression is nested deeper than {} levels", kMaxDepth));
  return Expr();
}

static bool isZero(const Expr &e) {
  return e->op() == Op::Const && e->type() != Type::F32 &&
         e->constant().bits == 0;
}

Expr Expr::make(Op op, std::span<const Expr> operands) {
  if (!isOperator(op))
    return invalid(
        fmt::format("a {} is not made from operands alone", spelling(op)));
  if (operands.size() != static_cast<size_t>(arity(op)))
    return invalid(fmt::format("`{}` takes {} operands, not {}", spelling(op),
                               arity(op), operands.size()));
  if (Expr found = findInvalid(operands))
    return found;

  std::array<Type, 3> types{};
  for (size_t i = 0; i < operands.size(); ++i)
    types[i] = operands[i]->type();
  auto typing = typeOperator(op, std::span(types).first(operands.size()));
  if (!typing)
    return invalid(std::move(typing.error()));
  if ((op == Op::FloorDiv || op == Op::Mod) && isZero(operands[1]))
    return invalid(
        fmt::format("the right side of `{}` is the constant 0", spelling(op)));

  bool isCast =
      op == Op::ToF32 || op == Op::ToI32 || op == Op::ToBool || op == Op::ToI64;
  if (isCast && types[0] == typing->result)
    return operands[0];
  std::array<Expr, 3> converted;
  for (size_t i = 0; i < operands.size(); ++i) {
    converted[i] =
        types[i] == typing->operands[i] ? operands[i] : toF32(operands[i]);
    if (converted[i]->op() == Op::Invalid)
      return converted[i]; // the conversion passed the depth limit
  }
  std::span<const Expr> checked(converted.data(), operands.size());
  if (Expr found = findInvalid(checked))
    return found;
  return ExprPool::intern(op, typing->result, checked);
}

Expr Expr::toF32(const Expr &e) {
  if (e && e->op() != Op::Invalid && e->type() != Type::F32 &&
      e->type() != Type::I32)
    return invalid(
        fmt::format("a {} does not convert to f32 by itself", name(e->type())));
  return make(Op::ToF32, {e});
}

/// A node that reads `buffer` with `perAxis` i32 operands for each axis.
static Expr makeLoad(Op op, const BufferDecl &buffer, size_t perAxis,
                     std::span<const Expr> subscripts) {
  if (buffer.dims.size() > static_cast<size_t>(kMaxBufferRank))
    return Expr::invalid(
        fmt::format("buffer `{}` has {} axes; at most {} are allowed",
                    buffer.name, buffer.dims.size(), kMaxBufferRank));
  if (subscripts.size() != perAxis * buffer.dims.size())
    return Expr::invalid(fmt::format("buffer `{}` takes {} subscripts, not {}",
                                     buffer.name, perAxis * buffer.dims.size(),
                                     subscripts.size()));
  if (Expr found = findInvalid(subscripts))
    return found;
  for (const Expr &subscript : subscripts)
    if (subscript->type() != Type::I32)
      return Expr::invalid(
          fmt::format("a subscript of buffer `{}` is i32, not {}", buffer.name,
                      attnjit::name(subscript->type())));
  ExprPool::Payload payload{buffer};
  return ExprPool::intern(op, buffer.valueType(), subscripts, &payload);
}

Expr Expr::load(const BufferDecl &buffer, std::span<const Expr> subscripts) {
  return makeLoad(Op::Load, buffer, 1, subscripts);
}

Expr Expr::loadExtreme(Op op, const BufferDecl &buffer,
                       std::span<const Expr> ends) {
  if (op != Op::LoadMin && op != Op::LoadMax)
    return invalid(fmt::format("`{}` reads no box of a buffer", spelling(op)));
  if (buffer.valueType() == Type::F32)
    return invalid(
        fmt::format("buffer `{}` holds {}; only integers and bools are ordered",
                    buffer.name, attnjit::name(buffer.element)));
  Expr made = makeLoad(op, buffer, 2, ends);
  if (made->op() == Op::Invalid)
    return made;
  std::vector<Expr> subscripts;
  for (size_t axis = 0; axis < ends.size() / 2; ++axis) {
    if (ends[2 * axis] != ends[2 * axis + 1])
      return made;
    subscripts.push_back(ends[2 * axis]);
  }
  return load(buffer, subscripts);
}

/// Why `body` cannot be reduced with `kind`, or an empty text.
static std::string checkBody(ReduceKind kind, const Expr &body) {
  bool isLogical = kind == ReduceKind::Any || kind == ReduceKind::All;
  if (isLogical && body->type() != Type::Bool)
    return fmt::format("the body of `{}` is bool, not {}", name(kind),
                       name(body->type()));
  if (!isLogical && body->type() != Type::F32 && body->type() != Type::I32)
    return fmt::format("the body of `{}` is f32 or i32, not {}", name(kind),
                       name(body->type()));
  if (body->reduceNesting() >= kMaxReduceNesting)
    return fmt::format("reductions are nested deeper than {} levels",
                       kMaxReduceNesting);
  return {};
}

Expr Expr::reduce(ReduceKind kind, int64_t lo, int64_t hi, const Expr &variable,
                  const Expr &body) {
  if (!variable || variable->op() != Op::ReduceVar)
    return invalid("a reduction runs over a variable of `freshReduceVar`");
  if (Expr found = findInvalid({&body, 1}))
    return found;
  constexpr int64_t kMin = INT32_MIN, kMax = INT32_MAX;
  if (lo < kMin || hi > kMax + 1)
    return invalid("the range of a reduction holds values that are not i32");
  if (lo >= hi)
    return invalid(
        fmt::format("the range {}..{} of a reduction is empty", lo, hi));
  if (hi - lo > kMaxReduceSteps)
    return invalid(fmt::format("the range {}..{} of a reduction has {} steps; "
                               "at most {} are allowed",
                               lo, hi, hi - lo, kMaxReduceSteps));
  if (std::string problem = checkBody(kind, body); !problem.empty())
    return invalid(std::move(problem));
  return closeReduce({kind, lo, hi, variable->reduceVar()}, body);
}
