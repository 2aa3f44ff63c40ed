//===- Proof.cpp - Claims about masks and subscripts ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Proof.h"

#include "support/MaskPlane.h"

#include "attnjit/Analysis/Contradiction.h"
#include "attnjit/Expr/Simplify.h"
#include "attnjit/Expr/Visitor.h"
#include "attnjit/Text/Printer.h"

#include <fmt/format.h>

#include <algorithm>

using namespace attnjit;
using namespace attnjit::tool;

/// Pairs that a search looks at one by one, at most.
static constexpr int64_t kMostPairs = int64_t(1) << 26;
/// Heads of all batch entries that a search looks at.
static constexpr int64_t kMostHeads = 256;
static constexpr size_t kMaxExprLength = 120;

std::string_view tool::name(Verdict verdict) {
  switch (verdict) {
  case Verdict::Proven:
    return "proven";
  case Verdict::False:
    return "false";
  case Verdict::Undecided:
    return "undecided";
  }
  return "undecided";
}

ModProgram tool::withParams(const ModProgram &mod, const Problem &problem) {
  auto valueOf = [&](const ParamDecl &decl) {
    for (const CaptureArg &capture : problem.args().captures)
      if (capture.name == decl.name)
        if (const auto *scalar = std::get_if<Scalar>(&capture.value))
          return Expr::constant(*scalar);
    return decl.defaultValue ? Expr::constant(*decl.defaultValue)
                             : Expr::param(decl);
  };
  auto replace = [&](const Expr &hook) {
    if (!hook)
      return hook;
    return transform(hook,
                     [&](const Expr &node, std::span<const Expr> operands) {
                       return node->op() == Op::Param ? valueOf(node->param())
                                                      : rebuild(node, operands);
                     });
  };
  ModParts parts;
  parts.name = mod.name();
  parts.score = replace(mod.score());
  parts.mask = replace(mod.mask());
  parts.prob = replace(mod.prob());
  parts.sink = replace(mod.sink());
  parts.normalize = mod.normalize();
  parts.params = mod.params();
  parts.buffers = mod.buffers();
  auto made = ModProgram::create(std::move(parts));
  return made ? *made : mod;
}

//===----------------------------------------------------------------------===//
// Search over one shape
//===----------------------------------------------------------------------===//

namespace {

class Search {
public:
  static Expected<Search> create(const Expr &condition, const ProofProblem &at);

  /// A pair at which the condition holds, if there is one; `isComplete` says
  /// whether all were looked at.
  std::optional<Counterexample> findPair();
  /// A row at which it holds for no key.
  std::optional<Counterexample> findRow();
  bool isComplete = true;

private:
  Search(const Expr &condition, const ProofProblem &at, TileClassifier tiles,
         std::unique_ptr<RunBindings> bindings)
      : condition(condition), at(at), tiles(std::move(tiles)),
        bindings(std::move(bindings)) {}

  template <typename Visit> std::optional<Counterexample> forHeads(Visit visit);
  bool findIn(const PairBox &box, int64_t &i, int64_t &j);
  Counterexample exampleAt(int64_t b, int64_t h, int64_t i,
                           std::optional<int64_t> j);

  Expr condition;
  const ProofProblem &at;
  TileClassifier tiles;
  std::unique_ptr<RunBindings> bindings;
  int64_t pairsLeft = kMostPairs;
};

} // namespace

Expected<Search> Search::create(const Expr &condition, const ProofProblem &at) {
  Expected<TileClassifier> tiles =
      TileClassifier::create(condition, at.mod.params(), at.mod.buffers());
  if (!tiles)
    return fail(tiles.error());
  auto bindings = bindPlane(at.mod, at.problem, {});
  if (!bindings)
    return fail(bindings.error());
  return Search(condition, at, std::move(*tiles), std::move(*bindings));
}

