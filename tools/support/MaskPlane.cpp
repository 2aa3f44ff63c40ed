//===- MaskPlane.cpp - The mask of one head of a problem ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/MaskPlane.h"

#include "attnjit/Analysis/SplitMask.h"
#include "attnjit/Expr/Simplify.h"
#include "attnjit/Reference/Signature.h"
#include "attnjit/Spec/Schedule.h"

#include <fmt/format.h>

using namespace attnjit;
using namespace attnjit::tool;

Expected<void> PlaneChoice::check(const Shape &shape) const {
  struct Index {
    const char *option;
    int64_t value, size;
    const char *name;
  };
  for (const Index &index :
       {Index{"--batch", b, shape.B, "B"}, Index{"--head", h, shape.Hq, "Hq"}})
    if (index.value >= index.size)
      return fail(ErrorKind::InvalidArgument,
                  fmt::format("{} is {}; it should be below {}, which is {}",
                              index.option, index.value, index.name,
                              index.size));
  return {};
}

TileSize tool::kernelTile(const ModProgram &mod, const Problem &problem,
                          const TargetSpec &target) {
  if (problem.entry(mod, target) == Entry::Decode)
    return {1, DecodeSchedule::choose(problem.spec(), target).blockKv};
  const auto prefill = PrefillSchedule::choose(problem.spec(), target);
  return {prefill.strip(), prefill.blockKv};
}

Expected<std::unique_ptr<RunBindings>>
tool::bindPlane(const ModProgram &mod, const Problem &problem,
                const PlaneChoice &choice) {
  const KernelSignature signature = signatureOf(mod, problem.spec());
  Expected<RunSizes> sizes = checkModArgs(signature, problem.args());
  if (!sizes)
    return fail(sizes.error());
  if (Expected<void> ok = choice.check(problem.shape()); !ok)
    return fail(ok.error());
  // Mask tensor and dropout play no part.
  RunArgs args = problem.args();
  args.mask.reset();
  args.dropout.reset();
  auto bindings = std::make_unique<RunBindings>(signature, args, *sizes);
  bindings->setHead(choice.b, choice.h);
  return bindings;
}

Expected<MaskPlane> MaskPlane::create(const ModProgram &mod,
                                      const Problem &problem,
                                      const PlaneChoice &choice) {
  MaskPlane plane;
  Expected<std::unique_ptr<RunBindings>> bindings =
      bindPlane(mod, problem, choice);
  if (!bindings)
    return fail(bindings.error());
  plane.bindings = std::move(*bindings);
  plane.expr = simplify(inferMask(mod).mask());
  Expected<TileClassifier> tiles =
      TileClassifier::create(plane.expr, mod.params(), mod.buffers());
  if (!tiles)
    return fail(tiles.error());
  tiles->bind(plane.bindings->values(), plane.bindings->qOffset(),
              plane.bindings->kvOffset());
  plane.tiles = std::make_unique<TileClassifier>(std::move(*tiles));
  return plane;
}

TileGrid MaskPlane::grid(int64_t tileQ, int64_t tileKv) const {
  return {bindings->sizes().Sq, bindings->sizes().Skv, tileQ, tileKv};
}
