//===- FakeCall.h - A call of the fake driver in progress -------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the functions of the fake driver share.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_CUDA_FAKECALL_H
#define ATTNJIT_TEST_CUDA_FAKECALL_H

#include "FakeDriver.h"

namespace attnjit::cuda {
// Declared, so that each definition has the type that the library expects.
extern "C" {
#define ATTNJIT_CUDA_FUNCTION(member, symbol, parameters)                      \
  Status symbol parameters;
#include "attnjit/Runtime/Cuda/Driver.def"
}
} // namespace attnjit::cuda

namespace attnjit::test {

// Statuses that the library does not tell apart.
inline constexpr auto kInvalidDevice = cuda::Status(101);
inline constexpr auto kInvalidContext = cuda::Status(201);
inline constexpr auto kInvalidHandle = cuda::Status(400);
inline constexpr auto kCaptureUnsupported = cuda::Status(900);

enum class Needs { Nothing, Context };

/// A call in progress: records it, and decides whether it fails at once.
class FakeCall {
public:
  explicit FakeCall(const char *symbol, Needs needs = Needs::Context);
  ~FakeCall();

  /// The device whose context is current.
  int device() const;
  bool refuseInCapture(const char *what);
  bool isStream(cuda::StreamHandle stream) const;
  void enqueue(cuda::StreamHandle stream, FakeDriver::Work work);

  FakeDriver &fake;
  cuda::Status status = cuda::kSuccess;

private:
  std::lock_guard<std::recursive_mutex> lock;
  int64_t before;
};

inline uintptr_t numberOf(const void *handle) {
  return reinterpret_cast<uintptr_t>(handle);
}

} // namespace attnjit::test

#endif // ATTNJIT_TEST_CUDA_FAKECALL_H