template <typename Visit>
std::optional<Counterexample> Search::forHeads(Visit visit) {
  const Shape &shape = at.problem.shape();
  const bool byBatch =
      condition->dependsOn(Var::B) || shape.B > 1; // offsets may differ, too
  const bool byHead =
      condition->dependsOn(Var::H) || condition->dependsOn(Var::KvH);
  const int64_t batches = byBatch ? shape.B : std::min<int64_t>(shape.B, 1);
  const int64_t heads = byHead ? shape.Hq : std::min<int64_t>(shape.Hq, 1);
  for (int64_t head = 0; head < batches * heads; ++head) {
    if (head == kMostHeads) {
      isComplete = false;
      break;
    }
    const int64_t b = head / heads, h = head % heads;
    bindings->setHead(b, h);
    tiles.bind(bindings->values(), bindings->qOffset(), bindings->kvOffset());
    if (std::optional<Counterexample> found = visit(b, h))
      return found;
  }
  return std::nullopt;
}

/// Halves undecided boxes; small ones are looked at pair by pair.
bool Search::findIn(const PairBox &box, int64_t &i, int64_t &j) {
  constexpr int64_t kFewPairs = 256;
  switch (tiles.classify(box)) {
  case TileKind::Empty:
    return false;
  case TileKind::Full:
    i = box.i0;
    j = box.j0;
    return true;
  case TileKind::Partial:
    break;
  }
  if (box.pairs() <= kFewPairs) {
    pairsLeft -= box.pairs();
    for (i = box.i0; i < box.i1; ++i)
      for (j = box.j0; j < box.j1; ++j)
        if (tiles.keeps(i, j))
          return true;
    return false;
  }
  if (pairsLeft <= 0) {
    isComplete = false;
    return false;
  }
  --pairsLeft;
  PairBox first = box, second = box;
  if (box.i1 - box.i0 >= box.j1 - box.j0)
    first.i1 = second.i0 = box.i0 + (box.i1 - box.i0) / 2;
  else
    first.j1 = second.j0 = box.j0 + (box.j1 - box.j0) / 2;
  return findIn(first, i, j) || findIn(second, i, j);
}

/// The loads of the condition are printed with their values.
Counterexample Search::exampleAt(int64_t b, int64_t h, int64_t i,
                                 std::optional<int64_t> j) {
  Counterexample example;
  example.b = b;
  example.h = h;
  example.q = static_cast<int32_t>(i + bindings->qOffset());
  if (!j)
    return example;
  example.kv = static_cast<int32_t>(*j + bindings->kvOffset());
  std::vector<Expr> loads;
  for (const Expr &node : topologicalOrder({&condition, 1}))
    if (node->op() == Op::Load && !node->hasFreeReduceVars())
      loads.push_back(node);
  bindings->setRow(i);
  bindings->setKey(*j);
  if (loads.empty())
    return example;
  Expected<Interpreter> values = Interpreter::create(
      loads, at.mod.params(), at.mod.buffers(), Interpreter::Mode::F32);
  if (!values)
    return example;
  std::span<const attnjit::Value> found = values->evaluate(bindings->values());
  for (size_t n = 0; n < loads.size(); ++n) {
    const attnjit::Value &value = found[n];
    example.values.push_back(
        fmt::format("{} = {}", printExpr(loads[n], kMaxExprLength),
                    value.type == Type::F32    ? fmt::format("{}", value.f)
                    : value.type == Type::Bool ? value.i ? "true" : "false"
                                               : fmt::format("{}", value.i)));
  }
  return example;
}

std::optional<Counterexample> Search::findPair() {
  const Shape &shape = at.problem.shape();
  if (shape.Sq == 0 || shape.Skv == 0)
    return std::nullopt;
  return forHeads([&](int64_t b, int64_t h) -> std::optional<Counterexample> {
    int64_t i, j;
    if (!findIn({0, shape.Sq, 0, shape.Skv}, i, j))
      return std::nullopt;
    return exampleAt(b, h, i, j);
  });
}

