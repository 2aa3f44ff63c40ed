//===- TileBounds.cpp - Deciding a tile of the mask from its expression ---===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Walks the mask once, operands first, and gives each i32 node an Interval and
// each bool node a Truth. What does not vary over the tile stands for itself;
// what varies goes through the rules of Transfer.cpp.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Analysis/TileBounds.h"

#include "Transfer.h"

#include "attnjit/Expr/Simplify.h"
#include "attnjit/Expr/Visitor.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace attnjit {

using namespace interval;

namespace {

/// Reductions of at most this many steps are unrolled, so that subscripts by
/// the variable become constants and each step is decided by itself. In longer
/// ones the variable is an interval.
constexpr int64_t kMaxUnrolledSteps = 16;

/// `any` and `all` of at most this many steps become loops of the proofs, each
/// step decided by itself at run time. A step costs a decision what it costs
/// the mask at one vector of pairs.
constexpr int64_t kMaxLoopedSteps = 256;

/// Nodes that one analysis may visit, nodes copied by unrolling included. What
/// is left then is unknown. A bound on compile time for masks made by
/// machines; written ones have tens of nodes.
constexpr int64_t kMaxVisits = 1 << 14;

class MaskWalk {
public:
  Truth truthOf(const Expr &e);

private:
  struct Memo {
    std::unordered_map<Expr, Interval> intervals;
    std::unordered_map<Expr, Truth> truths;
  };

  Interval intervalOf(const Expr &e);
  Interval varyingInterval(const Expr &e);
  Interval intervalOfVar(Var var);
  Interval intervalOfReduce(const Expr &e);
  Interval intervalOfLoad(const Expr &e);
  std::vector<Expr> boxOf(const Expr &load);
  Truth varyingTruth(const Expr &e);
  Truth truthOfComparison(const Expr &e);
  Truth truthOfReduce(const Expr &e);
  Truth truthOfSteps(const Expr &e);
  Truth truthOfLoad(const Expr &e);

  /// The body of a reduction at one step.
  Expr bodyAt(const Expr &reduce, int64_t step);
  /// Calls `visit` with the variable of `reduce` bound to its whole range.
  template <typename Visit> auto withBoundVar(const Expr &reduce, Visit visit);

  /// Nodes with a free reduction variable are remembered only as long as that
  /// is bound: siblings share its number.
  Memo &memoOf(const Expr &e) {
    return e->hasFreeReduceVars() ? scopedMemo : memo;
  }

  Memo memo, scopedMemo;
  std::unordered_map<uint32_t, Interval> reduceVars;
  int64_t visits = 0;
};

/// Whether the node may differ between two pairs of a tile.
bool varies(const Expr &e) {
  return e->hasFreeReduceVars() || e->dependsOn(Var::Q) ||
         e->dependsOn(Var::Kv) || e->dependsOn(Var::QLocal) ||
         e->dependsOn(Var::KvLocal);
}

bool isUnrolled(const Expr &reduce) {
  return reduce->reduceHi() - reduce->reduceLo() <= kMaxUnrolledSteps;
}

bool isI32Operation(const Expr &e) {
  for (const Expr &operand : e->operands())
    if (operand->type() != Type::I32)
      return false;
  return !e->operands().empty();
}

} // namespace

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

Expr MaskWalk::bodyAt(const Expr &reduce, int64_t step) {
  Expr body = transform(reduce->operand(0),
                        [&](const Expr &node, std::span<const Expr> operands) {
                          ++visits;
                          if (node->op() == Op::ReduceVar &&
                              node->reduceVar() == reduce->reduceVar())
                            return Expr::i32(static_cast<int32_t>(step));
                          return rebuild(node, operands);
                        });
  return simplify(body);
}

