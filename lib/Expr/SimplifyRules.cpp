//===- SimplifyRules.cpp - The rewrite rules of the simplifier ------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One rule a line: {left, right} or {left, right, condition}. When a rule is
// tried, the operands of its left side are simplified and constants are
// folded; constants stand on the right of commutative operations and of
// comparisons. The right side is folded and simplified as it is built.
//
// Wildcards: x y z a d any expression of the section's type, u v any but a
// constant, c k constants, p a bool. Integer rules hold modulo 2^32 and 2^64
// alike. Each line makes the expression smaller, or moves it towards one form:
//   integers     x - c is x + -c; constants go outwards; x + x is x * 2
//   comparisons  x < c and x >= c against constants; x < y and x <= y else
//   f32          x / 2^k is x * 2^-k
//
//===----------------------------------------------------------------------===//

#include "SimplifyRules.h"

#include <array>
#include <limits>

namespace attnjit {

using Rules = std::vector<Rule>;
using Kind = Pattern::Kind;

static Pattern any(TypeSet types, char name) {
  return Pattern(Kind::Any, types, name);
}
static Pattern constant(TypeSet types, char name) {
  return Pattern(Kind::Constant, types, name);
}
static Pattern nonConstant(TypeSet types, char name) {
  return Pattern(Kind::NonConstant, types, name);
}

static constexpr float kInf = std::numeric_limits<float>::infinity();

// clang-format off

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

static void addIntegerArithmetic(Rules &rules) {
  const Pattern x = any(kInteger, 'x'), y = any(kInteger, 'y'), z = any(kInteger, 'z');
  const Pattern u = nonConstant(kInteger, 'u');
  const Pattern c = constant(kInteger, 'c'), k = constant(kInteger, 'k');
  rules.insert(rules.end(), {
    // Sums.
    {x + 0,               x},
    {x - c,               x + -c},
    {0 - x,               -x},
    {x - x,               0},
    {x + x,               x * 2},
    {x + -y,              x - y},
    {x - -y,              x + y},
    {(x + y) - x,         y},
    {x - (x + y),         -y},
    {(x - y) + y,         x},
    {(x - y) - x,         -y},
    {x - (x - y),         y},
    {(x - y) + (y - z),   x - z},
    {(x + c) + k,         x + (c + k)},
    {(x + c) + u,         (x + u) + c},
    {(x + c) - u,         (x - u) + c},
    {u - (x + c),         (u - x) - c},
    {(c - x) + k,         (c + k) - x},
    {(c - x) + u,         (u - x) + c},
    {(c - x) - u,         c - (x + u)},
    {u - (c - x),         (u + x) - c},
    {c - (x + k),         (c - k) - x},
    {c - (k - x),         x + (c - k)},
    // Signs.
    {-(-x),               x},
    {-(x - y),            y - x},
    {-(x + c),            -c - x},
    {-x * -y,             x * y},
    {-x * c,              x * -c},
    {-x * u,              -(x * u)},
    {-(x * c),            x * -c},
    {abs(-x),             abs(x)},
    {abs(abs(x)),         abs(x)},
    // Products.
    {x * 0,               0},
    {x * 1,               x},
    {x * -1,              -x},
    {(x * c) * k,         x * (c * k)},
    {(x * c) * u,         (x * u) * c},
    {x * c + x,           x * (c + 1)},
    {x * c - x,           x * (c - 1)},
    {x - x * c,           x * (1 - c)},
    {x * c + x * k,       x * (c + k)},
    {x * c - x * k,       x * (c - k)},
    // Quotients. A run-time 0 divides to 0.
    {floorDiv(x, 1),      x},
    {floorDiv(x, -1),     -x},
    {floorDiv(0, x),      0},
    {floorDiv(floorDiv(x, c), k), floorDiv(x, c * k), (c > 0) & (k > 0) & (c * k > 0) & (floorDiv(c * k, k) == c)},
    // Minima and maxima.
    {min(x, x),           x},
    {max(x, x),           x},
    {min(x, min(x, y)),   min(x, y)},
    {max(x, max(x, y)),   max(x, y)},
    {min(x, max(x, y)),   x},
    {max(x, min(x, y)),   x},
    {min(min(x, c), k),   min(x, min(c, k))},
    {max(max(x, c), k),   max(x, max(c, k))},
    {max(min(x, c), k),   k,              c <= k},
    {min(max(x, c), k),   k,              c >= k},
  });
}

static void addBits(Rules &rules) {
  const Pattern x = any(kI32Only, 'x');
  const Pattern c = constant(kI32Only, 'c'), k = constant(kI32Only, 'k');
  const Pattern isPowerOf2 = (c > 0) & ((c & (c - 1)) == 0);
  const Pattern areShifts = (c >= 0) & (c < 32) & (k >= 0) & (k < 32);
  // k * 2^c, if it is positive and fits.
  const Pattern isScaled = (c >= 0) & (c < 31) & (k > 0) & ((k << c) > 0) & (((k << c) >> c) == k);
  rules.insert(rules.end(), {
    {x % 1,               0},
    {x % -1,              0},
    {x % x,               0},
    {0 % x,               0},
    {(x % c) % c,         x % c},
    {floorDiv(x, c),      x >> toI32(log2(toF32(c))),     isPowerOf2},
    {x % c,               x & (c - 1),                    isPowerOf2},
    {floorDiv(x >> c, k), floorDiv(x, k << c),            isScaled},
    {floorDiv(x, k) >> c, floorDiv(x, k << c),            isScaled},
    {x << 0,              x},
    {x >> 0,              x},
    {0 << x,              0},
    {0 >> x,              0},
    {x << c,              x << (c & 31),                  (c < 0) | (c > 31)},
    {x >> c,              x >> (c & 31),                  (c < 0) | (c > 31)},
    {(x >> c) >> k,       x >> min(c + k, 31),            areShifts},
    {(x << c) << k,       x << (c + k),                   areShifts & (c + k < 32)},
    {(x << c) << k,       0,                              areShifts & (c + k > 31)},
    {x & 0,               0},
    {x & -1,              x},
    {x | 0,               x},
    {x | -1,              -1},
    {x ^ 0,               x},
    {x ^ -1,              ~x},
    {x ^ x,               0},
    {x & ~x,              0},
    {x | ~x,              -1},
    {x ^ ~x,              -1},
    {(x & c) & k,         x & (c & k)},
    {(x | c) | k,         x | (c | k)},
    {(x ^ c) ^ k,         x ^ (c ^ k)},
    {min(x, INT32_MAX),   x},
    {min(x, INT32_MIN),   INT32_MIN},
    {max(x, INT32_MIN),   x},
    {max(x, INT32_MAX),   INT32_MAX},
    {sign(sign(x)),       sign(x)},
  });
}

//===----------------------------------------------------------------------===//
// Comparisons
//===----------------------------------------------------------------------===//

static void addComparisons(Rules &rules) {
  constexpr TypeSet kNumber = kInteger | kF32Only;
  const Pattern u = nonConstant(kNumber, 'u'), v = nonConstant(kNumber, 'v');
  const Pattern c = constant(kNumber, 'c');
  rules.insert(rules.end(), {
    {c < u,               u > c},
    {c <= u,              u >= c},
    {c > u,               u < c},
    {c >= u,              u <= c},
    {u > v,               v < u},
    {u >= v,              v <= u},
    {u < u,               false},
    {(u < v) & (u <= v),  u < v},
    {(u < v) | (u <= v),  u <= v},
    {(u < v) | (u == v),  u <= v},
    {(u <= v) & (u != v), u < v},
    {(u < v) & (v < u),   false},
    {(u < v) & (u == v),  false},
    {(u <= v) & (v <= u), u == v},
  });
}

static void addIntegerComparisons(Rules &rules) {
  const Pattern x = any(kInteger, 'x'), y = any(kInteger, 'y');
  const Pattern u = nonConstant(kInteger, 'u'), v = nonConstant(kInteger, 'v');
  const Pattern c = constant(kInteger, 'c'), k = constant(kInteger, 'k');
  rules.insert(rules.end(), {
    {x == x,              true},
    {x != x,              false},
    {x <= x,              true},
    // Against constants only < and >=; c + 1 wraps where c is the largest.
    {x <= c,              x < c + 1,      c < c + 1},
    {x <= c,              true,           c > c + 1},
    {x > c,               x >= c + 1,     c < c + 1},
    {x > c,               false,          c > c + 1},
    {x < c,               false,          c < c - 1},
    {x >= c,              true,           c < c - 1},
    {!(x < c),            x >= c},
    {!(x >= c),           x < c},
    {!(u < v),            v <= u},
    {!(u <= v),           v < u},
    {(u < v) | (v < u),   u != v},
    {(u < v) | (v <= u),  true},
    {(u <= v) | (v <= u), true},
    {(u < v) & (v <= u),  false},
    // Several bounds of one value.
    {(x < c) & (x < k),   x < min(c, k)},
    {(x < c) | (x < k),   x < max(c, k)},
    {(x >= c) & (x >= k), x >= max(c, k)},
    {(x >= c) | (x >= k), x >= min(c, k)},
    {(x < c) & (x >= k),  false,          c <= k},
    {(x < c) | (x >= k),  true,           c >= k},
    {(x == c) & (x < k),  x == c,         c < k},
    {(x == c) & (x < k),  false,          c >= k},
    {(x == c) & (x >= k), x == c,         c >= k},
    {(x == c) & (x >= k), false,          c < k},
    {(x == c) & (x == k), false,          c != k},
    // Equations modulo 2^n; an inequality may not be moved over a wrap.
    {x + c == k,          x == k - c},
    {x + c != k,          x != k - c},
    {c - x == k,          x == c - k},
    {c - x != k,          x != c - k},
    {x - y == 0,          x == y},
    {x - y != 0,          x != y},
    {-x == c,             x == -c},
    {-x != c,             x != -c},
    {-x == -y,            x == y},
    {-x != -y,            x != y},
    {x + y == x,          y == 0},
    {x + y != x,          y != 0},
  });
}

//===----------------------------------------------------------------------===//
// f32: exact for NaN, infinities and signed zeros
//===----------------------------------------------------------------------===//

static void addF32(Rules &rules) {
  const Pattern x = any(kF32Only, 'x'), y = any(kF32Only, 'y');
  const Pattern c = constant(kF32Only, 'c'), k = constant(kF32Only, 'k');
  // Neither c nor 1 / c is subnormal.
  const Pattern isPowerOf2 = (exp2(round(log2(abs(c)))) == abs(c)) & (abs(c) >= 0x1p-126f) & (abs(c) <= 0x1p126f);
  rules.insert(rules.end(), {
    {x + -0.0f,           x},
    {x - 0.0f,            x},
    {-0.0f - x,           -x},
    {x * 1.0f,            x},
    {x * -1.0f,           -x},
    {x / c,               x * (1.0f / c), isPowerOf2},
    {-(-x),               x},
    {x + -y,              x - y},
    {x - -y,              x + y},
    {-x * -y,             x * y},
    {-x / -y,             x / y},
    {-x * c,              x * -c},
    {-x / c,              x / -c},
    {-(x * c),            x * -c},
    {-(x / c),            x / -c},
    {-(c / x),            -c / x},
    {c / -x,              -c / x},
    {abs(-x),             abs(x)},
    {abs(abs(x)),         abs(x)},
    {abs(exp(x)),         exp(x)},
    {abs(exp2(x)),        exp2(x)},
    {abs(relu(x)),        relu(x)},
    {relu(abs(x)),        abs(x)},
    {relu(relu(x)),       relu(x)},
    {relu(exp(x)),        exp(x)},
    {max(x, 0.0f),        relu(x)},
    {sign(sign(x)),       sign(x)},
    {pow(x, 0.0f),        1.0f},
    {pow(x, 1.0f),        x},
    {pow(x, 2.0f),        x * x},
    {pow(x, -1.0f),       1.0f / x},
    {min(x, x),           x},
    {max(x, x),           x},
    {min(x, kInf),        x},
    {max(x, -kInf),       x},
    {min(min(x, c), k),   min(x, min(c, k))},
    {max(max(x, c), k),   max(x, max(c, k))},
    {min(x, min(x, y)),   min(x, y)},
    {max(x, max(x, y)),   max(x, y)},
    {x < -kInf,           false},
    {x > kInf,            false},
    {-x < c,              x > -c},
    {-x <= c,             x >= -c},
    {-x > c,              x < -c},
    {-x >= c,             x <= -c},
    {-x == c,             x == -c},
    {-x != c,             x != -c},
    {-x < -y,             y < x},
    {-x <= -y,            y <= x},
    {-x == -y,            x == y},
    {-x != -y,            x != y},
  });
}

/// Rounding what is integral already.
static void addRounding(Rules &rules) {
  const Pattern x = any(kF32Only, 'x'), i = any(kI32Only, 'i');
  using Rounding = Pattern (*)(Pattern);
  for (Rounding outer : std::array<Rounding, 4>{floor, ceil, trunc, round}) {
    rules.push_back({outer(toF32(i)), toF32(i)});
    for (Rounding inner : std::array<Rounding, 4>{floor, ceil, trunc, round})
      rules.push_back({outer(inner(x)), inner(x)});
  }
  rules.push_back({toI32(trunc(x)), toI32(x)});
}

//===----------------------------------------------------------------------===//
// Conversions
//===----------------------------------------------------------------------===//

static void addConversions(Rules &rules) {
  const Pattern i = any(kI32Only, 'i'), x = any(kF32Only, 'x'), p = any(kBoolOnly, 'p');
  rules.insert(rules.end(), {
    {toBool(i),           i != 0},
    {toBool(x),           x != 0.0f},
    {toI32(toI64(i)),     i},
    {toF32(toI32(p)),     toF32(p)},
    {toI32(toF32(p)),     toI32(p)},
    {toI32(p) == 0,       !p},
    {toI32(p) != 0,       p},
    {toI32(p) == 1,       p},
    {toI32(p) != 1,       !p},
    {toF32(p) == 0.0f,    !p},
    {toF32(p) != 0.0f,    p},
  });
}

//===----------------------------------------------------------------------===//
// Logic
//===----------------------------------------------------------------------===//

/// What holds for bool and for the bits of an i32 alike.
static void addBooleanAlgebra(Rules &rules) {
  constexpr TypeSet kBits = kI32Only | kBoolOnly;
  const Pattern x = any(kBits, 'x'), y = any(kBits, 'y');
  rules.insert(rules.end(), {
    {~~x,                 x},
    {x & x,               x},
    {x | x,               x},
    {x & (x & y),         x & y},
    {x | (x | y),         x | y},
    {x & (x | y),         x},
    {x | (x & y),         x},
    {x & (~x & y),        x & ~x},
    {x | (~x | y),        x | ~x},
    {x & (~x | y),        x & y},
    {x | (~x & y),        x | y},
    {(x & y) | (x & ~y),  x},
    {(x | y) & (x | ~y),  x},
    {~x & ~y,             ~(x | y)},
    {~x | ~y,             ~(x & y)},
    {~(~x & y),           x | ~y},
    {~(~x | y),           x & ~y},
    {~x ^ ~y,             x ^ y},
  });
}

static void addBool(Rules &rules) {
  const Pattern p = any(kBoolOnly, 'p'), q = any(kBoolOnly, 'q');
  const Pattern x = any(kAnyType, 'x'), y = any(kAnyType, 'y');
  rules.insert(rules.end(), {
    {p & true,            p},
    {p & false,           false},
    {p & !p,              false},
    {p | true,            true},
    {p | false,           p},
    {p | !p,              true},
    {p ^ q,               p != q},
    {p == true,           p},
    {p == false,          !p},
    {p != true,           !p},
    {p != false,          p},
    {p == p,              true},
    {p != p,              false},
    {p == !p,             false},
    {p != !p,             true},
    {(!p) == (!q),        p == q},
    {(!p) != (!q),        p != q},
    // NaN included: != is the negation of ==.
    {!(x == y),           x != y},
    {!(x != y),           x == y},
    {(x == y) & (x != y), false},
    {(x == y) | (x != y), true},
  });
}

static void addWhere(Rules &rules) {
  const Pattern p = any(kBoolOnly, 'p'), q = any(kBoolOnly, 'q');
  const Pattern x = any(kAnyType, 'x'), y = any(kAnyType, 'y'), z = any(kAnyType, 'z');
  const Pattern i = any(kInteger, 'i'), j = any(kInteger, 'j');
  rules.insert(rules.end(), {
    {where(true, x, y),             x},
    {where(false, x, y),            y},
    {where(p, x, x),                x},
    {where(!p, x, y),               where(p, y, x)},
    {where(p, where(p, x, y), z),   where(p, x, z)},
    {where(p, x, where(p, y, z)),   where(p, x, z)},
    {where(p, where(q, x, y), y),   where(p & q, x, y)},
    {where(p, x, where(q, x, y)),   where(p | q, x, y)},
    {where(p, q, false),            p & q},
    {where(p, true, q),             p | q},
    {where(p, false, q),            ~p & q},
    {where(p, q, true),             ~p | q},
    {where(p, p, q),                p | q},
    {where(p, q, p),                p & q},
    {where(p, q, !q),               p == q},
    {where(p, !q, q),               p != q},
    {where(i < j, i, j),            min(i, j)},
    {where(i <= j, i, j),           min(i, j)},
    {where(i < j, j, i),            max(i, j)},
    {where(i <= j, j, i),           max(i, j)},
    {where(i >= j, i, j),           max(i, j)},
    {where(i >= j, j, i),           min(i, j)},
  });
}

// clang-format on

static Rules makeRules() {
  Rules rules;
  addIntegerArithmetic(rules);
  addBits(rules);
  addComparisons(rules);
  addIntegerComparisons(rules);
  addF32(rules);
  addRounding(rules);
  addConversions(rules);
  addBooleanAlgebra(rules);
  addBool(rules);
  addWhere(rules);
  return rules;
}

std::span<const Rule> simplifyRules() {
  static const Rules rules = makeRules();
  return rules;
}

/// Rules by the op of their left side.
static std::vector<Rules> sortByOp() {
  std::vector<Rules> table;
  for (const Rule &rule : simplifyRules()) {
    size_t op = static_cast<size_t>(rule.left.op);
    if (op >= table.size())
      table.resize(op + 1);
    for (Rule &order : expandCommutative(rule))
      table[op].push_back(std::move(order));
  }
  return table;
}

std::span<const Rule> simplifyRulesOf(Op op) {
  static const std::vector<Rules> table = sortByOp();
  size_t index = static_cast<size_t>(op);
  return index < table.size() ? std::span<const Rule>(table[index])
                              : std::span<const Rule>();
}

} // namespace attnjit
