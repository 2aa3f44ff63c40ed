//===- ContextTest.cpp - Tests of contexts and what they own --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "CudaFixture.h"

#include "attnjit/Runtime/Cuda/Memory.h"
#include "attnjit/Runtime/Cuda/Module.h"
#include "attnjit/Runtime/Cuda/Stream.h"

using namespace attnjit;
using namespace attnjit::cuda;
using testing::HasSubstr;

namespace {
using ContextTest = OnFakeCuda<testing::Test>;
} // namespace

TEST_F(ContextTest, IsHeldUntilItsObjectsAreGone) {
  Context::Ptr held = context();
  auto memory = DeviceMemory::allocate(held, 100, "a test");
  auto stream = Stream::create(held);
  auto start = Event::create(held), end = Event::create(held);
  auto module = Module::load(held, test::fakePtx("f", 8));
  ASSERT_TRUE(memory && stream && start && end && module);
  EXPECT_EQ(memory->address() % 256, 0u);
  EXPECT_EQ(fake.liveObjects(), 6);
  held.reset();
  EXPECT_EQ(fake.countOf("cuDevicePrimaryCtxRelease_v2"), 0);
  ASSERT_TRUE(start->record(stream->handle()));
  ASSERT_TRUE(end->record(stream->handle()));
  ASSERT_TRUE(end->synchronize());
  EXPECT_EQ(Event::elapsedMs(*start, *end).value_or(0), 1);
  EXPECT_TRUE(stream->synchronize());
  // Moved from, it owns nothing: the fixture counts.
  DeviceMemory other = std::move(*memory);
  *memory = std::move(other);
}

TEST_F(ContextTest, TheCallersContextComesBack) {
  fake.devices.resize(2);
  Context::Ptr first = context(0), second = context(1);
  auto callers = CurrentContext::push(*second);
  ASSERT_TRUE(callers);
  ASSERT_TRUE(DeviceMemory::allocate(first, 16, "a test"));
  EXPECT_EQ(test::FakeDriver::currentContexts(), 1u);
}

TEST_F(ContextTest, LackOfMemoryNamesSizeAndDevice) {
  Context::Ptr held = context();
  auto memory = DeviceMemory::allocate(held, int64_t(1) << 40, "`q`");
  EXPECT_EQ(kindOf(memory), ErrorKind::Environment);
  EXPECT_EQ(messageOf(memory),
            "cannot allocate 1099511627776 bytes for `q` on cuda:0 (Fake "
            "H100, sm_90): CUDA_ERROR_OUT_OF_MEMORY (2: the fake's "
            "description)");
  auto none = DeviceMemory::allocate(held, 0, "nothing");
  ASSERT_TRUE(none);
  EXPECT_EQ(none->pointer(), nullptr);
}

