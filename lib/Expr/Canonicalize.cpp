//===- Canonicalize.cpp - The form that kernels are cached by -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Captures are renamed twice: before simplification, so that no order it
// chooses can depend on the names that the mod's author gave, and after it, so
// that what it removed leaves no gap.
//
//===----------------------------------------------------------------------===//

#include "KeyText.h"

#include "attnjit/Expr/ModProgram.h"
#include "attnjit/Expr/Simplify.h"
#include "attnjit/Expr/Visitor.h"

#include <fmt/format.h>

#include <array>
#include <cassert>
#include <unordered_map>

using namespace attnjit;

/// score, mask, prob, sink.
using Hooks = std::array<Expr, 4>;

namespace {
/// Names captures p0, p1, ... and b0, b1, ... in order of first use.
class CaptureRenamer {
public:
  void rename(Hooks &hooks);

  /// The new declarations, and the old name of each.
  std::vector<ParamDecl> params;
  std::vector<BufferDecl> buffers;
  std::vector<std::string> paramNames, bufferNames;

private:
  Expr renameNode(const Expr &node, std::span<const Expr> operands);
  std::unordered_map<std::string, size_t> paramOrdinals, bufferOrdinals;
};
} // namespace

void CaptureRenamer::rename(Hooks &hooks) {
  for (Expr &hook : hooks)
    hook =
        transform(hook, [&](const Expr &node, std::span<const Expr> operands) {
          return renameNode(node, operands);
        });
}

Expr CaptureRenamer::renameNode(const Expr &node,
                                std::span<const Expr> operands) {
  if (node->op() == Op::Param) {
    const ParamDecl &decl = node->param();
    auto [it, isNew] = paramOrdinals.try_emplace(decl.name, params.size());
    if (isNew) {
      params.push_back({fmt::format("p{}", params.size()), decl.type, {}});
      paramNames.push_back(decl.name);
    }
    return Expr::param(params[it->second]);
  }
  if (node->op() == Op::Load) {
    const BufferDecl &decl = node->buffer();
    auto [it, isNew] = bufferOrdinals.try_emplace(decl.name, buffers.size());
    if (isNew) {
      BufferDecl renamed = decl;
      renamed.name = fmt::format("b{}", buffers.size());
      renamed.grad = false; // no forward kernel depends on it
      buffers.push_back(std::move(renamed));
      bufferNames.push_back(decl.name);
    }
    return Expr::load(buffers[it->second], operands);
  }
  return rebuild(node, operands);
}

/// Null for a hook that does nothing.
static void dropIdentities(Hooks &hooks) {
  const Hooks identities = {Expr::var(Var::Score), Expr::boolean(true),
                            Expr::var(Var::Prob), Expr()};
  for (size_t i = 0; i < hooks.size(); ++i)
    if (hooks[i] == identities[i])
      hooks[i] = Expr();
}

static Expected<ModProgram> makeProgram(const Hooks &hooks,
                                        const CaptureRenamer &captures,
                                        Normalize normalize) {
  ModParts parts;
  parts.score = hooks[0];
  parts.mask = hooks[1];
  parts.prob = hooks[2];
  parts.sink = hooks[3];
  parts.normalize = normalize;
  parts.params = captures.params;
  parts.buffers = captures.buffers;
  return ModProgram::create(std::move(parts));
}

/// For each of `second`, renamed from a name that the first renaming gave, the
/// name in the original mod.
template <typename Decl>
static std::vector<std::string>
originalNames(const std::vector<std::string> &second,
              const std::vector<Decl> &firstDecls,
              const std::vector<std::string> &firstNames) {
  std::unordered_map<std::string_view, size_t> ordinals;
  for (size_t i = 0; i < firstDecls.size(); ++i)
    ordinals.emplace(firstDecls[i].name, i);
  std::vector<std::string> names;
  for (const std::string &name : second)
    names.push_back(firstNames[ordinals.at(name)]);
  return names;
}

CanonicalMod attnjit::canonicalize(const ModProgram &mod) {
  Hooks hooks = {mod.score(), mod.mask(), mod.prob(), mod.sink()};
  CaptureRenamer before;
  before.rename(hooks);
  Hooks simplified = hooks;
  for (Expr &hook : simplified)
    if (hook)
      hook = simplify(hook);
  dropIdentities(simplified);
  CaptureRenamer after;
  after.rename(simplified);

  CanonicalMod result;
  std::vector<std::string> paramNames, bufferNames;
  if (auto program = makeProgram(simplified, after, mod.normalize())) {
    result.program = std::move(*program);
    paramNames =
        originalNames(after.paramNames, before.params, before.paramNames);
    bufferNames =
        originalNames(after.bufferNames, before.buffers, before.bufferNames);
  } else {
    // Simpler forms may share less: at the limit of nodes, the mod as it was.
    auto unsimplified = makeProgram(hooks, before, mod.normalize());
    assert(unsimplified && "renaming keeps a mod lawful");
    result.program = std::move(*unsimplified);
    paramNames = before.paramNames;
    bufferNames = before.bufferNames;
  }
  for (const std::string &name : paramNames)
    result.paramSource.push_back(mod.paramOrdinal(name));
  for (const std::string &name : bufferNames)
    result.bufferSource.push_back(mod.bufferOrdinal(name));
  result.keyText = printKeyText(result.program);
  return result;
}
