//===- RandomMask.h - Masks by chance, to catch unsound bounds ------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a seed, or a source of numbers; gives a mask of every operation of the
// language, and captures for it. Weighted for trouble: constants and params at
// the ends of i32 and at powers of two, divisors of any sign, shifts past 31,
// subscripts that vary.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_ANALYSIS_RANDOMMASK_H
#define ATTNJIT_TEST_UNIT_ANALYSIS_RANDOMMASK_H

#include "Formula.h"
#include "TileOracle.h"

#include <fmt/format.h>

#include <array>
#include <functional>
#include <random>
#include <string>

namespace attnjit::test {

class RandomMask {
public:
  explicit RandomMask(uint64_t seed)
      : RandomMask(
            [random = std::mt19937_64(seed)]() mutable { return random(); }) {}
  /// From a source of numbers of any kind.
  explicit RandomMask(std::function<uint64_t()> source)
      : random(std::move(source)) {
    makeCaptures();
  }

  Expr mask() { return boolean(1 + pick(4)); }
  Expr value() { return integer(1 + pick(4)); }
  /// A comparison of `value` with a number at which a verdict just changes,
  /// given one that it takes.
  Expr maskAt(const Expr &value, int32_t taken) {
    int32_t near =
        static_cast<int32_t>(uint32_t(taken) + uint32_t(pick(3) - 1));
    return Expr::make(comparisonOp(), {value, Expr::i32(near)});
  }
  /// A pair of the tile.
  Tile pairOf(const Tile &tile) {
    int64_t q = tile.qLo + pick(int(tile.qHi - tile.qLo + 1));
    int64_t kv = tile.kvLo + pick(int(tile.kvHi - tile.kvLo + 1));
    return {q, q, kv, kv};
  }
  const Captures &captures() const { return data; }

  /// A tile of at most 5 x 5 pairs, often at the ends of i32.
  Tile tile() {
    Tile result;
    range(result.qLo, result.qHi);
    range(result.kvLo, result.kvHi);
    return result;
  }

  /// Mostly small; else at the ends of i32, at powers of two, anywhere.
  int32_t number() {
    switch (pick(12)) {
    case 0:
      return INT32_MIN + pick(3);
    case 1:
      return INT32_MAX - pick(3);
    case 2:
      return (pick(2) ? 1 : -1) * (1 << pick(31)) + pick(3) - 1;
    case 3:
      return static_cast<int32_t>(random());
    case 4:
      return 46339 + pick(4); // about the square root of INT_MAX
    default:
      return pick(29) - 12;
    }
  }

private:
  int pick(int n) { return static_cast<int>(random() % unsigned(n)); }

  void range(int64_t &lo, int64_t &hi) {
    lo = number();
    hi = std::min<int64_t>(lo + pick(5), INT32_MAX);
  }

  void makeCaptures() {
    for (const char *name : {"p", "r"}) {
      data.paramDecls.push_back({name, Type::I32, {}});
      data.params.push_back(Scalar::i32(number()));
    }
    data.paramDecls.push_back({"x", Type::F32, {}});
    data.params.push_back(Scalar::f32(pick(9) ? pick(99) - 50.0f : NAN));
    for (int32_t &value : words)
      value = number();
    for (int32_t &value : ranged)
      value = pick(7) - 2;
    for (uint8_t &value : bytes)
      value = static_cast<uint8_t>(random());
    add({"words", DType::I32, {Dim::any()}, {}, false, false}, words.data());
    add({"bytes", DType::U8, {Dim::fixed(8)}, {}, false, false}, bytes.data());
    add({"flags", DType::Bool, {Dim::any()}, {}, false, false}, bytes.data());
    std::pair declared(Scalar::i32(-2), Scalar::i32(4));
    add({"ranged", DType::I32, {Dim::fixed(8)}, declared, false, false},
        ranged.data());
    add({"grid", DType::I32, {Dim::fixed(4), Dim::fixed(2)}, {}, false, false},
        words.data());
    BufferView &grid = data.buffers.back();
    grid.rank = 2;
    grid.size = {4, 2, 1, 1};
    grid.stride = {2, 1, 0, 0};
    // No elements: reads 0, outside the range that it declares.
    declared = {Scalar::i32(5), Scalar::i32(9)};
    add({"none", DType::I32, {Dim::any()}, declared, false, false}, nullptr, 0);
  }

