//===- CudaFixture.h - A fake machine for each test -------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_RUNTIME_CUDA_CUDAFIXTURE_H
#define ATTNJIT_TEST_UNIT_RUNTIME_CUDA_CUDAFIXTURE_H

#include "FakeDriver.h"

#include "attnjit/Runtime/Cuda/Context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace attnjit {

/// The fake machine, new for each test; at its end everything must have been
/// given back, and no rule broken. `Base` is another fixture.
template <typename Base> class OnFakeCuda : public Base {
protected:
  OnFakeCuda() { fake.reset(); }
  ~OnFakeCuda() override {
    EXPECT_THAT(fake.violations, testing::IsEmpty());
    EXPECT_EQ(test::FakeDriver::currentContexts(), 0u);
    if (!fake.lost)
      EXPECT_EQ(fake.liveObjects(), 0);
    fake.reset();
  }

  static cuda::Driver::Ptr driver() {
    auto made = cuda::Driver::create(test::fakeTable());
    EXPECT_TRUE(made) << made.error().message();
    return made.value_or(nullptr);
  }
  static cuda::Context::Ptr context(int device = 0) {
    auto made = cuda::Context::open(driver(), device);
    EXPECT_TRUE(made) << made.error().message();
    return made.value_or(nullptr);
  }

  test::FakeDriver &fake = test::FakeDriver::get();
};

/// The message of what should have failed.
template <typename T> std::string messageOf(const Expected<T> &result) {
  return result ? "no error" : result.error().message();
}
template <typename T> ErrorKind kindOf(const Expected<T> &result) {
  EXPECT_FALSE(result);
  return result ? ErrorKind::Internal : result.error().kind();
}

} // namespace attnjit

#endif // ATTNJIT_TEST_UNIT_RUNTIME_CUDA_CUDAFIXTURE_H
