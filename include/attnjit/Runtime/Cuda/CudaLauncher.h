//===- CudaLauncher.h - Running an entry point on a GPU ---------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the code of an entry point for a GPU; gives what launches it, one block
// of threads for each work item, on the stream of a run, behind the kernel that
// summarises the buffers by which it skips keys.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_CUDA_CUDALAUNCHER_H
#define ATTNJIT_RUNTIME_CUDA_CUDALAUNCHER_H

#include "attnjit/Runtime/Cuda/Context.h"
#include "attnjit/Runtime/Launcher.h"

#include <string>

namespace attnjit::cuda {

/// What must be known of an entry point's code to launch it.
struct CudaEntry {
  std::string symbol;
  int threads = 0;         ///< of a block
  int64_t sharedBytes = 0; ///< dynamic shared memory of a block
  size_t bufferSlots = 0;  ///< captured values that the code takes
  size_t paramSlots = 0;
  /// Rows of the table of summaries; where there are any, the code has the
  /// kernel of ABI/SummarizeArgs.h, too.
  size_t summaryRows = 0;
};

/// Runs are asynchronous; each of them checks that its tensors lie on the
/// device. Partial results of split rows and summaries of buffers lie in
/// scratch memory of the launcher, one for each stream: runs of different
/// streams never share it. Summaries are made for each run, versions or not.
class CudaLauncher : public Launcher {
public:
  /// Loads `image`, a cubin or PTX. Errors as Module::load; Internal where the
  /// code is not of the runtime's ABI.
  static Expected<std::shared_ptr<const CudaLauncher>>
  create(Context::Ptr context, const std::string &image, CudaEntry entry);

  /// Blocks that the device works on at the same time, at least 1.
  virtual int64_t residentBlocks() const = 0;
};

} // namespace attnjit::cuda

#endif // ATTNJIT_RUNTIME_CUDA_CUDALAUNCHER_H