std::optional<Counterexample> Search::findRow() {
  const Shape &shape = at.problem.shape();
  return forHeads([&](int64_t b, int64_t h) -> std::optional<Counterexample> {
    for (int64_t row = 0; row < shape.Sq; ++row) {
      int64_t i, j;
      if (shape.Skv == 0 || !findIn({row, row + 1, 0, shape.Skv}, i, j)) {
        if (!isComplete)
          return std::nullopt;
        return exampleAt(b, h, row, std::nullopt);
      }
    }
    return std::nullopt;
  });
}

//===----------------------------------------------------------------------===//
// Claims
//===----------------------------------------------------------------------===//

static bool readsUnknownBuffer(const Expr &e, const ProofProblem &at) {
  return std::ranges::any_of(topologicalOrder({&e, 1}), [&](const Expr &node) {
    return node->op() == Op::Load &&
           std::ranges::find(at.givenBuffers, node->buffer().name) ==
               at.givenBuffers.end();
  });
}

static constexpr const char *kAllSizes =
    "all sizes and all contents of buffers, without offsets";

/// What a search that found nothing against the claim says.
static void judge(ClaimResult &result, const Search &search, const Expr &read,
                  const ProofProblem &at) {
  if (result.counterexample) {
    result.verdict = Verdict::False;
    result.scope = at.problem.shape().text();
    return;
  }
  if (!at.isGiven)
    result.scope =
        "no pair of a small shape breaks it; --shape decides for one";
  else if (!search.isComplete)
    result.scope = "too many pairs that the bounds do not decide";
  else if (readsUnknownBuffer(read, at))
    result.scope = "random contents of buffers do not break it; --set decides "
                   "for given ones";
  else {
    result.verdict = Verdict::Proven;
    result.scope = at.problem.shape().text();
  }
}

Expected<ClaimResult> tool::proveNever(std::string claim, const Expr &broken,
                                       const ProofProblem &at) {
  ClaimResult result;
  result.claim = std::move(claim);
  const bool hasOffsets = at.problem.args().qOffset.perBatch ||
                          at.problem.args().kvOffset.perBatch ||
                          at.problem.args().qOffset.scalar ||
                          at.problem.args().kvOffset.scalar;
  if (isContradiction(broken, hasOffsets ? Positions::Any : Positions::Rows)) {
    result.verdict = Verdict::Proven;
    result.scope =
        hasOffsets ? "all sizes, offsets and contents of buffers" : kAllSizes;
    return result;
  }
  const Expr condition = simplify(broken);
  Expected<Search> search = Search::create(condition, at);
  if (!search)
    return fail(search.error());
  result.counterexample = search->findPair();
  judge(result, *search, condition, at);
  return result;
}

Expected<ClaimResult> tool::proveNeverEmpty(const Expr &mask,
                                            const ProofProblem &at) {
  ClaimResult result;
  result.claim = "every query keeps a key";
  const Expr condition = mask ? simplify(mask) : Expr::boolean(true);
  const Shape &shape = at.problem.shape();
  const auto &args = at.problem.args();
  const bool isSquare = !at.isGiven || shape.Sq <= shape.Skv;
  const bool hasOffsets = args.qOffset.perBatch || args.kvOffset.perBatch ||
                          args.qOffset.scalar || args.kvOffset.scalar;
  // A witness: the query's own position, or the first key.
  if (!hasOffsets && isSquare) {
    const std::pair<Expr, Expr> own[] = {
        {Expr::var(Var::Kv), Expr::var(Var::Q)},
        {Expr::var(Var::KvLocal), Expr::var(Var::QLocal)}};
    const std::pair<Expr, Expr> first[] = {
        {Expr::var(Var::Kv), Expr::i32(0)},
        {Expr::var(Var::KvLocal), Expr::i32(0)}};
    for (auto [witness, text] :
         {std::pair{std::span(own), "the key at the query's own position"},
          {std::span(first), "the first key"}}) {
      const Expr kept = substitute(condition, witness);
      if (kept->op() == Op::Invalid ||
          !isContradiction(Expr::make(Op::Not, {kept}), Positions::Rows))
        continue;
      result.verdict = Verdict::Proven;
      result.scope = fmt::format("all sizes with Sq <= Skv, by {}", text);
      return result;
    }
  }
  Expected<Search> search = Search::create(condition, at);
  if (!search)
    return fail(search.error());
  result.counterexample = search->findRow();
  judge(result, *search, condition, at);
  return result;
}