template <typename Visit>
auto MaskWalk::withBoundVar(const Expr &reduce, Visit visit) {
  Memo outer = std::exchange(scopedMemo, Memo());
  Interval range = constantInterval(reduce->reduceLo(), reduce->reduceHi() - 1);
  std::swap(reduceVars[reduce->reduceVar()], range);
  auto result = visit(reduce->operand(0));
  std::swap(reduceVars[reduce->reduceVar()], range);
  scopedMemo = std::move(outer);
  return result;
}

Interval MaskWalk::intervalOfReduce(const Expr &e) {
  int64_t steps = e->reduceHi() - e->reduceLo();
  ReduceKind kind = e->reduceKind();
  if (!isUnrolled(e)) {
    Interval body =
        withBoundVar(e, [&](const Expr &body) { return intervalOf(body); });
    if (kind == ReduceKind::Sum)
      return transferSum(body, steps);
    // The result passes the body at each step; the end steps are tight where
    // the body is monotone in the variable.
    Interval first = intervalOf(bodyAt(e, e->reduceLo()));
    Interval last = intervalOf(bodyAt(e, e->reduceHi() - 1));
    if (kind == ReduceKind::Max)
      return {max(body.lo, max(first.lo, last.lo)), body.hi};
    return {body.lo, min(body.hi, min(first.hi, last.hi))};
  }
  Interval result = intervalOf(bodyAt(e, e->reduceLo()));
  for (int64_t step = e->reduceLo() + 1; step < e->reduceHi(); ++step) {
    if (visits > kMaxVisits)
      return unknownInterval();
    result = capped(transferStep(kind, result, intervalOf(bodyAt(e, step))));
  }
  return result;
}

/// What deciding each step by itself, in a loop, proves of `any` or `all`.
Truth MaskWalk::truthOfSteps(const Expr &e) {
  // A variable of its own: bounds of the body may hold reductions, too.
  Expr variable = Expr::freshReduceVar();
  Expr body = transform(e->operand(0), [&](const Expr &node,
                                           std::span<const Expr> operands) {
    ++visits;
    return node->op() == Op::ReduceVar && node->reduceVar() == e->reduceVar()
               ? variable
               : rebuild(node, operands);
  });
  if (body->op() == Op::Invalid)
    return unknownTruth();
  Memo outer = std::exchange(scopedMemo, Memo());
  reduceVars[variable->reduceVar()] = {
      ofI32(variable, e->reduceLo(), e->reduceHi() - 1),
      ofI32(variable, e->reduceLo(), e->reduceHi() - 1)};
  Truth step = truthOf(body);
  reduceVars.erase(variable->reduceVar());
  scopedMemo = std::move(outer);

  bool isAny = e->reduceKind() == ReduceKind::Any;
  auto over = [&](ReduceKind kind, const Expr &proof) {
    if (proof->op() == Op::Const)
      return proof;
    Expr loop =
        Expr::reduce(kind, e->reduceLo(), e->reduceHi(), variable, proof);
    return loop->op() == Op::Invalid ? Expr::boolean(false) : loop;
  };
  return {over(isAny ? ReduceKind::All : ReduceKind::Any, step.never),
          over(isAny ? ReduceKind::Any : ReduceKind::All, step.always)};
}

Truth MaskWalk::truthOfReduce(const Expr &e) {
  bool isAny = e->reduceKind() == ReduceKind::Any;
  if (e->reduceHi() - e->reduceLo() <= kMaxLoopedSteps && !isUnrolled(e))
    return truthOfSteps(e);
  if (!isUnrolled(e)) {
    // False at every step or true at every step decides `any` and `all` alike.
    // One step that is true decides `any`, one that is false `all`; the end
    // steps are the ones to try where the body is monotone in the variable.
    Truth body =
        withBoundVar(e, [&](const Expr &body) { return truthOf(body); });
    Truth first = truthOf(bodyAt(e, e->reduceLo()));
    Truth last = truthOf(bodyAt(e, e->reduceHi() - 1));
    Expr Truth::*decided = isAny ? &Truth::always : &Truth::never;
    body.*decided =
        proofOr(body.*decided, proofOr(first.*decided, last.*decided));
    return body;
  }
  Truth result = truthOf(bodyAt(e, e->reduceLo()));
  for (int64_t step = e->reduceLo() + 1; step < e->reduceHi(); ++step) {
    if (visits > kMaxVisits)
      return unknownTruth();
    Truth next = truthOf(bodyAt(e, step));
    result = isAny ? truthOr(result, next) : truthAnd(result, next);
  }
  return result;
}

