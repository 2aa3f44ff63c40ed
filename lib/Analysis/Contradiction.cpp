//===- Contradiction.cpp - Conditions that no pair satisfies --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sums wrap in i32, so a sum is taken apart only where it cannot: at most one
// position or size is added and one subtracted, each in [0, 2^30], and a
// constant below 2^30; of larger ones no constant.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/Contradiction.h"

#include "attnjit/Expr/Simplify.h"
#include "attnjit/Expr/Visitor.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>
#include <vector>

using namespace attnjit;

namespace {

/// Cases of one condition; more are left unproven.
constexpr size_t kMostCases = 512;
/// Terms of one case.
constexpr size_t kMostTerms = 64;
constexpr int64_t kMostPosition = int64_t(1) << 30;

/// A condition or its opposite: no `and`, `or`, `not`.
struct Literal {
  Expr condition;
  bool holds = true;
};
using Case = std::vector<Literal>;

/// plus - minus + constant; null: no such term.
struct Difference {
  Expr plus, minus;
  int64_t constant = 0;
};

class CaseWriter {
public:
  /// False where there are too many.
  bool write(const Expr &e, bool holds, std::vector<Case> &cases);

private:
  bool both(const Expr &x, bool xHolds, const Expr &y, bool yHolds,
            std::vector<Case> &cases);
  bool either(const Expr &x, bool xHolds, const Expr &y, bool yHolds,
              std::vector<Case> &cases);
  bool writeStep(const Expr &reduce, bool holds, std::vector<Case> &cases);
  bool writeComparison(const Expr &e, bool holds, std::vector<Case> &cases);
};

class Refutation {
public:
  explicit Refutation(Positions positions) : positions(positions) {}
  bool refutes(const Case &given);

private:
  size_t termOf(const Expr &e);
  void know(const Expr &e, size_t term);
  bool isRow(const Expr &e) const;
  std::optional<Difference> differenceOf(const Expr &e) const;
  /// x - y <= c; a null Expr is 0.
  void atMost(const Expr &x, const Expr &y, int64_t c);
  void compare(const Expr &x, const Expr &y, int64_t slack);
  bool close();

  const Positions positions;
  std::vector<Expr> terms = {Expr()}; ///< the first is the number 0
  std::unordered_map<Expr, size_t> numbers;
  struct Edge {
    size_t x, y;
    int64_t c;
  };
  std::vector<Edge> edges;
  std::vector<int64_t> distance;
  bool isFull = false;
};

bool isI32(const Expr &e) { return e->type() == Type::I32; }

} // namespace

//===----------------------------------------------------------------------===//
// Cases
//===----------------------------------------------------------------------===//

/// Every case of one with every case of the other.
bool CaseWriter::both(const Expr &x, bool xHolds, const Expr &y, bool yHolds,
                      std::vector<Case> &cases) {
  std::vector<Case> first, second;
  if (!write(x, xHolds, first) || !write(y, yHolds, second) ||
      cases.size() + first.size() * second.size() > kMostCases)
    return false;
  for (const Case &a : first)
    for (const Case &b : second) {
      cases.push_back(a);
      cases.back().insert(cases.back().end(), b.begin(), b.end());
    }
  return true;
}

bool CaseWriter::either(const Expr &x, bool xHolds, const Expr &y, bool yHolds,
                        std::vector<Case> &cases) {
  return write(x, xHolds, cases) && write(y, yHolds, cases) &&
         cases.size() <= kMostCases;
}

