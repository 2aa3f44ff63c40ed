//===- KeptFraction.cpp - How much of a problem is work -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/KeptFraction.h"

#include "support/Random.h"

#include "attnjit/Expr/Interpreter.h"
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
  static Expected<PairCounter> create(const ModProgram &mod,
                                      const KernelSignature &signature,
                                      const RunArgs &args,
                                      const RunSizes &sizes);

  /// Keys that row `i` of head `h` of batch entry `b` keeps.
  int64_t countRow(int64_t b, int64_t h, int64_t i);

private:
  PairCounter(const RunSizes &sizes) : sizes(sizes) {}
  void bind(const KernelSignature &signature);

  RunSizes sizes;
  AttnJitKernelArgs args = {};
  std::vector<uint64_t> paramSlots;
  std::vector<AttnJitBuffer> bufferSlots;
  std::vector<Scalar> params;
  std::vector<BufferView> buffers;
  Bindings bindings;
  std::optional<Interpreter> mask;
};

} // namespace

Expected<PairCounter> PairCounter::create(const ModProgram &mod,
                                          const KernelSignature &signature,
                                          const RunArgs &args,
                                          const RunSizes &sizes) {
  PairCounter counter(sizes);
  fillKernelArgs(signature, args, sizes, counter.args, counter.paramSlots,
                 counter.bufferSlots);
  counter.bind(signature);
  if (!mod.mask())
    return counter;
  Expected<Interpreter> mask = Interpreter::create(
      {&mod.mask(), 1}, mod.params(), mod.buffers(), Interpreter::Mode::F32);
  if (!mask)
    return fail(mask.error());
  counter.mask.emplace(std::move(*mask));
  return counter;
}

void PairCounter::bind(const KernelSignature &signature) {
  for (const ParamDecl &decl : signature.params)
    params.push_back({decl.type, 0});
  for (size_t slot = 0; slot < paramSlots.size(); ++slot)
    params[static_cast<size_t>(signature.paramSource[slot])].bits =
        paramSlots[slot];
  buffers.resize(signature.buffers.size());
  for (size_t slot = 0; slot < bufferSlots.size(); ++slot) {
    const auto source = static_cast<size_t>(signature.bufferSource[slot]);
    const BufferDecl &decl = signature.buffers[source];
    BufferView &view = buffers[source];
    view.data = bufferSlots[slot].data;
    view.element = decl.element;
    view.rank = static_cast<int>(decl.dims.size());
    std::ranges::copy(bufferSlots[slot].size, view.size.begin());
    std::ranges::copy(bufferSlots[slot].stride, view.stride.begin());
  }
  bindings.params = params;
  bindings.buffers = buffers;
  for (auto [size, value] : {std::pair{Size::B, sizes.B},
                             {Size::Hq, sizes.Hq},
                             {Size::Hkv, sizes.Hkv},
                             {Size::Sq, sizes.Sq},
                             {Size::Skv, sizes.Skv},
                             {Size::D, sizes.D},
                             {Size::BGlobal, args.B_global},
                             {Size::HqGlobal, args.Hq_global}})
    bindings[size] = static_cast<int32_t>(value);
}

int64_t PairCounter::countRow(int64_t b, int64_t h, int64_t i) {
  auto offset = [b](const AttnJitPerBatch &values) {
    return values.data ? values.data[b * values.stride] : 0;
  };
  const int32_t kvOffset = offset(args.kv_offset);
  bindings[Var::B] = static_cast<int32_t>(b + args.b_offset);
  bindings[Var::H] = static_cast<int32_t>(h + args.h_offset);
  bindings[Var::Q] = static_cast<int32_t>(i) + offset(args.q_offset);
  bindings[Var::QLocal] = static_cast<int32_t>(i);
  bindings[Var::KvH] = static_cast<int32_t>(h / (sizes.Hq / sizes.Hkv));
  const AttnJitTensor &tensor = args.mask;
  const auto *maskRow = static_cast<const uint8_t *>(tensor.data);
  if (maskRow)
    maskRow +=
        b * tensor.stride[0] + h * tensor.stride[1] + i * tensor.stride[2];
  int64_t kept = 0;
  for (int64_t j = 0; j < sizes.Skv; ++j) {
    bindings[Var::Kv] = static_cast<int32_t>(j) + kvOffset;
    bindings[Var::KvLocal] = static_cast<int32_t>(j);
    const bool byMod = !mask || (j == 0 ? mask->evaluate(bindings)
                                        : mask->evaluateNextKey(bindings))[0]
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
  Expected<PairCounter> counter =
      PairCounter::create(mod, signature, args, *sizes);
  if (!counter)
    return fail(counter.error());

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
        counter->countRow(head / sizes->Hq, head % sizes->Hq, row % sizes->Sq);
  }
  kept.fraction = double(pairs) / (double(sample) * double(sizes->Skv));
  kept.rowsCounted = sample == rows ? kept.rowsTotal : sample;
  return kept;
}