//===----------------------------------------------------------------------===//
// i32 nodes
//===----------------------------------------------------------------------===//

Interval MaskWalk::intervalOfVar(Var var) {
  auto between = [](Var lo, Var hi) -> Interval {
    return {ofI32(Expr::var(lo)), ofI32(Expr::var(hi))};
  };
  switch (var) {
  case Var::Q:
    return between(Var::QLo, Var::QHi);
  case Var::Kv:
    return between(Var::KvLo, Var::KvHi);
  case Var::QLocal:
    return between(Var::QLocalLo, Var::QLocalHi);
  case Var::KvLocal:
    return between(Var::KvLocalLo, Var::KvLocalHi);
  default:
    return unknownInterval();
  }
}

/// The ends of a load's subscripts over the tile, two an axis.
std::vector<Expr> MaskWalk::boxOf(const Expr &load) {
  std::vector<Expr> ends;
  for (const Expr &subscript : load->operands()) {
    Interval range = intervalOf(subscript);
    ends.push_back(toI32(range.lo));
    ends.push_back(toI32(range.hi));
  }
  return ends;
}

/// Between the extremes of the elements that the tile may read: exact where it
/// reads all of the box.
Interval MaskWalk::intervalOfLoad(const Expr &e) {
  Interval range = rangeOfElements(e->buffer());
  std::vector<Expr> box = boxOf(e);
  // Kept in the range that later rules believe, whatever a target that knows
  // nothing of the box, or a buffer that breaks its declaration, gives.
  auto extreme = [&](Op op) {
    Bound bound = ofI32(Expr::loadExtreme(op, e->buffer(), box));
    return min(max(bound, range.lo), range.hi);
  };
  return {extreme(Op::LoadMin), extreme(Op::LoadMax)};
}

Truth MaskWalk::truthOfLoad(const Expr &e) {
  std::vector<Expr> box = boxOf(e);
  return {negate(Expr::loadExtreme(Op::LoadMax, e->buffer(), box)),
          Expr::loadExtreme(Op::LoadMin, e->buffer(), box)};
}

Interval MaskWalk::varyingInterval(const Expr &e) {
  switch (e->op()) {
  case Op::Var:
    return intervalOfVar(e->var());
  case Op::ReduceVar:
    return reduceVars.at(e->reduceVar());
  case Op::Load:
    return intervalOfLoad(e);
  case Op::Reduce:
    return intervalOfReduce(e);
  case Op::Where:
    return intervalWhere(truthOf(e->operand(0)), intervalOf(e->operand(1)),
                         intervalOf(e->operand(2)));
  case Op::ToI32:
    if (e->operand(0)->type() != Type::Bool)
      return unknownInterval();
    return intervalWhere(truthOf(e->operand(0)), constantInterval(1, 1),
                         constantInterval(0, 0));
  default:
    break;
  }
  if (!isI32Operation(e))
    return unknownInterval();
  std::vector<Interval> operands;
  for (const Expr &operand : e->operands())
    operands.push_back(intervalOf(operand));
  return transfer(*e, operands);
}

Interval MaskWalk::intervalOf(const Expr &e) {
  if (e->type() != Type::I32)
    return unknownInterval();
  if (!varies(e)) {
    Interval result = {ofI32(e), ofI32(e)};
    return capped(result);
  }
  Memo &known = memoOf(e);
  if (auto it = known.intervals.find(e); it != known.intervals.end())
    return it->second;
  if (++visits > kMaxVisits)
    return unknownInterval();
  Interval result = capped(varyingInterval(e));
  memoOf(e).intervals.emplace(e, result);
  return result;
}

