//===- StreamScratch.h - Device memory of a stream's runs -------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the splits of a run leave their partial results, and the summaries of
// its buffers are. Runs on one stream
// come one after the other and share it; runs on two streams may overlap and
// never do. A run that needs no more than an earlier one on its stream gets
// what is there. Private to lib/Runtime.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_RUNTIME_CUDA_STREAMSCRATCH_H
#define ATTNJIT_LIB_RUNTIME_CUDA_STREAMSCRATCH_H

#include "attnjit/Runtime/Cuda/Memory.h"

#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

namespace attnjit::cuda {

/// Thread-safe.
class StreamScratch {
public:
  explicit StreamScratch(Context::Ptr context) : context(std::move(context)) {}

  /// Of one stream. The counters are zero when a run begins: the first memory
  /// is cleared, and every run leaves zeros behind.
  struct Block {
    DeviceMemory words, arrivals;
  };

  /// Room for so many words of four bytes and counters. The context is current.
  /// An Error where memory is needed and there is none, or `stream` is being
  /// captured.
  Expected<const Block *> reserve(StreamHandle stream, int64_t words,
                                  int64_t counters);

private:
  struct Key {
    uintptr_t stream;
    /// Of the per-thread default stream, which is another for each thread.
    std::thread::id thread;
    bool operator==(const Key &) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key &key) const {
      return std::hash<uintptr_t>()(key.stream) * 31 +
             std::hash<std::thread::id>()(key.thread);
    }
  };
  Expected<Block> grow(const Block *old, StreamHandle stream, int64_t words,
                       int64_t counters) const;

  Context::Ptr context;
  std::mutex mutex;
  /// The newest block of each stream is its last. Older ones stay: work in
  /// flight and captured graphs refer to them.
  std::unordered_map<Key, std::vector<std::unique_ptr<const Block>>, KeyHash>
      blocks;
};

} // namespace attnjit::cuda

#endif // ATTNJIT_LIB_RUNTIME_CUDA_STREAMSCRATCH_H
