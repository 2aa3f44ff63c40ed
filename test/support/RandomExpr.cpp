//===- RandomExpr.cpp - Random expressions and values for them ------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Grows expressions from the root. Distributions of the standard library
// differ between implementations, so all draws are remainders.
//
//===----------------------------------------------------------------------===//

#include "RandomExpr.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

namespace attnjit::test {

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

int32_t interestingI32(Random &random) {
  using Limits = std::numeric_limits<int32_t>;
  static constexpr std::array kCorners = {Limits::min(),
                                          Limits::min() + 1,
                                          Limits::max(),
                                          Limits::max() - 1,
                                          -1,
                                          0,
                                          1,
                                          1 << 30,
                                          -(1 << 30),
                                          46341,
                                          65536,
                                          31,
                                          32,
                                          33,
                                          63,
                                          64};
  switch (below(random, 8)) {
  case 0:
  case 1:
    return kCorners[below(random, kCorners.size())];
  case 2:
    return static_cast<int32_t>(random());
  case 3: {
    // A power of two, its neighbours, their negatives.
    auto power = static_cast<int32_t>(1u << below(random, 31));
    int32_t value = power - 1 + static_cast<int32_t>(below(random, 3));
    return oneIn(random, 2) ? value : -value;
  }
  default:
    return static_cast<int32_t>(below(random, 19)) - 6;
  }
}

float interestingF32(Random &random) {
  using Limits = std::numeric_limits<float>;
  static constexpr std::array kCorners = {0.0f,
                                          -0.0f,
                                          1.0f,
                                          -1.0f,
                                          0.5f,
                                          Limits::infinity(),
                                          -Limits::infinity(),
                                          Limits::quiet_NaN(),
                                          Limits::denorm_min(),
                                          -Limits::denorm_min(),
                                          Limits::min(),
                                          Limits::max(),
                                          -Limits::max(),
                                          0x1p31f,
                                          -0x1p31f,
                                          0x1p24f,
                                          1.5f,
                                          2.5f};
  switch (below(random, 6)) {
  case 0:
  case 1:
    return kCorners[below(random, kCorners.size())];
  case 2:
    return std::bit_cast<float>(static_cast<uint32_t>(random()));
  case 3:
    return std::ldexp(1.0f, static_cast<int>(below(random, 280)) - 150);
  default:
    return static_cast<float>(below(random, 65) - 32) / 8;
  }
}

Scalar interestingScalar(Random &random, Type type) {
  switch (type) {
  case Type::F32:
    return Scalar::f32(interestingF32(random));
  case Type::I32:
    return Scalar::i32(interestingI32(random));
  case Type::I64:
    return Scalar::i64(interestingI32(random));
  case Type::Bool:
    return Scalar::boolean(oneIn(random, 2));
  }
  return {};
}

//===----------------------------------------------------------------------===//
// Expressions
//===----------------------------------------------------------------------===//

RandomExprOptions RandomExprOptions::everything() {
  RandomExprOptions options;
  options.vars = {Var::Score, Var::Prob,   Var::B,       Var::H,  Var::Q,
                  Var::Kv,    Var::QLocal, Var::KvLocal, Var::KvH};
  options.sizes = {Size::B,   Size::Hq, Size::Hkv,     Size::Sq,
                   Size::Skv, Size::D,  Size::BGlobal, Size::HqGlobal};
  options.params = {{"pf", Type::F32, {}},
                    {"pi", Type::I32, {}},
                    {"pj", Type::I32, {}},
                    {"pb", Type::Bool, {}}};
  int rank = 0;
  for (DType element : {DType::F32, DType::F16, DType::BF16, DType::I32,
                        DType::I64, DType::U8, DType::Bool}) {
    BufferDecl decl;
    decl.name = "b_" + std::string(name(element));
    decl.element = element;
    decl.dims.resize(rank++ % (kMaxBufferRank + 1), Dim::any());
    options.buffers.push_back(decl);
  }
  return options;
}

static size_t index(Type type) { return static_cast<size_t>(type); }

RandomExpr::RandomExpr(uint64_t seed, RandomExprOptions options)
    : random(seed), settings(std::move(options)) {
  auto add = [&](const Expr &e) { leaves[index(e->type())].push_back(e); };
  for (Var var : settings.vars)
    add(Expr::var(var));
  for (Size size : settings.sizes)
    add(Expr::size(size));
  for (const ParamDecl &decl : settings.params)
    add(Expr::param(decl));
}

Expr RandomExpr::make(Type type) {
  made = {};
  return grow(type, settings.maxDepth);
}

Expr RandomExpr::leaf(Type type) {
  const std::vector<Expr> &known = leaves[index(type)];
  if (known.empty() || oneIn(random, 3))
    return Expr::constant(interestingScalar(random, type));
  return known[below(random, known.size())];
}

Expr RandomExpr::grow(Type type, int depth) {
  std::vector<Expr> &known = made[index(type)];
  if (!known.empty() && oneIn(random, 6))
    return known[below(random, known.size())];
  if (depth <= 1 || oneIn(random, 10))
    return leaf(type);
  Expr e = operation(type, depth - 1);
  if (!e || e->op() == Op::Invalid) // a constant 0 as divisor, no such buffer
    return leaf(type);
  made[index(type)].push_back(e);
  return e;
}

template <size_t N> Op RandomExpr::pick(const std::array<Op, N> &ops) {
  return ops[below(random, N)];
}

/// `op` on operands that are all of one type.
Expr RandomExpr::make(Op op, Type operandType, int depth) {
  std::array<Expr, 2> operands;
  size_t count = arity(op);
  for (size_t k = 0; k < count; ++k)
    operands[k] = grow(operandType, depth);
  return Expr::make(op, std::span(operands).first(count));
}

Expr RandomExpr::operation(Type type, int depth) {
  if (oneIn(random, 8)) {
    Expr condition = grow(Type::Bool, depth);
    Expr x = grow(type, depth);
    return Expr::make(Op::Where, {condition, x, grow(type, depth)});
  }
  if (!settings.buffers.empty() && type != Type::I64 && oneIn(random, 8))
    return load(type, depth);
  switch (type) {
  case Type::F32:
    return f32Operation(depth);
  case Type::I32:
    return i32Operation(depth);
  case Type::Bool:
    return boolOperation(depth);
  case Type::I64:
    return i64Operation(depth);
  }
  return Expr();
}

Expr RandomExpr::f32Operation(int depth) {
  static constexpr std::array kExact = {
      Op::Add,  Op::Sub,   Op::Mul,   Op::Div,  Op::Min,   Op::Max,  Op::Neg,
      Op::Abs,  Op::Sign,  Op::Floor, Op::Ceil, Op::Trunc, Op::Relu, Op::Round,
      Op::Sqrt, Op::ToF32, Op::ToF32, Op::Add,  Op::Sub,   Op::Mul};
  static constexpr std::array kTranscendental = {
      Op::Exp,  Op::Exp2,    Op::Log, Op::Log2, Op::Rsqrt, Op::Pow,
      Op::Tanh, Op::Sigmoid, Op::Erf, Op::Sin,  Op::Cos,   Op::Gelu};
  if (settings.transcendentals && oneIn(random, 6))
    return make(pick(kTranscendental), Type::F32, depth);
  if (settings.reductions && oneIn(random, 16))
    return reduction(static_cast<ReduceKind>(2 + below(random, 3)), Type::F32,
                     depth);
  Op op = pick(kExact);
  if (op == Op::ToF32)
    return make(op, oneIn(random, 3) ? Type::Bool : Type::I32, depth);
  return make(op, Type::F32, depth);
}

Expr RandomExpr::i32Operation(int depth) {
  static constexpr std::array kOps = {
      Op::Add, Op::Sub,  Op::Mul,   Op::FloorDiv, Op::Mod, Op::And, Op::Or,
      Op::Xor, Op::Shl,  Op::Shr,   Op::Min,      Op::Max, Op::Neg, Op::Not,
      Op::Abs, Op::Sign, Op::ToI32, Op::Add,      Op::Sub, Op::Mul};
  if (settings.reductions && oneIn(random, 16))
    return reduction(static_cast<ReduceKind>(2 + below(random, 3)), Type::I32,
                     depth);
  Op op = pick(kOps);
  if (op != Op::ToI32)
    return make(op, Type::I32, depth);
  if (settings.i64 && oneIn(random, 2))
    return make(op, Type::I64, depth);
  return make(op, oneIn(random, 2) ? Type::F32 : Type::Bool, depth);
}

Expr RandomExpr::boolOperation(int depth) {
  static constexpr std::array kLogic = {Op::And, Op::Or, Op::Xor, Op::Not,
                                        Op::Eq,  Op::Ne, Op::And, Op::Or};
  static constexpr std::array kComparisons = {Op::Lt, Op::Le, Op::Gt,
                                              Op::Ge, Op::Eq, Op::Ne,
                                              Op::Lt, Op::Ge, Op::ToBool};
  if (settings.reductions && oneIn(random, 16))
    return reduction(static_cast<ReduceKind>(below(random, 2)), Type::Bool,
                     depth);
  if (oneIn(random, 2))
    return make(pick(kLogic), Type::Bool, depth);
  Op op = pick(kComparisons);
  if (settings.i64 && op != Op::ToBool && oneIn(random, 3))
    return make(op, Type::I64, depth);
  return make(op, oneIn(random, 4) ? Type::F32 : Type::I32, depth);
}

Expr RandomExpr::i64Operation(int depth) {
  static constexpr std::array kOps = {Op::Add, Op::Sub, Op::Mul,
                                      Op::Neg, Op::Abs, Op::FloorDiv,
                                      Op::Min, Op::Max, Op::ToI64};
  Op op = pick(kOps);
  return make(op, op == Op::ToI64 ? Type::I32 : Type::I64, depth);
}

Expr RandomExpr::load(Type type, int depth) {
  const BufferDecl &decl =
      settings.buffers[below(random, settings.buffers.size())];
  if (decl.valueType() != type)
    return Expr();
  std::vector<Expr> subscripts;
  for (size_t axis = 0; axis < decl.dims.size(); ++axis)
    subscripts.push_back(grow(Type::I32, std::min(depth, 3)));
  return Expr::load(decl, subscripts);
}

Expr RandomExpr::reduction(ReduceKind kind, Type type, int depth) {
  int64_t lo = below(random, 9) - 4;
  int64_t hi = lo + 1 + below(random, 4);
  Expr variable = Expr::freshReduceVar();
  // What is made inside may wait for the variable: not to be used outside.
  std::array<size_t, kTypes> sizes;
  for (size_t k = 0; k < kTypes; ++k)
    sizes[k] = made[k].size();
  std::vector<Expr> &variables = leaves[index(Type::I32)];
  variables.insert(variables.end(), 3, variable);
  Expr body = grow(type, depth);
  variables.resize(variables.size() - 3);
  for (size_t k = 0; k < kTypes; ++k)
    made[k].resize(sizes[k]);
  return Expr::reduce(kind, lo, hi, variable, body);
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

/// The bytes of one interesting element.
static void writeElement(Random &random, DType element, std::byte *to) {
  float f = interestingF32(random);
  int32_t i32 = interestingI32(random);
  int64_t i64 = oneIn(random, 3) ? static_cast<int64_t>(random()) : i32;
  uint16_t half = element == DType::F16 ? floatToHalf(f) : floatToBfloat(f);
  auto byte = static_cast<uint8_t>(oneIn(random, 2) ? 0 : random());
  const void *from = &byte;
  if (element == DType::F32)
    from = &f;
  else if (element == DType::F16 || element == DType::BF16)
    from = &half;
  else if (element == DType::I32)
    from = &i32;
  else if (element == DType::I64)
    from = &i64;
  std::memcpy(to, from, static_cast<size_t>(sizeBytes(element)));
}

RandomCaptures::RandomCaptures(Random &random,
                               std::span<const ParamDecl> params,
                               std::span<const BufferDecl> buffers) {
  for (const ParamDecl &decl : params)
    scalars.push_back(interestingScalar(random, decl.type));
  for (const BufferDecl &decl : buffers) {
    BufferView view;
    view.element = decl.element;
    view.rank = static_cast<int>(decl.dims.size());
    int64_t elements = 1;
    for (size_t axis = decl.dims.size(); axis-- > 0;) {
      const Dim &dim = decl.dims[axis];
      view.size[axis] =
          dim.kind == Dim::Kind::Fixed ? dim.extent : below(random, 6);
      view.stride[axis] = elements;
      elements *= view.size[axis];
    }
    std::vector<std::byte> &bytes =
        storage.emplace_back(elements * sizeBytes(decl.element));
    for (int64_t k = 0; k < elements; ++k)
      writeElement(random, decl.element,
                   bytes.data() + k * sizeBytes(decl.element));
    view.data = bytes.data();
    views.push_back(view);
  }
}

Bindings randomBindings(Random &random, const RandomCaptures &captures) {
  Bindings bindings;
  bindings.score = interestingF32(random);
  bindings.prob = interestingF32(random);
  for (int32_t &position : bindings.positions)
    position = interestingI32(random);
  for (int32_t &size : bindings.sizes)
    size = interestingI32(random);
  bindings.params = captures.params();
  bindings.buffers = captures.buffers();
  return bindings;
}

bool isSameValue(const Value &a, const Value &b) {
  if (a.type != b.type)
    return false;
  if (a.type != Type::F32)
    return a.i == b.i;
  if (std::isnan(a.f) || std::isnan(b.f))
    return std::isnan(a.f) && std::isnan(b.f);
  return std::bit_cast<uint64_t>(a.f) == std::bit_cast<uint64_t>(b.f);
}

} // namespace attnjit::test
