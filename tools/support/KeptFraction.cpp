//===- KeptFraction.cpp - How much of a problem is work -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/KeptFraction.h"

#include "support/Random.h"

#include "attnjit/Expr/Interpreter.h"
#include "attnjit/Reference/RunBindings.h"
#include "attnjit/Reference/Signature.h"

#include <algorithm>
#include <optional>
#include <vector>

using namespace attnjit;
using namespace attnjit::tool;

/// About a second of the Interpreter.
static constexpr int64_t kMaxPairs = 16'000'000;

namespace {

/// The mask of one run, evaluated pair by pair.
class PairCounter {
public:
  PairCounter(const KernelSignature &signature, const RunArgs &args,
              const RunSizes &sizes)
      : run(signature, args, sizes) {}
  Expected<void> prepare(const ModProgram &mod);

  /// Keys that row `i` of head `h` of batch entry `b` keeps.
  int64_t countRow(int64_t b, int64_t h, int64_t i);

private:
  RunBindings run;
  std::optional<Interpreter> mask;
};

} // namespace

Expected<void> PairCounter::prepare(const ModProgram &mod) {
  if (!mod.mask())
    return {};
  Expected<Interpreter> interpreter = Interpreter::create(
      {&mod.mask(), 1}, mod.params(), mod.buffers(), Interpreter::Mode::F32);
  if (!interpreter)
    return fail(interpreter.error());
  mask = std::move(*interpreter);
  return {};
}

int64_t PairCounter::countRow(int64_t b, int64_t h, int64_t i) {
  run.setHead(b, h);
  run.setRow(i);
  const AttnJitTensor &tensor = run.abi().mask;
  const auto *maskRow = static_cast<const uint8_t *>(tensor.data);
  if (maskRow)
    maskRow +=
        b * tensor.stride[0] + h * tensor.stride[1] + i * tensor.stride[2];
  int64_t kept = 0;
  for (int64_t j = 0; j < run.sizes().Skv; ++j) {
    run.setKey(j);
    const bool byMod =
        !mask || (j == 0 ? mask->evaluate(run.values())
                         : mask->evaluateNextKey(run.values()))[0]
                         .i != 0;
    kept += byMod && (!maskRow || maskRow[j * tensor.stride[3]] != 0);
  }
  return kept;
}

/// Whether every head of every batch entry keeps the same pairs.
static bool sameForAllHeads(const ModProgram &mod, const RunArgs &args) {
  if (args.mask || args.qOffset.perBatch || args.kvOffset.perBatch)
    return false;
  return !mod.mask() ||
         !(mod.mask()->dependsOn(Var::B) || mod.mask()->dependsOn(Var::H) ||
           mod.mask()->dependsOn(Var::KvH));
}

Expected<KeptFraction> tool::countKept(const ModProgram &mod,
                                       const AttentionSpec &spec,
                                       const RunArgs &args) {
  const KernelSignature signature = signatureOf(mod, spec);
  Expected<RunSizes> sizes = checkRunArgs(signature, args);
  if (!sizes)
    return fail(sizes.error());
  KeptFraction kept;
  kept.rowsTotal = sizes->B * sizes->Hq * sizes->Sq;
  if ((!mod.mask() && !args.mask) || kept.rowsTotal == 0 || sizes->Skv == 0) {
    kept.rowsCounted = kept.rowsTotal;
    return kept;
  }
  PairCounter counter(signature, args, *sizes);
  if (Expected<void> ok = counter.prepare(mod); !ok)
    return fail(ok.error());

  const bool oneHead = sameForAllHeads(mod, args);
  const int64_t rows = oneHead ? sizes->Sq : kept.rowsTotal;
  const int64_t sample = std::clamp<int64_t>(kMaxPairs / sizes->Skv, 1, rows);
  Random random(1, "rows");
  int64_t pairs = 0;
  for (int64_t s = 0; s < sample; ++s) {
    // One row of each of `sample` equal stretches.
    const int64_t begin = rows * s / sample, end = rows * (s + 1) / sample;
    const int64_t row = random.integer(begin, end - 1);
    const int64_t head = row / sizes->Sq;
    pairs +=
        counter.countRow(head / sizes->Hq, head % sizes->Hq, row % sizes->Sq);
  }
  kept.fraction = double(pairs) / (double(sample) * double(sizes->Skv));
  kept.rowsCounted = sample == rows ? kept.rowsTotal : sample;
  return kept;
}
