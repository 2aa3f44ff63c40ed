//===- Stream.cpp - Order and time of a GPU's work ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Cuda/Stream.h"

using namespace attnjit;
using namespace attnjit::cuda;

/// Calls the driver with `context` current.
template <typename Call>
static Expected<void> in(const Context &context, std::string_view doing,
                         Call &&call) {
  Expected<CurrentContext> current = CurrentContext::push(context);
  if (!current)
    return fail(current.error());
  return context.driver().check(call(context.api()), doing);
}

Expected<Stream> Stream::create(Context::Ptr context) {
  StreamHandle handle = nullptr;
  if (auto ok = in(*context, "cannot create a stream",
                   [&](const DriverTable &api) {
                     return api.streamCreate(&handle, kStreamNonBlocking);
                   });
      !ok)
    return fail(ok.error());
  Stream result;
  result.stream = {std::move(context), handle};
  return result;
}

Expected<void> Stream::synchronize() const {
  return in(*stream.owner(), "cannot wait for a stream",
            [&](const DriverTable &api) {
              return api.streamSynchronize(stream.get());
            });
}

Expected<Event> Event::create(Context::Ptr context) {
  EventHandle handle = nullptr;
  if (auto ok = in(
          *context, "cannot create an event",
          [&](const DriverTable &api) { return api.eventCreate(&handle, 0); });
      !ok)
    return fail(ok.error());
  Event result;
  result.event = {std::move(context), handle};
  return result;
}

Expected<void> Event::record(StreamHandle stream) const {
  return in(*event.owner(), "cannot record an event",
            [&](const DriverTable &api) {
              return api.eventRecord(event.get(), stream);
            });
}

Expected<void> Event::synchronize() const {
  return in(*event.owner(), "cannot wait for an event",
            [&](const DriverTable &api) {
              return api.eventSynchronize(event.get());
            });
}

Expected<float> Event::elapsedMs(const Event &start, const Event &end) {
  float ms = 0;
  if (auto ok = in(*start.event.owner(), "cannot take the time of two events",
                   [&](const DriverTable &api) {
                     return api.eventElapsedTime(&ms, start.event.get(),
                                                 end.event.get());
                   });
      !ok)
    return fail(ok.error());
  return ms;
}
