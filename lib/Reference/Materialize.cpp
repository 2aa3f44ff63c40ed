//===- Materialize.cpp - Mods applied to whole tensors --------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// materializeMask and applyScoreMod: rows of the [B, Hq, Sq, Skv] tensor are
// spread over an executor.
//
//===----------------------------------------------------------------------===//

#include "BoundMod.h"
#include "attnjit/Reference/Reference.h"
#include "attnjit/Reference/Signature.h"
#include "attnjit/Runtime/TensorChecks.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

using namespace attnjit;

namespace {

/// One BoundMod per slot of the executor that the run names.
class ParallelMod {
public:
  static Expected<ParallelMod> create(const ModProgram &mod,
                                      const RunArgs &args);

  const RunSizes &sizes() const { return mods[0]->sizes(); }

  /// Calls `body(mod, b, h, i)` for each row of [B, Hq, Sq].
  Expected<void> forEachRow(
      int64_t B, int64_t Hq,
      const std::function<void(BoundMod &mod, int64_t b, int64_t h, int64_t i)>
          &body);

private:
  std::shared_ptr<Executor> own;
  Executor *executor = nullptr;
  int slots = 1;
  std::vector<std::unique_ptr<BoundMod>> mods;
};

} // namespace

/// The element type and head sizes play no part; they are taken as they come.
static KernelSignature signatureOfShapes(const ModProgram &mod,
                                         const RunArgs &args) {
  AttentionSpec spec;
  spec.D = args.q.shape[kMaxRank - 1];
  spec.Dv = args.v.shape[kMaxRank - 1];
  spec.dtype = args.q.dtype;
  return signatureOf(mod, spec);
}

Expected<ParallelMod> ParallelMod::create(const ModProgram &mod,
                                          const RunArgs &args) {
  const KernelSignature signature = signatureOfShapes(mod, args);
  Expected<RunSizes> sizes = checkModArgs(signature, args);
  if (!sizes)
    return fail(sizes.error());
  ParallelMod result;
  if (!args.executor)
    result.own = makeThreadedExecutor();
  result.executor = args.executor ? args.executor : result.own.get();
  result.slots = result.executor->concurrency();
  // Mask tensor and dropout play no part, and may be wrong.
  RunArgs modArgs = args;
  modArgs.mask.reset();
  modArgs.lse.reset();
  modArgs.dropout.reset();
  modArgs.out = Tensor();
  for (int slot = 0; slot < std::max(result.slots, 1); ++slot) {
    Expected<std::unique_ptr<BoundMod>> bound =
        BoundMod::create(mod, signature, modArgs, *sizes);
    if (!bound)
      return fail(bound.error());
    result.mods.push_back(std::move(*bound));
  }
  return result;
}

Expected<void> ParallelMod::forEachRow(
    int64_t B, int64_t Hq,
    const std::function<void(BoundMod &mod, int64_t b, int64_t h, int64_t i)>
        &body) {
  const int64_t Sq = sizes().Sq;
  if (B == 0 || Hq == 0 || Sq == 0 || sizes().Skv == 0)
    return {};
  return runItems(*executor, slots, B * Hq * Sq,
                  [&](int64_t begin, int64_t end, int slot) {
                    for (int64_t row = begin; row < end; ++row) {
                      int64_t b = row / Sq / Hq, h = row / Sq % Hq;
                      mods[slot]->setRow(b, h, row % Sq);
                      body(*mods[slot], b, h, row % Sq);
                    }
                  });
}

//===----------------------------------------------------------------------===//
// Checks
//===----------------------------------------------------------------------===//

/// That `tensor` is [B, Hq, Sq, Skv] of that type, with memory behind it.
static Expected<void> checkScoresTensor(std::string_view name,
                                        const Tensor &tensor, DType dtype,
                                        const RunSizes &sizes) {
  const std::array<int64_t, kMaxRank> shape = {sizes.B, sizes.Hq, sizes.Sq,
                                               sizes.Skv};
  if (Expected<void> ok = checkView(name, tensor); !ok)
    return ok;
  if (tensor.dtype == dtype && tensor.rank == kMaxRank && tensor.shape == shape)
    return {};
  return fail(ErrorKind::InvalidArgument,
              fmt::format("`{}` is {}; it should be {}[{}, {}, {}, {}] ([B, "
                          "Hq, Sq, Skv])",
                          name, tensor.describe(), attnjit::name(dtype),
                          sizes.B, sizes.Hq, sizes.Sq, sizes.Skv));
}