  void add(BufferDecl decl, const void *values, int64_t size = 8) {
    BufferView view;
    view.data = values;
    view.element = decl.element;
    view.rank = 1;
    view.size[0] = size;
    view.stride[0] = 1;
    data.bufferDecls.push_back(std::move(decl));
    data.buffers.push_back(view);
  }

  Expr load(int buffer, int depth) {
    const BufferDecl &decl = data.bufferDecls[buffer];
    std::vector<Expr> subscripts;
    for (size_t axis = 0; axis < decl.dims.size(); ++axis)
      subscripts.push_back(integer(depth - 1));
    return Expr::load(decl, subscripts);
  }

  Expr leaf() {
    if (!reduceVars.empty() && pick(4) == 0)
      return reduceVars[pick(static_cast<int>(reduceVars.size()))];
    switch (pick(14)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return Expr::var(Var::Q);
    case 4:
    case 5:
    case 6:
    case 7:
      return Expr::var(Var::Kv);
    case 8:
      return Expr::param(data.paramDecls[pick(2)]);
    case 9: {
      constexpr Var vars[] = {Var::B, Var::H, Var::QLocal, Var::KvLocal};
      return Expr::var(vars[pick(4)]);
    }
    default:
      return Expr::i32(number());
    }
  }

  Expr integer(int depth) {
    if (depth <= 0 || pick(6) == 0)
      return leaf();
    constexpr Op binary[] = {
        Op::Add,      Op::Add,      Op::Sub, Op::Sub, Op::Sub, Op::Mul,
        Op::FloorDiv, Op::FloorDiv, Op::Mod, Op::Mod, Op::And, Op::Or,
        Op::Xor,      Op::Shl,      Op::Shr, Op::Min, Op::Max};
    constexpr Op unary[] = {Op::Neg, Op::Abs, Op::Sign, Op::Not};
    Expr a = integer(depth - 1);
    switch (pick(14)) {
    case 0:
    case 1:
      return Expr::make(unary[pick(4)], {a});
    case 2:
      return Expr::make(Op::Where, {boolean(depth - 1), a, integer(depth - 1)});
    case 3: {
      constexpr int ofIntegers[] = {0, 1, 3, 4, 5};
      return load(ofIntegers[pick(5)], depth);
    }
    case 4:
      return alignment(a);
    case 5:
      return pick(2) ? Expr::make(Op::ToI32, {boolean(depth - 1)})
                     : Expr::make(Op::ToI32, {Expr::toF32(a)});
    case 6:
      if (reduceVars.size() < 2) {
        constexpr ReduceKind kinds[] = {ReduceKind::Sum, ReduceKind::Min,
                                        ReduceKind::Max};
        return reduction(kinds[pick(3)], depth);
      }
      [[fallthrough]];
    default: {
      // The same operand twice meets the rules for squares and equal sides.
      Expr b = pick(10) ? integer(depth - 1) : a;
      Expr made = Expr::make(binary[pick(17)], {a, b});
      return made->op() == Op::Invalid ? a : made; // a division by constant 0
    }
    }
  }

  /// x - x % n, x - x // n * n, and near misses of them.
  Expr alignment(const Expr &x) {
    Expr n = pick(3) ? Expr::i32(number() | 1) : leaf();
    Expr rest = Expr::make(Op::Mod, {x, n});
    if (pick(2))
      rest = Expr::make(Op::Mul, {Expr::make(Op::FloorDiv, {x, n}), n});
    Expr made = Expr::make(Op::Sub, {x, rest});
    return made->op() == Op::Invalid ? x : made;
  }

