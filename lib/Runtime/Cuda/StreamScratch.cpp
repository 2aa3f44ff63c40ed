//===- StreamScratch.cpp - Device memory of a stream's runs ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "StreamScratch.h"

#include <algorithm>

using namespace attnjit;
using namespace attnjit::cuda;

Expected<StreamScratch::Block> StreamScratch::grow(const Block *old,
                                                   StreamHandle stream,
                                                   int64_t words,
                                                   int64_t counters) const {
  CaptureStatus capture = kCaptureNone;
  if (auto ok = context->driver().check(
          context->api().streamIsCapturing(stream, &capture),
          "cannot ask whether a stream is being captured");
      !ok)
    return fail(ok.error());
  if (capture != kCaptureNone)
    return fail(ErrorKind::InvalidArgument,
                "the stream is being captured, and this run needs memory that "
                "no earlier run on it has had; run once before the capture");
  // Doubled, so that what older blocks waste is bounded by the newest.
  if (old) {
    const auto had = [](const DeviceMemory &memory) {
      return memory.sizeBytes() / 4;
    };
    words = std::max(words, 2 * had(old->words));
    counters = std::max(counters, 2 * had(old->arrivals));
  }
  Block block;
  Expected<DeviceMemory> memory = DeviceMemory::allocate(
      context, words * int64_t(sizeof(float)), "partial results and summaries");
  if (!memory)
    return fail(memory.error());
  Expected<DeviceMemory> arrivals = DeviceMemory::allocate(
      context, counters * int64_t(sizeof(uint32_t)), "partial results");
  if (!arrivals)
    return fail(arrivals.error());
  block.words = std::move(*memory);
  block.arrivals = std::move(*arrivals);
  if (counters == 0)
    return block;
  if (auto ok = context->driver().check(
          context->api().memsetD32Async(block.arrivals.address(), 0,
                                        static_cast<size_t>(counters), stream),
          "cannot clear counters");
      !ok)
    return fail(ok.error());
  return block;
}

Expected<const StreamScratch::Block *>
StreamScratch::reserve(StreamHandle stream, int64_t words, int64_t counters) {
  auto number = reinterpret_cast<uintptr_t>(stream);
  Key key = {number == kLegacyStream ? 0 : number, {}};
  if (number == kPerThreadStream)
    key.thread = std::this_thread::get_id();
  std::lock_guard lock(mutex);
  auto &ofStream = blocks[key];
  const Block *newest = ofStream.empty() ? nullptr : ofStream.back().get();
  if (newest && newest->words.sizeBytes() >= words * 4 &&
      newest->arrivals.sizeBytes() >= counters * 4)
    return newest;
  Expected<Block> grown = grow(newest, stream, words, counters);
  if (!grown)
    return fail(grown.error());
  ofStream.push_back(std::make_unique<const Block>(std::move(*grown)));
  return ofStream.back().get();
}