TEST_F(ContextTest, KnowsWhereAPointerLies) {
  fake.devices.resize(2);
  Context::Ptr here = context(0), there = context(1);
  auto mine = DeviceMemory::allocate(here, 64, "a test");
  auto others = DeviceMemory::allocate(there, 64, "a test");
  ASSERT_TRUE(mine && others);
  auto current = CurrentContext::push(*here);
  ASSERT_TRUE(current);
  auto *bytes = static_cast<char *>(mine->pointer());
  EXPECT_TRUE(checkOnDevice(*here, "q", bytes));
  EXPECT_TRUE(checkOnDevice(*here, "q", bytes + 63));
  int onStack = 0;
  Expected<void> host = checkOnDevice(*here, "q", &onStack);
  EXPECT_EQ(kindOf(host), ErrorKind::InvalidArgument);
  EXPECT_EQ(messageOf(host), "`q` lies in host memory; it should lie in memory "
                             "of cuda:0 (Fake H100, sm_90)");
  EXPECT_THAT(
      messageOf(checkOnDevice(*here, "k", others->pointer())),
      HasSubstr("`k` lies on cuda:1; it should lie in memory of cuda:0"));
  fake.pin(&onStack, sizeof(onStack));
  EXPECT_THAT(messageOf(checkOnDevice(*here, "v", &onStack)),
              HasSubstr("`v` lies in pinned host memory"));
  fake.failOnce("cuPointerGetAttribute", kIllegalAddress, 1);
  Expected<void> lost = checkOnDevice(*here, "q", bytes);
  EXPECT_EQ(kindOf(lost), ErrorKind::Environment);
  EXPECT_THAT(messageOf(lost), HasSubstr("cannot ask where `q` lies"));
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

TEST_F(ContextTest, AModuleHasFunctions) {
  Context::Ptr held = context();
  auto module = Module::load(held, test::fakePtx("f", 8));
  ASSERT_TRUE(module) << module.error().message();
  auto function = module->function("f", 200 << 10);
  ASSERT_TRUE(function) << function.error().message();
  EXPECT_THAT(messageOf(module->function("g", 0)),
              HasSubstr("cannot prepare `g` on cuda:0 (Fake H100, sm_90): "
                        "CUDA_ERROR_NOT_FOUND"));
  Expected<FunctionHandle> big = module->function("f", 300 << 10);
  EXPECT_EQ(kindOf(big), ErrorKind::Unsupported);
  EXPECT_THAT(messageOf(big), HasSubstr("needs 307200 bytes of shared memory; "
                                        "a block on cuda:0 (Fake H100, sm_90) "
                                        "has at most 232448"));
}

TEST_F(ContextTest, ADriverOlderThanThePtxNamesBothVersions) {
  fake.version = 11040;
  Context::Ptr held = context();
  const std::string ptx = test::fakePtx("f", 8, "8.1");
  EXPECT_THAT(messageOf(Module::load(held, ptx)),
              HasSubstr("the driver supports CUDA 11.4, the kernel is PTX of "
                        "ISA 8.1, which needs a driver of CUDA 12.1 or later"));
}

TEST_F(ContextTest, PtxThatIsRefusedShowsTheLog) {
  Context::Ptr held = context();
  fake.compilerLog = "line 3: no such\n\tinstruction\n";
  auto module = Module::load(held, "no ptx");
  EXPECT_EQ(kindOf(module), ErrorKind::Internal);
  EXPECT_THAT(messageOf(module),
              HasSubstr("CUDA_ERROR_INVALID_PTX (218: the fake's description); "
                        "the driver says: line 3: no such  instruction"));
}

TEST_F(ContextTest, CodeForAnotherGpuIsUnsupported) {
  Context::Ptr held = context();
  auto module = Module::load(held, test::fakePtx("f", 8, "8.7", "sm_120"));
  EXPECT_EQ(kindOf(module), ErrorKind::Unsupported);
  EXPECT_THAT(messageOf(module), HasSubstr("cannot load a kernel on cuda:0"));
}

TEST_F(ContextTest, EachFailedCallIsAnError) {
  Context::Ptr held = context();
  auto stream = Stream::create(held);
  auto event = Event::create(held);
  ASSERT_TRUE(stream && event);
  fake.failOnce("cuStreamCreate", kOutOfMemory);
  EXPECT_THAT(messageOf(Stream::create(held)), HasSubstr("create a stream"));
  fake.failOnce("cuEventCreate", kOutOfMemory);
  EXPECT_THAT(messageOf(Event::create(held)), HasSubstr("create an event"));
  fake.failOnce("cuEventRecord", kLaunchFailed);
  EXPECT_THAT(messageOf(event->record(nullptr)), HasSubstr("record an event"));
  fake.failOnce("cuEventSynchronize", kLaunchFailed);
  EXPECT_THAT(messageOf(event->synchronize()), HasSubstr("is lost"));
  fake.failOnce("cuEventElapsedTime", kLaunchFailed);
  EXPECT_THAT(messageOf(Event::elapsedMs(*event, *event)),
              HasSubstr("the time of two events"));
  fake.failOnce("cuStreamSynchronize", kLaunchFailed);
  EXPECT_THAT(messageOf(stream->synchronize()), HasSubstr("wait for a stream"));
  fake.failOnce("cuCtxSynchronize", kLaunchFailed);
  EXPECT_THAT(messageOf(held->synchronize()), HasSubstr("wait for the GPU"));
  fake.failOnce("cuDevicePrimaryCtxRetain", kOutOfMemory);
  EXPECT_THAT(messageOf(Context::open(driver(), 0)),
              HasSubstr("cannot make a context on cuda:0 (Fake H100, sm_90)"));
}