//===----------------------------------------------------------------------===//
// Bool nodes
//===----------------------------------------------------------------------===//

Truth MaskWalk::truthOfComparison(const Expr &e) {
  const Expr &a = e->operand(0), &b = e->operand(1);
  if (a->type() == Type::Bool) {
    Truth different = truthXor(truthOf(a), truthOf(b));
    return e->op() == Op::Ne ? different : truthNot(different);
  }
  if (!isI32Operation(e))
    return unknownTruth();
  if (a == b)
    return exactTruth(Expr::boolean(e->op() == Op::Eq || e->op() == Op::Le ||
                                    e->op() == Op::Ge));
  return transferComparison(e->op(), intervalOf(a), intervalOf(b));
}

Truth MaskWalk::varyingTruth(const Expr &e) {
  switch (e->op()) {
  case Op::And:
    return truthAnd(truthOf(e->operand(0)), truthOf(e->operand(1)));
  case Op::Or:
    return truthOr(truthOf(e->operand(0)), truthOf(e->operand(1)));
  case Op::Xor:
    return truthXor(truthOf(e->operand(0)), truthOf(e->operand(1)));
  case Op::Not:
    return truthNot(truthOf(e->operand(0)));
  case Op::Where:
    return truthWhere(truthOf(e->operand(0)), truthOf(e->operand(1)),
                      truthOf(e->operand(2)));
  case Op::ToBool:
    if (!isI32Operation(e))
      return unknownTruth();
    return transferComparison(Op::Ne, intervalOf(e->operand(0)),
                              constantInterval(0, 0));
  case Op::Load:
    return truthOfLoad(e);
  case Op::Reduce:
    return truthOfReduce(e);
  case Op::Lt:
  case Op::Le:
  case Op::Gt:
  case Op::Ge:
  case Op::Eq:
  case Op::Ne:
    return truthOfComparison(e);
  default:
    return unknownTruth();
  }
}

Truth MaskWalk::truthOf(const Expr &e) {
  if (e->type() != Type::Bool)
    return unknownTruth();
  if (!varies(e))
    return countNodes(e, e) < kMaxBoundNodes ? exactTruth(e) : unknownTruth();
  Memo &known = memoOf(e);
  if (auto it = known.truths.find(e); it != known.truths.end())
    return it->second;
  if (++visits > kMaxVisits)
    return unknownTruth();
  Truth result = capped(varyingTruth(e));
  memoOf(e).truths.emplace(e, result);
  return result;
}

TileBounds computeTileBounds(const Expr &mask) {
  if (!mask)
    return {Expr::boolean(false), Expr::boolean(true), {}};
  Truth truth = MaskWalk().truthOf(mask);
  return {simplify(truth.never), simplify(truth.always), findTileCuts(mask)};
}

std::vector<RangeAxis> findRangeAxes(const TileBounds &bounds) {
  std::vector<RangeAxis> axes;
  const Expr claims[] = {bounds.empty, bounds.full};
  for (const Expr &node : topologicalOrder(claims)) {
    if (node->op() != Op::LoadMin && node->op() != Op::LoadMax)
      continue;
    const int rank = static_cast<int>(node->buffer().dims.size());
    for (int axis = rank; axis-- > 0;) {
      const auto first = static_cast<size_t>(2 * axis);
      if (node->operand(first) == node->operand(first + 1))
        continue;
      // The ends of a row are its extremes.
      if (node->buffer().sorted && axis == rank - 1)
        break;
      RangeAxis found = {node->buffer().name, axis};
      if (std::ranges::find(axes, found) == axes.end())
        axes.push_back(std::move(found));
      break;
    }
  }
  return axes;
}

} // namespace attnjit
