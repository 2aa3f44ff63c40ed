//===- Kernel.h - A compiled kernel and how to run it ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What Engine::compile gives: code, and what is needed to check arguments and
// call it. A Kernel keeps its code alive; it may outlive the Engine.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_KERNEL_H
#define ATTNJIT_RUNTIME_KERNEL_H

#include "attnjit/ABI/Entry.h"
#include "attnjit/ABI/KernelArgs.h"
#include "attnjit/Runtime/Executor.h"
#include "attnjit/Runtime/Tensor.h"
#include "attnjit/Support/Capture.h"
#include "attnjit/Support/Error.h"

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace attnjit {

/// A captured value for one run: a scalar for a param, a tensor for a buffer.
struct CaptureArg {
  std::string_view name;
  std::variant<Scalar, Tensor> value;
  /// Of a tensor: a promise that its contents are those that an earlier run of
  /// the Kernel saw at the same address, shape and strides under the same
  /// version, so that what was computed of them then serves again. 0: no
  /// promise. A broken one makes wrong results, never a wrong read.
  uint64_t version = 0;
};

/// Offsets added to the positions of queries or keys.
struct OffsetArg {
  int32_t scalar = 0;             ///< the same for every batch entry
  std::optional<Tensor> perBatch; ///< i32[B]; replaces the scalar
};

/// Post-softmax dropout (Philox4x32-10). The pattern depends on the three
/// values and the global position alone.
struct DropoutArg {
  double rate = 0; ///< in [0, 1)
  uint64_t seed = 0;
  uint64_t offset = 0;
};

/// Arguments of one run. Shapes as docs/semantics: any strides on all axes but
/// the last, which is contiguous.
struct RunArgs {
  Tensor q;                   ///< [B, Hq, Sq, D]
  Tensor k;                   ///< [B, Hkv, Skv, D]
  Tensor v;                   ///< [B, Hkv, Skv, Dv]
  Tensor out;                 ///< [B, Hq, Sq, Dv]; must not overlap an input
  std::optional<Tensor> lse;  ///< f32 [B, Hq, Sq]
  std::optional<Tensor> mask; ///< bool, broadcastable to [B, Hq, Sq, Skv]
  std::vector<CaptureArg> captures;
  std::optional<float> scale; ///< 1/sqrt(D) unless given
  OffsetArg qOffset, kvOffset;
  std::optional<DropoutArg> dropout;
  bool deterministic = false; ///< true: `dropout` is ignored
  /// Compares what runs share of captured buffers with the buffers as they are:
  /// a false `version` is an InvalidArgument.
  bool checkVersions = false;
  /// Where given, nothing is computed: it gets, by work item, how many strips
  /// of queries by blocks of keys the item would compute, which takes the time
  /// of the decisions about them. 1 each where the mod has no mask. Of no
  /// effect on a GPU.
  std::vector<uint32_t> *costs = nullptr;
  /// Who runs the work items; null: the executor of the engine. Of no effect on
  /// a GPU.
  Executor *executor = nullptr;
  /// A GPU's kernel: the stream (CUstream, cudaStream_t) that it is launched
  /// on; null: the default one. The run returns before the work is done, and
  /// the tensors must stay until it is. Of no effect on the CPU.
  void *stream = nullptr;
};

/// What the argument checks and the call need to know about compiled code.
/// Filled in by the Engine.
struct KernelSignature {
  /// Tensors of a run lie in a GPU's memory, which the argument checks do not
  /// read: what per-batch offsets are is for the kernel alone to see.
  bool deviceMemory = false;
  int64_t D = 0, Dv = 0;
  DType dtype = DType::F32;
  bool maskTensor = false;
  bool dropout = false;
  /// False for `normalize = none`: rows have no lse to ask for.
  bool softmax = true;
  /// No other entry point can compute the mod.
  bool prefillOnly = false;
  /// Queries that the prefill entry point computes together, at the cost of
  /// all of them where there are fewer.
  int64_t strip = 1;

  /// Captures of the mod as its author declared them (names, defaults), by
  /// ordinal of the mod. Declared but unused ones may be left out of a run.
  std::vector<ParamDecl> params;
  std::vector<BufferDecl> buffers;
  /// For each slot of the compiled code, the ordinal in the lists above.
  std::vector<int> paramSource;
  std::vector<int> bufferSource;
  /// Per buffer of the mod and axis: subscripted by exactly `q` or `kv`
  /// (global positions). For the check of local dimensions under an offset;
  /// may be shorter than `buffers`.
  struct AxisUse {
    bool byQ = false, byKv = false;
  };
  std::vector<std::array<AxisUse, kMaxBufferRank>> bufferAxisUse;
  /// The code has one more slot after `paramSource`, a bool: whether all scores
  /// of the run are certainly finite. A false one costs time alone.
  bool asksForFiniteScores = false;
  /// Axes of captured buffers along which the code asks for extremes, each
  /// once; the slot is an index of `bufferSource`.
  struct RangeUse {
    int slot, axis;
    bool operator==(const RangeUse &) const = default;
  };
  std::vector<RangeUse> ranges;
};

class Launcher;

/// Code of one entry point, and what a run must know of it.
struct EntryPoint {
  /// Runs the code and keeps it alive. See Launcher.h.
  std::shared_ptr<const Launcher> launcher;
  /// Rows of one work item: queries of a head (prefill), (query head, query)
  /// pairs of a key head (decode).
  int64_t blockRows = 1;
  /// Decode: floats of one row of a partial `out`.
  int64_t partialWidth = 0;
  /// Decode: work items that a run is split into where its keys allow. Four for
  /// each of 64 threads, so that the last ones to finish cost little.
  int64_t wantedItems = 256;
};

/// Gives the code of an entry point, compiling it where need be. Thread-safe.
using EntrySource = std::function<Expected<EntryPoint>(Entry)>;

/// Compiled code. Cheap to copy. Any number of threads may run one Kernel.
class Kernel {
public:
  /// Made by the Engine. `source` is asked once for each entry point.
  Kernel(KernelSignature signature, EntrySource source,
         std::shared_ptr<Executor> executor);

  /// Checks every argument, then computes `out` (and `lse`) with the entry
  /// point that `chooseEntry` names, which is compiled if no run or `prepare`
  /// has needed it before. Errors of kind InvalidArgument name the argument,
  /// what it is and what it should be, and Environment is a lack of memory:
  /// nothing has been written then. Internal: the kernel or the caller's
  /// executor broke its contract.
  ///
  /// On a GPU the work is done in the order of the stream; an error that it
  /// meets is given by a later call, as Environment with the driver's name for
  /// it. Once an entry point has run on a stream with as many work items, a run
  /// there neither allocates nor waits, so it can be captured in a graph.
  Expected<void> run(const RunArgs &args) const;

  /// Makes an entry point ready, so that no run waits for its compilation.
  Expected<void> prepare(Entry entry) const;
  bool isReady(Entry entry) const;

  const KernelSignature &signature() const;

private:
  struct Impl;
  std::shared_ptr<const Impl> impl;
};

/// The sizes of a run, after `checkRunArgs` has found them consistent.
struct RunSizes {
  int64_t B, Hq, Hkv, Sq, Skv, D, Dv;
};

/// The checks of Kernel::run alone: shapes, dtypes, strides, nulls, overlap,
/// captures, offsets, positions below 2^31. Reads offset arrays in host memory,
/// nothing else.
/// Allocates only to word an Error.
Expected<RunSizes> checkRunArgs(const KernelSignature &signature,
                                const RunArgs &args);

/// For uses of a mod that read no q, k, v and write no out (a mask made into a
/// tensor): checks shapes and types of q, k and v, whose data may be null, and
/// captures and offsets as above. out, lse, mask tensor and dropout are
/// ignored.
Expected<RunSizes> checkModArgs(const KernelSignature &signature,
                                const RunArgs &args);

/// The entry point that computes a run of these sizes fastest, of those that
/// can. docs/architecture.md has the table and its reasons.
Entry chooseEntry(const KernelSignature &signature, const RunSizes &sizes);

/// Fills the ABI struct for checked arguments (workspace and work range left
/// empty). `params` and `buffers` are filled by slot and referred to, as is
/// `args`.
void fillKernelArgs(const KernelSignature &signature, const RunArgs &args,
                    const RunSizes &sizes, AttnJitKernelArgs &out,
                    std::vector<uint64_t> &params,
                    std::vector<AttnJitBuffer> &buffers);

} // namespace attnjit

#endif // ATTNJIT_RUNTIME_KERNEL_H