/// That writing `out` changes nothing that is still to be read.
static Expected<void> checkWritable(const Tensor &out, const RunArgs &args) {
  Expected<void> ok = checkDistinctElements("out", out);
  for (const CaptureArg &capture : args.captures)
    if (const auto *buffer = std::get_if<Tensor>(&capture.value); ok && buffer)
      ok = checkApart("out", out, capture.name, *buffer);
  if (ok && args.qOffset.perBatch)
    ok = checkApart("out", out, "q_offset", *args.qOffset.perBatch);
  if (ok && args.kvOffset.perBatch)
    ok = checkApart("out", out, "kv_offset", *args.kvOffset.perBatch);
  return ok;
}

//===----------------------------------------------------------------------===//
// materializeMask
//===----------------------------------------------------------------------===//

static int64_t rowIndex(const Tensor &tensor, int64_t b, int64_t h, int64_t i) {
  return b * tensor.stride[0] + h * tensor.stride[1] + i * tensor.stride[2];
}

static bool usesAny(const Expr &expr, std::initializer_list<Var> vars) {
  return expr && std::any_of(vars.begin(), vars.end(),
                             [&](Var var) { return expr->dependsOn(var); });
}

Expected<void> attnjit::materializeMask(const ModProgram &mod,
                                        const RunArgs &args,
                                        const Tensor &out) {
  Expected<ParallelMod> parallel = ParallelMod::create(mod, args);
  if (!parallel)
    return fail(parallel.error());
  const RunSizes sizes = parallel->sizes();
  if (Expected<void> ok = checkScoresTensor("out", out, DType::Bool, sizes);
      !ok)
    return ok;
  if (Expected<void> ok = checkWritable(out, args); !ok)
    return ok;

  // Rows that differ only in a b or h that the mask does not see are the same:
  // they are evaluated once and written to each.
  const bool sameB = !usesAny(mod.mask(), {Var::B}) && !args.qOffset.perBatch &&
                     !args.kvOffset.perBatch;
  const bool sameH = !usesAny(mod.mask(), {Var::H, Var::KvH});
  const int64_t copiesB = sameB ? sizes.B : 1, copiesH = sameH ? sizes.Hq : 1;
  auto *data = static_cast<uint8_t *>(out.data);
  return parallel->forEachRow(
      sameB ? std::min<int64_t>(sizes.B, 1) : sizes.B,
      sameH ? std::min<int64_t>(sizes.Hq, 1) : sizes.Hq,
      [&](BoundMod &bound, int64_t b, int64_t h, int64_t i) {
        for (int64_t j = 0; j < sizes.Skv; ++j) {
          bound.setKey(j);
          const uint8_t keeps = bound.keeps();
          for (int64_t copyB = b; copyB < b + copiesB; ++copyB)
            for (int64_t copyH = h; copyH < h + copiesH; ++copyH)
              data[rowIndex(out, copyB, copyH, i) + j * out.stride[3]] = keeps;
        }
      });
}

//===----------------------------------------------------------------------===//
// applyScoreMod
//===----------------------------------------------------------------------===//

/// In place is element by element; anything between that and disjoint would
/// read what another row has written.
static Expected<void> checkInPlaceOrApart(const Tensor &scores,
                                          const Tensor &out) {
  if (scores.data == out.data && scores.stride == out.stride)
    return {};
  return checkApart("out", out, "scores", scores);
}

Expected<void> attnjit::applyScoreMod(const ModProgram &mod,
                                      const RunArgs &args, const Tensor &scores,
                                      const Tensor &out) {
  Expected<ParallelMod> parallel = ParallelMod::create(mod, args);
  if (!parallel)
    return fail(parallel.error());
  const RunSizes sizes = parallel->sizes();
  Expected<void> ok = checkScoresTensor("scores", scores, DType::F32, sizes);
  if (ok)
    ok = checkScoresTensor("out", out, DType::F32, sizes);
  if (ok)
    ok = checkWritable(out, args);
  if (ok)
    ok = checkInPlaceOrApart(scores, out);
  if (!ok)
    return ok;

  const auto *from = static_cast<const float *>(scores.data);
  auto *to = static_cast<float *>(out.data);
  return parallel->forEachRow(
      sizes.B, sizes.Hq, [&](BoundMod &bound, int64_t b, int64_t h, int64_t i) {
        const int64_t fromRow = rowIndex(scores, b, h, i);
        const int64_t toRow = rowIndex(out, b, h, i);
        for (int64_t j = 0; j < sizes.Skv; ++j) {
          bound.setKey(j);
          double score = from[fromRow + j * scores.stride[3]];
          to[toRow + j * out.stride[3]] =
              static_cast<float>(bound.score(score));
        }
      });
}