/// `min(x, y) <= z` is one of two, `max(x, y) <= z` both of them, and so on.
/// Everything else is a literal.
bool CaseWriter::writeComparison(const Expr &e, bool holds,
                                 std::vector<Case> &cases) {
  auto literal = [&] {
    cases.push_back({{e, holds}});
    return cases.size() <= kMostCases;
  };
  const Expr &a = e->operand(0), &b = e->operand(1);
  if (!isI32(a))
    return literal();
  // As less <= more or less < more.
  const bool swapped = e->op() == Op::Gt || e->op() == Op::Ge;
  if (e->op() == Op::Eq || e->op() == Op::Ne) {
    const bool equal = (e->op() == Op::Eq) == holds;
    auto splits = [](const Expr &x) {
      return x->op() == Op::Min || x->op() == Op::Max || x->op() == Op::Abs;
    };
    if (!splits(a) && !splits(b))
      return literal();
    Expr first = Expr::make(Op::Le, {a, b}),
         second = Expr::make(Op::Le, {b, a});
    return equal ? both(first, true, second, true, cases)
                 : either(first, false, second, false, cases);
  }
  const Expr &less = swapped ? b : a, &more = swapped ? a : b;
  const bool strict = e->op() == Op::Lt || e->op() == Op::Gt;
  auto part = [&](const Expr &x, const Expr &y) {
    return Expr::make(strict ? Op::Lt : Op::Le, {x, y});
  };
  auto join = [&](bool isBoth, const Expr &x, const Expr &y) {
    // The opposite of both is either of the opposites.
    return isBoth == holds ? both(x, holds, y, holds, cases)
                           : either(x, holds, y, holds, cases);
  };
  if (less->op() == Op::Max || less->op() == Op::Min)
    return join(less->op() == Op::Max, part(less->operand(0), more),
                part(less->operand(1), more));
  if (more->op() == Op::Max || more->op() == Op::Min)
    return join(more->op() == Op::Min, part(less, more->operand(0)),
                part(less, more->operand(1)));
  // abs(x) <= c: -c <= x <= c, c a constant, so that nothing wraps.
  if (less->op() == Op::Abs && more->op() == Op::Const &&
      more->constant().asI32() >= 0) {
    const Expr &x = less->operand(0);
    return join(true, part(x, more),
                part(Expr::i32(-more->constant().asI32()), x));
  }
  if (more->op() == Op::Abs && less->op() == Op::Const &&
      less->constant().asI32() >= 0) {
    const Expr &x = more->operand(0);
    return join(false, part(less, x),
                part(x, Expr::i32(-less->constant().asI32())));
  }
  return literal();
}

bool CaseWriter::write(const Expr &e, bool holds, std::vector<Case> &cases) {
  const bool isBool = e->op() != Op::Const && !e->operands().empty() &&
                      e->operand(0)->type() == Type::Bool;
  switch (e->op()) {
  case Op::Const:
    if (e->constant().asBool() == holds)
      cases.push_back({});
    return cases.size() <= kMostCases;
  case Op::Not:
    return write(e->operand(0), !holds, cases);
  case Op::And:
    return holds ? both(e->operand(0), true, e->operand(1), true, cases)
                 : either(e->operand(0), false, e->operand(1), false, cases);
  case Op::Or:
    return holds ? either(e->operand(0), true, e->operand(1), true, cases)
                 : both(e->operand(0), false, e->operand(1), false, cases);
  case Op::Where:
    return both(e->operand(0), true, e->operand(1), holds, cases) &&
           both(e->operand(0), false, e->operand(2), holds, cases);
  case Op::Xor:
  case Op::Eq:
  case Op::Ne: {
    if (!isBool)
      return writeComparison(e, holds, cases);
    const bool differ = (e->op() != Op::Eq) == holds;
    return both(e->operand(0), true, e->operand(1), !differ, cases) &&
           both(e->operand(0), false, e->operand(1), differ, cases);
  }
  case Op::Lt:
  case Op::Le:
  case Op::Gt:
  case Op::Ge:
    return writeComparison(e, holds, cases);
  case Op::Reduce:
    if ((e->reduceKind() == ReduceKind::Any && holds) ||
        (e->reduceKind() == ReduceKind::All && !holds))
      return writeStep(e, holds, cases);
    [[fallthrough]];
  default:
    cases.push_back({{e, holds}});
    return cases.size() <= kMostCases;
  }
}

/// Some step of a reduction: its variable is a term of its own, in its range.
bool CaseWriter::writeStep(const Expr &reduce, bool holds,
                           std::vector<Case> &cases) {
  const Expr step = Expr::freshReduceVar();
  const Expr body =
      transform(reduce->operand(0),
                [&](const Expr &node, std::span<const Expr> operands) {
                  return node->op() == Op::ReduceVar &&
                                 node->reduceVar() == reduce->reduceVar()
                             ? step
                             : rebuild(node, operands);
                });
  const Expr inRange = Expr::make(
      Op::And,
      {Expr::make(Op::Le,
                  {Expr::i32(static_cast<int32_t>(reduce->reduceLo())), step}),
       Expr::make(Op::Le, {step, Expr::i32(static_cast<int32_t>(
                                     reduce->reduceHi() - 1))})});
  return body->op() != Op::Invalid && both(inRange, true, body, holds, cases);
}

