//===- Driver.cpp - The CUDA driver, opened at run time -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Runtime/Cuda/Driver.h"

#include <fmt/format.h>

#include <dlfcn.h>

#include <algorithm>
#include <array>

using namespace attnjit;
using namespace attnjit::cuda;

std::string CudaVersion::text() const {
  return fmt::format("{}.{}", major, minor);
}

std::string DeviceInfo::sm() const {
  return fmt::format("sm_{}{}", major, minor);
}

std::string DeviceInfo::describe() const {
  return fmt::format("cuda:{} ({}, {})", index, name, sm());
}

//===----------------------------------------------------------------------===//
// Opening
//===----------------------------------------------------------------------===//

const Expected<Driver::Ptr> &Driver::system() {
  static const Expected<Ptr> driver = open("libcuda.so.1");
  return driver;
}

static tl::unexpected<Error> noDriver(std::string_view why) {
  return fail(ErrorKind::Environment, fmt::format("no CUDA driver: {}", why));
}

Expected<Driver::Ptr> Driver::open(const std::string &library) {
  // Never closed: the driver's threads and exit handlers live in it.
  void *handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    const char *why = ::dlerror();
    return noDriver(why ? why : "the dynamic linker does not say why");
  }
  DriverTable table;
  const char *missing = nullptr;
  auto find = [&](auto &member, const char *symbol, bool optional) {
    void *address = ::dlsym(handle, symbol);
    member =
        reinterpret_cast<std::remove_reference_t<decltype(member)>>(address);
    if (!address && !optional && !missing)
      missing = symbol;
  };
#define ATTNJIT_CUDA_FUNCTION(member, symbol, parameters)                      \
  find(table.member, #symbol, false);
#define ATTNJIT_CUDA_OPTIONAL(member, symbol, parameters)                      \
  find(table.member, #symbol, true);
#include "attnjit/Runtime/Cuda/Driver.def"
  if (missing)
    return noDriver(fmt::format("`{}` has no `{}`; kernels need a driver of "
                                "CUDA 11.0 or later",
                                library, missing));
  return create(table);
}

Expected<Driver::Ptr> Driver::create(const DriverTable &table) {
  auto driver = std::make_shared<Driver>(table);
  int version = 0;
  if (auto ok = driver->check(table.driverGetVersion(&version),
                              "cannot ask the CUDA driver for its version");
      !ok)
    return fail(ok.error());
  driver->cudaVersion = {version / 1000, version % 1000 / 10};
  const Status status = table.init(0);
  // That is how a machine without a GPU says it.
  driver->anyDevice = status != kNoDevice;
  if (driver->anyDevice)
    if (auto ok = driver->check(
            status, fmt::format("cannot initialise the CUDA driver (CUDA {})",
                                driver->cudaVersion.text()));
        !ok)
      return fail(ok.error());
  return Ptr(std::move(driver));
}

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

Expected<int> Driver::deviceCount() const {
  int count = 0;
  if (!anyDevice)
    return count;
  if (auto ok = check(table.deviceGetCount(&count), "cannot count the GPUs");
      !ok)
    return fail(ok.error());
  return count;
}

Expected<DeviceInfo> Driver::device(int index) const {
  Expected<int> count = deviceCount();
  if (!count)
    return fail(count.error());
  if (*count == 0)
    return fail(ErrorKind::Environment,
                fmt::format("no GPU: the CUDA driver (CUDA {}) finds no device",
                            cudaVersion.text()));
  if (index < 0 || index >= *count)
    return fail(ErrorKind::InvalidArgument,
                fmt::format("no GPU `cuda:{}`; this machine has {}: `cuda:0` "
                            "to `cuda:{}`",
                            index, *count, *count - 1));
  DeviceInfo info;
  info.index = index;
  DeviceHandle device = 0;
  std::array<char, 256> name = {};
  size_t memory = 0;
  int shared = 0;
  Status status = table.deviceGet(&device, index);
  auto then = [&](auto &&ask) {
    if (status == kSuccess)
      status = ask();
  };
  auto attribute = [&](int &value, DeviceAttribute which) {
    then([&] { return table.deviceGetAttribute(&value, which, device); });
  };
  // One less than there is room for: the driver need not end a long name.
  then([&] {
    return table.deviceGetName(name.data(), static_cast<int>(name.size()) - 1,
                               device);
  });
  then([&] { return table.deviceTotalMem(&memory, device); });
  attribute(info.major, kComputeCapabilityMajor);
  attribute(info.minor, kComputeCapabilityMinor);
  attribute(info.multiprocessors, kMultiprocessorCount);
  attribute(shared, kMaxSharedMemoryPerBlockOptin);
  if (auto ok = check(status, fmt::format("cannot ask what cuda:{} is", index));
      !ok)
    return fail(ok.error());
  info.name = name.data();
  info.memoryBytes = static_cast<int64_t>(memory);
  info.sharedBytesPerBlock = shared;
  return info;
}

//===----------------------------------------------------------------------===//
// Errors
//===----------------------------------------------------------------------===//

bool cuda::losesContext(Status status) {
  switch (status) {
  case kEccUncorrectable:
  case kIllegalAddress:
  case kLaunchTimeout:
  case kContextIsDestroyed:
  case kAssert:
  case kHardwareStackError:
  case kIllegalInstruction:
  case kMisalignedAddress:
  case kInvalidAddressSpace:
  case kInvalidPc:
  case kLaunchFailed:
    return true;
  default:
    return false;
  }
}

Error Driver::toError(Status status, std::string_view doing) const {
  const char *name = nullptr, *text = nullptr;
  // Both fail for a status that is newer than what they know.
  if (table.getErrorName(status, &name) != kSuccess || !name)
    name = "an error without a name";
  if (table.getErrorString(status, &text) != kSuccess || !text)
    text = "the driver has no description";
  std::string message = fmt::format("{}: {} ({}: {})", doing, name,
                                    static_cast<int>(status), text);
  if (losesContext(status))
    message += "; work that was started earlier has failed or fails now, and "
               "the GPU's context in this process is lost";
  return Error(ErrorKind::Environment, std::move(message));
}

CudaVersion cuda::cudaOfPtxIsa(int major, int minor) {
  if (major < 7)
    return {10, 2};
  // "Release notes" of the PTX ISA manual.
  if (major == 7)
    return {11, std::min(minor, 8)};
  if (major == 8 && minor <= 5)
    return {12, minor};
  // ISA 8.6 came with CUDA 12.7, 8.7 with 12.8, 8.8 with 12.9.
  if (major == 8)
    return {12, std::min(minor + 1, 9)};
  return {13, major == 9 ? minor : 0};
}