  Expr reduction(ReduceKind kind, int depth) {
    Expr t = Expr::freshReduceVar();
    reduceVars.push_back(t);
    bool logical = kind == ReduceKind::Any || kind == ReduceKind::All;
    Expr body = logical ? boolean(depth - 1) : integer(depth - 1);
    reduceVars.pop_back();
    auto overRange = [&] {
      int64_t lo = pick(8) ? pick(9) - 4 : number();
      int64_t steps = pick(3) ? 1 + pick(4) : 17 + pick(4);
      return Expr::reduce(kind, lo,
                          std::min<int64_t>(lo + steps, int64_t(INT32_MAX) + 1),
                          t, body);
    };
    if (pick(4))
      return overRange();
    // One body under two ranges: what is known of it must not be mixed up.
    return Expr::make(logical ? Op::Xor : Op::Sub, {overRange(), overRange()});
  }

  Op comparisonOp() {
    constexpr Op ops[] = {Op::Lt, Op::Le, Op::Gt, Op::Ge, Op::Eq, Op::Ne};
    return ops[pick(6)];
  }

  Expr comparison(int depth) {
    Expr a = integer(depth - 1), b = pick(15) ? integer(depth - 1) : a;
    if (pick(20) == 0)
      b = Expr::make(Op::Add, {b, Expr::param(data.paramDecls[2])});
    return Expr::make(comparisonOp(), {a, b});
  }

  Expr boolean(int depth) {
    if (depth <= 1)
      return comparison(depth);
    auto sub = [&] { return boolean(depth - 1); };
    switch (pick(14)) {
    case 0:
    case 1:
      return Expr::make(Op::And, {sub(), sub()});
    case 2:
    case 3:
      return Expr::make(Op::Or, {sub(), sub()});
    case 4:
      return Expr::make(pick(2) ? Op::Xor : Op::Eq, {sub(), sub()});
    case 5:
      return Expr::make(Op::Not, {sub()});
    case 6:
      return Expr::make(Op::Where, {sub(), sub(), sub()});
    case 7:
      return pick(2) ? load(2, depth)
                     : Expr::make(Op::ToBool, {integer(depth - 1)});
    case 8:
      if (reduceVars.size() < 2)
        return reduction(pick(2) ? ReduceKind::Any : ReduceKind::All, depth);
      [[fallthrough]];
    default:
      return comparison(depth);
    }
  }

  std::function<uint64_t()> random;
  Captures data;
  std::vector<Expr> reduceVars;
  std::array<int32_t, 8> words, ranged;
  std::array<uint8_t, 8> bytes;
};

/// The tree in prefix form, for messages.
inline std::string describe(const Expr &e) {
  switch (e->op()) {
  case Op::Const:
    return e->type() == Type::F32
               ? fmt::format("{}f", e->constant().asF32())
               : fmt::format("{}",
                             e->type() == Type::Bool  ? e->constant().asBool()
                             : e->type() == Type::I64 ? e->constant().asI64()
                                                      : e->constant().asI32());
  case Op::Var:
    return std::string(name(e->var()));
  case Op::SizeOf:
    return std::string(name(e->size()));
  case Op::Param:
    return e->param().name;
  case Op::ReduceVar:
    return fmt::format("t{}", e->reduceVar());
  case Op::Invalid:
    return e->message();
  default:
    break;
  }
  std::string text(e->op() == Op::Load ? e->buffer().name : spelling(e->op()));
  if (e->op() == Op::Reduce)
    text = fmt::format("{} t{} in {}..{}:", name(e->reduceKind()),
                       e->reduceVar(), e->reduceLo(), e->reduceHi());
  for (const Expr &operand : e->operands())
    text += " " + describe(operand);
  return "(" + text + ")";
}

} // namespace attnjit::test

#endif // ATTNJIT_TEST_UNIT_ANALYSIS_RANDOMMASK_H
