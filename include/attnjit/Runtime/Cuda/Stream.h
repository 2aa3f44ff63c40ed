//===- Stream.h - Order and time of a GPU's work ----------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A stream is a queue of work; an event marks a place in it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_CUDA_STREAM_H
#define ATTNJIT_RUNTIME_CUDA_STREAM_H

#include "attnjit/Runtime/Cuda/Context.h"

namespace attnjit::cuda {

class Stream {
public:
  /// One that does not wait for the default stream.
  static Expected<Stream> create(Context::Ptr context);

  StreamHandle handle() const { return stream.get(); }

  /// Waits for its work. Shows the error of work that has failed.
  Expected<void> synchronize() const;

private:
  Owned<StreamHandle, &DriverTable::streamDestroy> stream;
};

class Event {
public:
  static Expected<Event> create(Context::Ptr context);

  /// Marks what has been given to `stream` up to now.
  Expected<void> record(StreamHandle stream) const;
  /// Waits until the mark is passed.
  Expected<void> synchronize() const;
  /// Milliseconds between two marks that have been passed.
  static Expected<float> elapsedMs(const Event &start, const Event &end);

private:
  Owned<EventHandle, &DriverTable::eventDestroy> event;
};

} // namespace attnjit::cuda

#endif // ATTNJIT_RUNTIME_CUDA_STREAM_H