//===----------------------------------------------------------------------===//
// Refuting one case
//===----------------------------------------------------------------------===//

/// Whether it lies in [0, 2^30].
bool Refutation::isRow(const Expr &e) const {
  if (e->op() == Op::SizeOf)
    return true;
  if (e->op() != Op::Var)
    return false;
  switch (e->var()) {
  case Var::KvH:
    return true;
  case Var::QLocal:
  case Var::KvLocal:
    return positions != Positions::Lanes;
  case Var::B:
  case Var::H:
  case Var::Q:
  case Var::Kv:
    return positions == Positions::Rows;
  default:
    return false;
  }
}

std::optional<Difference> Refutation::differenceOf(const Expr &e) const {
  if (e->op() == Op::Const)
    return Difference{{}, {}, e->constant().asI32()};
  if (isRow(e))
    return Difference{e, {}, 0};
  if (e->op() != Op::Add && e->op() != Op::Sub)
    return std::nullopt;
  std::optional<Difference> x = differenceOf(e->operand(0));
  std::optional<Difference> y = differenceOf(e->operand(1));
  if (!x || !y)
    return std::nullopt;
  if (e->op() == Op::Sub) {
    std::swap(y->plus, y->minus);
    y->constant = -y->constant;
  }
  if ((x->plus && y->plus) || (x->minus && y->minus))
    return std::nullopt;
  Difference sum = {x->plus ? x->plus : y->plus, x->minus ? x->minus : y->minus,
                    x->constant + y->constant};
  // Rows up to 2^31 - 1 leave room for nothing more.
  if (std::abs(sum.constant) >= kMostPosition ||
      (positions != Positions::Rows && sum.constant != 0))
    return std::nullopt;
  if (sum.plus == sum.minus)
    sum.plus = sum.minus = Expr();
  return sum;
}

/// What holds of a term wherever it occurs.
void Refutation::know(const Expr &e, size_t term) {
  auto between = [&](int64_t lo, int64_t hi) {
    edges.push_back({0, term, -lo});
    edges.push_back({term, 0, hi});
  };
  const int64_t most = positions == Positions::Rows
                           ? kMostPosition
                           : std::numeric_limits<int32_t>::max();
  auto below = [&](Size size) {
    between(0, most);
    atMost(e, Expr::size(size), -1);
  };
  if (e->op() == Op::SizeOf)
    return between(0, most);
  if (e->op() == Op::Var) {
    const bool isPlain = positions == Positions::Rows;
    const bool isLocal = positions != Positions::Lanes;
    switch (e->var()) {
    case Var::QLocal:
      return isLocal ? below(Size::Sq) : void();
    case Var::KvLocal:
      return isLocal ? below(Size::Skv) : void();
    case Var::KvH:
      return below(Size::Hkv);
    case Var::Q:
      return isPlain ? below(Size::Sq) : void();
    case Var::Kv:
      return isPlain ? below(Size::Skv) : void();
    case Var::B:
      return isPlain ? below(Size::B) : void();
    case Var::H:
      return isPlain ? below(Size::Hq) : void();
    default:
      return;
    }
  }
  if (e->op() == Op::Load && e->buffer().element == DType::U8)
    return between(0, 255);
  if (e->operands().size() != 2 || e->operand(1)->op() != Op::Const ||
      !isI32(e->operand(1)))
    return;
  const int64_t n = e->operand(1)->constant().asI32();
  if (e->op() == Op::Mod && n > 0)
    between(0, n - 1);
  if (e->op() == Op::And && n >= 0)
    between(0, n);
  if ((e->op() == Op::FloorDiv && n > 0) ||
      (e->op() == Op::Shr && n >= 0 && n < 32))
    if (isRow(e->operand(0))) {
      between(0, most);
      atMost(e, e->operand(0), 0);
    }
}