namespace {
/// A load and the reductions that it stands in, the innermost last.
struct PlacedLoad {
  Expr load;
  std::vector<Expr> reductions;
};
} // namespace

static void collectLoads(const Expr &e, std::vector<Expr> &inside,
                         std::vector<PlacedLoad> &loads) {
  if (e->op() == Op::Load &&
      std::ranges::none_of(
          loads, [&](const PlacedLoad &known) { return known.load == e; }))
    loads.push_back({e, inside});
  if (e->op() == Op::Reduce)
    inside.push_back(e);
  for (const Expr &operand : e->operands())
    collectLoads(operand, inside, loads);
  if (e->op() == Op::Reduce)
    inside.pop_back();
}

/// The size of an axis; null where nothing says it.
static Expr extentOf(const Dim &dim, const BufferDecl &buffer, size_t axis,
                     const ProofProblem &at) {
  if (dim.kind == Dim::Kind::Size)
    return Expr::size(dim.size);
  if (dim.kind == Dim::Kind::Fixed)
    return Expr::i32(static_cast<int32_t>(dim.extent));
  if (std::ranges::find(at.givenBuffers, buffer.name) == at.givenBuffers.end())
    return {};
  for (const CaptureArg &capture : at.problem.args().captures)
    if (capture.name == buffer.name)
      if (const auto *tensor = std::get_if<Tensor>(&capture.value))
        return Expr::i32(static_cast<int32_t>(tensor->shape[axis]));
  return {};
}

Expected<std::vector<ClaimResult>> tool::proveInBounds(const ProofProblem &at) {
  std::vector<PlacedLoad> loads;
  for (const Expr &hook :
       {at.mod.mask(), at.mod.score(), at.mod.prob(), at.mod.sink()})
    if (hook) {
      std::vector<Expr> inside;
      collectLoads(simplify(hook), inside, loads);
    }
  std::vector<ClaimResult> results;
  for (const PlacedLoad &placed : loads) {
    const BufferDecl &buffer = placed.load->buffer();
    for (size_t axis = 0; axis < buffer.dims.size(); ++axis) {
      const Expr &subscript = placed.load->operand(axis);
      std::string claim =
          fmt::format("subscript {} of {} is in bounds", axis + 1,
                      printExpr(placed.load, kMaxExprLength));
      const Expr extent = extentOf(buffer.dims[axis], buffer, axis, at);
      if (!extent) {
        results.push_back(
            {std::move(claim),
             Verdict::Undecided,
             fmt::format("nothing says how large this axis of `{}` is; --set "
                         "it, or declare its size",
                         buffer.name),
             {}});
        continue;
      }
      Expr broken =
          Expr::make(Op::Or, {Expr::make(Op::Lt, {subscript, Expr::i32(0)}),
                              Expr::make(Op::Ge, {subscript, extent})});
      for (size_t n = placed.reductions.size(); n-- > 0;) {
        const Expr &reduce = placed.reductions[n];
        if (broken->hasFreeReduceVars()) {
          // The variable of that number is bound here.
          Expr variable;
          for (const Expr &node : topologicalOrder({&broken, 1}))
            if (node->op() == Op::ReduceVar &&
                node->reduceVar() == reduce->reduceVar())
              variable = node;
          if (!variable)
            continue;
          const Expr fresh = Expr::freshReduceVar();
          const Expr body = transform(
              broken, [&](const Expr &node, std::span<const Expr> operands) {
                return node == variable ? fresh : rebuild(node, operands);
              });
          broken = Expr::reduce(ReduceKind::Any, reduce->reduceLo(),
                                reduce->reduceHi(), fresh, body);
        }
      }
      Expected<ClaimResult> result = proveNever(std::move(claim), broken, at);
      if (!result)
        return fail(result.error());
      results.push_back(std::move(*result));
    }
  }
  return results;
}
