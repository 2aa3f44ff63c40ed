//===- ExprWriter.cpp - Expressions as text -------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Brackets follow from the levels of the grammar. A conversion to f32 is left
// out where making the node without it gives the same node.
//
//===----------------------------------------------------------------------===//

#include "ExprWriter.h"

#include "Number.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <optional>
#include <utility>

using namespace attnjit;

namespace {
/// How tightly a form binds. An operand is bracketed where its own level is
/// below what its place asks for.
enum Level : int {
  kAny = 0,
  kOr,
  kAnd,
  kNot,
  kCompare,
  kBitOr,
  kBitXor,
  kBitAnd,
  kShift,
  kSum,
  kTerm,
  kUnary,
};

struct BinaryForm {
  std::string_view spelling;
  Level level;
};
} // namespace

static std::optional<BinaryForm> binaryForm(const Expr &e) {
  bool isBool = e->type() == Type::Bool;
  switch (e->op()) {
  case Op::Or:
    return isBool ? BinaryForm{"or", kOr} : BinaryForm{"|", kBitOr};
  case Op::And:
    return isBool ? BinaryForm{"and", kAnd} : BinaryForm{"&", kBitAnd};
  case Op::Xor:
    return BinaryForm{"^", kBitXor};
  case Op::Lt:
  case Op::Le:
  case Op::Gt:
  case Op::Ge:
  case Op::Eq:
  case Op::Ne:
    return BinaryForm{spelling(e->op()), kCompare};
  case Op::Shl:
  case Op::Shr:
    return BinaryForm{spelling(e->op()), kShift};
  case Op::Add:
  case Op::Sub:
    return BinaryForm{spelling(e->op()), kSum};
  case Op::Mul:
  case Op::Div:
  case Op::FloorDiv:
  case Op::Mod:
    return BinaryForm{spelling(e->op()), kTerm};
  default:
    return std::nullopt;
  }
}

std::vector<Expr> ExprWriter::implicitOperands(const Expr &e) const {
  std::vector<Expr> operands(e->operands().begin(), e->operands().end());
  if (e->op() == Op::Load || e->op() == Op::ToF32)
    return operands;
  for (Expr &operand : operands) {
    bool isConversion = operand->op() == Op::ToF32 && !isNamed(operand) &&
                        operand->operand(0)->type() == Type::I32;
    if (!isConversion)
      continue;
    Expr converted = std::exchange(operand, operand->operand(0));
    if (Expr::make(e->op(), operands) != e)
      operand = converted;
  }
  return operands;
}

//===----------------------------------------------------------------------===//
// Forms
//===----------------------------------------------------------------------===//

void ExprWriter::writeLeaf(const Expr &e) {
  switch (e->op()) {
  case Op::Const: {
    const Scalar &value = e->constant();
    bool isNaN = value.type == Type::F32 && std::isnan(value.asF32());
    out += isNaN ? names.nan : writeScalar(value);
    return;
  }
  case Op::Var:
    out += name(e->var());
    return;
  case Op::SizeOf:
    out += name(e->size());
    return;
  case Op::Param:
    out += e->param().name;
    return;
  case Op::ReduceVar:
    out += fmt::format("{}{}", names.reducePrefix, e->reduceVar());
    return;
  default:
    out += fmt::format("<{}>", spelling(e->op()));
    return;
  }
}

void ExprWriter::writeList(std::string_view open, std::span<const Expr> list,
                           std::string_view close) {
  out += open;
  for (size_t i = 0; i < list.size(); ++i) {
    if (i != 0)
      out += ", ";
    write(list[i], kAny);
  }
  out += close;
}

void ExprWriter::writeUnary(const Expr &e, int minLevel) {
  const Expr &operand = e->operand(0);
  bool isWord = e->op() == Op::Not && e->type() == Type::Bool;
  Level level = isWord ? kNot : kUnary;
  bool isBracketed = level < minLevel;
  // `-5` is a literal, `-(5)` an operation on one.
  bool isLiteral = operand->op() == Op::Const;
  out += isBracketed ? "(" : "";
  out += isWord ? "not " : e->op() == Op::Not ? "~" : "-";
  out += isLiteral ? "(" : "";
  write(operand, isLiteral ? kAny : level);
  out += isLiteral ? ")" : "";
  out += isBracketed ? ")" : "";
}

void ExprWriter::writeBinary(const Expr &e, std::string_view op, int level,
                             int minLevel) {
  bool isBracketed = level < minLevel;
  std::vector<Expr> operands = implicitOperands(e);
  out += isBracketed ? "(" : "";
  // Left-associative, but comparisons do not chain.
  write(operands[0], level == kCompare ? level + 1 : level);
  out += ' ';
  out += op;
  out += ' ';
  write(operands[1], level + 1);
  out += isBracketed ? ")" : "";
}

void ExprWriter::writeReduce(const Expr &e) {
  out += fmt::format("{}({}{} in {}..{}: ", name(e->reduceKind()),
                     names.reducePrefix, e->reduceVar(), e->reduceLo(),
                     e->reduceHi());
  write(e->operand(0), kAny);
  out += ')';
}

/// `least(doc[lo..hi, lo..hi])`: for readers alone, no form of the language.
void ExprWriter::writeExtreme(const Expr &e) {
  out += fmt::format("{}({}[", spelling(e->op()), e->buffer().name);
  for (size_t i = 0; i < e->operands().size(); ++i) {
    if (i > 0)
      out += i % 2 ? ".." : ", ";
    write(e->operand(i), kOr);
  }
  out += "])";
}

void ExprWriter::writeNode(const Expr &e, int minLevel) {
  if (auto form = binaryForm(e))
    return writeBinary(e, form->spelling, form->level, minLevel);
  if (e->op() == Op::Neg || e->op() == Op::Not)
    return writeUnary(e, minLevel);
  if (e->op() == Op::Reduce)
    return writeReduce(e);
  if (e->op() == Op::Load) {
    out += e->buffer().name;
    if (!e->operands().empty())
      writeList("[", e->operands(), "]");
    return;
  }
  if (e->op() == Op::LoadMin || e->op() == Op::LoadMax)
    return writeExtreme(e);
  if (e->operands().empty())
    return writeLeaf(e);
  out += spelling(e->op());
  writeList("(", implicitOperands(e), ")");
}

void ExprWriter::write(const Expr &e, int minLevel) {
  if (out.size() > maxLength)
    return;
  auto it = names.shared.find(e.get());
  if (it == names.shared.end())
    return writeNode(e, minLevel);
  out += it->second;
  if (!e->hasFreeReduceVars())
    return;
  out += '(';
  for (uint32_t var : e->freeReduceVars())
    out += fmt::format("{}{}{}", out.ends_with('(') ? "" : ", ",
                       names.reducePrefix, var);
  out += ')';
}

void ExprWriter::writeDefinition(const Expr &e) {
  if (e)
    writeNode(e, kAny);
}

void ExprWriter::writeHook(const Expr &e) {
  bool isConversion =
      e->op() == Op::ToF32 && !isNamed(e) && e->operand(0)->type() == Type::I32;
  write(isConversion ? e->operand(0) : e, kAny);
}