size_t Refutation::termOf(const Expr &e) {
  if (!e)
    return 0;
  auto [entry, isNew] = numbers.try_emplace(e, terms.size());
  const size_t term = entry->second;
  if (!isNew)
    return term;
  if (terms.size() == kMostTerms) {
    numbers.erase(e);
    isFull = true;
    return 0;
  }
  terms.push_back(e);
  know(e, term);
  return term;
}

void Refutation::atMost(const Expr &x, const Expr &y, int64_t c) {
  const size_t first = termOf(x), second = termOf(y);
  if (!isFull)
    edges.push_back({first, second, c});
}

/// x <= y + slack.
void Refutation::compare(const Expr &x, const Expr &y, int64_t slack) {
  const auto sideOf = [&](const Expr &e) {
    return differenceOf(e).value_or(Difference{e, {}, 0});
  };
  Difference a = sideOf(x), b = sideOf(y);
  // a.plus - a.minus - b.plus + b.minus <= rest
  const int64_t rest = b.constant - a.constant + slack;
  std::vector<Expr> plus, minus;
  for (const Expr &e : {a.plus, b.minus})
    if (e)
      plus.push_back(e);
  for (const Expr &e : {a.minus, b.plus}) {
    auto same = std::ranges::find(plus, e);
    if (e && same != plus.end())
      plus.erase(same);
    else if (e)
      minus.push_back(e);
  }
  if (plus.size() > 1 || minus.size() > 1)
    return;
  atMost(plus.empty() ? Expr() : plus[0], minus.empty() ? Expr() : minus[0],
         rest);
}

/// The least c of every x - y <= c; false where some x - x <= -1.
bool Refutation::close() {
  constexpr int64_t kNone = std::numeric_limits<int64_t>::max() / 4;
  const size_t n = terms.size();
  distance.assign(n * n, kNone);
  for (size_t i = 0; i < n; ++i)
    distance[i * n + i] = 0;
  for (const Edge &edge : edges) {
    int64_t &known = distance[edge.x * n + edge.y];
    known = std::min(known, edge.c);
  }
  for (size_t k = 0; k < n; ++k)
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j)
        if (distance[i * n + k] < kNone && distance[k * n + j] < kNone)
          distance[i * n + j] = std::min(
              distance[i * n + j], distance[i * n + k] + distance[k * n + j]);
  for (size_t i = 0; i < n; ++i)
    if (distance[i * n + i] < 0)
      return false;
  return true;
}

bool Refutation::refutes(const Case &given) {
  std::vector<std::pair<Expr, Expr>> different;
  for (const Literal &literal : given) {
    const Expr &e = literal.condition;
    // A condition and its opposite.
    for (const Literal &other : given)
      if (other.condition == e && other.holds != literal.holds)
        return true;
    if (e->operands().size() != 2 || !isI32(e->operand(0)))
      continue;
    const Expr &x = e->operand(0), &y = e->operand(1);
    const bool holds = literal.holds;
    switch (e->op()) {
    case Op::Lt:
      holds ? compare(x, y, -1) : compare(y, x, 0);
      break;
    case Op::Le:
      holds ? compare(x, y, 0) : compare(y, x, -1);
      break;
    case Op::Gt:
      holds ? compare(y, x, -1) : compare(x, y, 0);
      break;
    case Op::Ge:
      holds ? compare(y, x, 0) : compare(x, y, -1);
      break;
    case Op::Eq:
    case Op::Ne:
      if ((e->op() == Op::Eq) == holds) {
        compare(x, y, 0);
        compare(y, x, 0);
      } else {
        different.emplace_back(x, y);
      }
      break;
    default:
      break;
    }
  }
  if (isFull)
    return false;
  if (!close())
    return true;
  // x != y, though it is neither above nor below.
  return std::ranges::any_of(different, [&](const auto &pair) {
    Refutation below = *this, above = *this;
    below.compare(pair.first, pair.second, -1);
    above.compare(pair.second, pair.first, -1);
    return !below.isFull && !above.isFull && !below.close() && !above.close();
  });
}

bool attnjit::isContradiction(const Expr &condition, Positions positions) {
  std::vector<Case> cases;
  if (!CaseWriter().write(simplify(condition), true, cases))
    return false;
  return std::ranges::all_of(cases, [&](const Case &given) {
    return Refutation(positions).refutes(given);
  });
}
