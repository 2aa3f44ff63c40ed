//===- FakeCalls.cpp - The functions of the fake driver -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One function a symbol of Driver.def, as strict as the driver's manual allows;
// those of memory are in FakeMemoryCalls.cpp.
//
//===----------------------------------------------------------------------===//

#include "FakeCall.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace attnjit;
using namespace attnjit::cuda;
using namespace attnjit::test;

/// The contexts of this thread, by device, the current one last.
static thread_local std::vector<int> contextStack;

size_t FakeDriver::currentContexts() { return contextStack.size(); }

FakeCall::FakeCall(const char *symbol, Needs needs)
    : fake(FakeDriver::get()), lock(fake.mutex),
      before(fake.allocated ? fake.allocated() : 0) {
  fake.calls.emplace_back(symbol);
  if (auto planned = fake.failures.find(symbol);
      planned != fake.failures.end()) {
    auto &list = planned->second;
    for (auto failure = list.begin(); failure != list.end(); ++failure)
      if (failure->skip-- == 0) {
        status = failure->status;
        list.erase(failure);
        return;
      }
  }
  if (needs == Needs::Nothing)
    return;
  if (contextStack.empty())
    status = kInvalidContext;
  else if (fake.lost)
    status = *fake.lost;
}

FakeCall::~FakeCall() {
  if (fake.allocated)
    fake.allocatedInside += fake.allocated() - before;
}

int FakeCall::device() const { return contextStack.back(); }

bool FakeCall::refuseInCapture(const char *what) {
  if (fake.capturing.empty())
    return false;
  fake.violation(std::string(what) + " during a capture");
  return true;
}

bool FakeCall::isStream(StreamHandle stream) const {
  auto number = reinterpret_cast<uintptr_t>(stream);
  auto known = fake.streams.find(number);
  return number <= kPerThreadStream ||
         (known != fake.streams.end() && known->second == device());
}

void FakeCall::enqueue(StreamHandle stream, FakeDriver::Work work) {
  fake.queues[reinterpret_cast<uintptr_t>(stream)].push_back(std::move(work));
}

template <typename Handle> static Handle asHandle(uintptr_t number) {
  return reinterpret_cast<Handle>(number);
}
/// The handle of a device's primary context.
static ContextHandle contextOf(int device) {
  return asHandle<ContextHandle>(0x100 + 16 * uintptr_t(device));
}

//===----------------------------------------------------------------------===//
// The driver and its errors
//===----------------------------------------------------------------------===//

extern "C" {

Status cuInit(unsigned flags) {
  FakeCall call("cuInit", Needs::Nothing);
  if (call.status)
    return call.status;
  if (flags != 0)
    return kInvalidValue;
  return call.fake.devices.empty() ? kNoDevice : kSuccess;
}

Status cuDriverGetVersion(int *version) {
  FakeCall call("cuDriverGetVersion", Needs::Nothing);
  *version = call.fake.version;
  return call.status;
}

Status cuGetErrorName(Status status, const char **name) {
  switch (status) {
  case kInvalidValue:
    *name = "CUDA_ERROR_INVALID_VALUE";
    return kSuccess;
  case kOutOfMemory:
    *name = "CUDA_ERROR_OUT_OF_MEMORY";
    return kSuccess;
  case kInvalidPtx:
    *name = "CUDA_ERROR_INVALID_PTX";
    return kSuccess;
  case kUnsupportedPtxVersion:
    *name = "CUDA_ERROR_UNSUPPORTED_PTX_VERSION";
    return kSuccess;
  case kNoBinaryForGpu:
    *name = "CUDA_ERROR_NO_BINARY_FOR_GPU";
    return kSuccess;
  case kNotFound:
    *name = "CUDA_ERROR_NOT_FOUND";
    return kSuccess;
  case kIllegalAddress:
    *name = "CUDA_ERROR_ILLEGAL_ADDRESS";
    return kSuccess;
  default:
    *name = nullptr; // as for a status that the driver does not know
    return kInvalidValue;
  }
}

Status cuGetErrorString(Status status, const char **text) {
  if (Status known = cuGetErrorName(status, text); known != kSuccess)
    return known;
  *text = "the fake's description";
  return kSuccess;
}

//===----------------------------------------------------------------------===//
// Devices and contexts
//===----------------------------------------------------------------------===//

static bool isDevice(int device) {
  const auto &devices = FakeDriver::get().devices;
  return device >= 0 && device < static_cast<int>(devices.size());
}

Status cuDeviceGetCount(int *count) {
  FakeCall call("cuDeviceGetCount", Needs::Nothing);
  *count = static_cast<int>(call.fake.devices.size());
  return call.status;
}

Status cuDeviceGet(DeviceHandle *device, int ordinal) {
  FakeCall call("cuDeviceGet", Needs::Nothing);
  *device = ordinal;
  return call.status         ? call.status
         : isDevice(ordinal) ? kSuccess
                             : kInvalidDevice;
}

Status cuDeviceGetName(char *name, int bytes, DeviceHandle device) {
  FakeCall call("cuDeviceGetName", Needs::Nothing);
  if (call.status)
    return call.status;
  // Does not end a name that is too long.
  std::strncpy(name, call.fake.devices[size_t(device)].name.c_str(),
               size_t(bytes));
  return kSuccess;
}

Status cuDeviceTotalMem_v2(size_t *bytes, DeviceHandle device) {
  FakeCall call("cuDeviceTotalMem_v2", Needs::Nothing);
  *bytes = call.fake.devices[size_t(device)].memoryBytes;
  return call.status;
}

Status cuDeviceGetAttribute(int *value, DeviceAttribute attribute,
                            DeviceHandle device) {
  FakeCall call("cuDeviceGetAttribute", Needs::Nothing);
  if (call.status)
    return call.status;
  const FakeDevice &info = call.fake.devices[size_t(device)];
  switch (attribute) {
  case kMultiprocessorCount:
    *value = info.multiprocessors;
    return kSuccess;
  case kComputeCapabilityMajor:
    *value = info.major;
    return kSuccess;
  case kComputeCapabilityMinor:
    *value = info.minor;
    return kSuccess;
  case kMaxSharedMemoryPerBlockOptin:
    *value = info.sharedBytesPerBlock;
    return kSuccess;
  }
  return kInvalidValue;
}

Status cuDevicePrimaryCtxRetain(ContextHandle *context, DeviceHandle device) {
  FakeCall call("cuDevicePrimaryCtxRetain", Needs::Nothing);
  if (call.status)
    return call.status;
  if (!isDevice(device))
    return kInvalidDevice;
  ++call.fake.retained[device];
  *context = contextOf(device);
  return kSuccess;
}

Status cuDevicePrimaryCtxRelease_v2(DeviceHandle device) {
  FakeCall call("cuDevicePrimaryCtxRelease_v2", Needs::Nothing);
  FakeDriver &fake = call.fake;
  if (fake.retained[device] == 0) {
    fake.violation("a context is released that nobody holds");
    return kInvalidContext;
  }
  // A lost context has freed nothing.
  if (--fake.retained[device] == 0 && !fake.lost) {
    auto mustBeGone = [&](const auto &objects, auto &&deviceOf,
                          const char *what) {
      for (const auto &[handle, object] : objects)
        if (deviceOf(object) == device)
          fake.violation(std::string(what) + " outlives its context");
    };
    mustBeGone(fake.modules, [](auto &m) { return m.device; }, "a module");
    mustBeGone(fake.streams, [](int d) { return d; }, "a stream");
    mustBeGone(fake.events, [](int d) { return d; }, "an event");
    mustBeGone(
        fake.blocks, [](auto &b) { return b.pinned ? -1 : b.device; },
        "memory");
  }
  return call.status;
}

Status cuCtxPushCurrent_v2(ContextHandle context) {
  FakeCall call("cuCtxPushCurrent_v2", Needs::Nothing);
  if (call.status)
    return call.status;
  for (size_t device = 0; device < call.fake.devices.size(); ++device)
    if (context == contextOf(int(device)) &&
        call.fake.retained[int(device)] > 0) {
      contextStack.push_back(int(device));
      return kSuccess;
    }
  return kInvalidContext;
}

Status cuCtxPopCurrent_v2(ContextHandle *context) {
  FakeCall call("cuCtxPopCurrent_v2", Needs::Nothing);
  if (contextStack.empty())
    return kInvalidContext;
  *context = contextOf(contextStack.back());
  contextStack.pop_back();
  return call.status;
}

Status cuCtxSynchronize() {
  FakeCall call("cuCtxSynchronize");
  return call.status ? call.status : call.fake.drainAll();
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

/// A cubin of the fake: this, the device's SM, a line's end, the PTX.
static const std::string kCubinMark = "\x7f"
                                      "FAKE CUBIN ";

/// Whether a driver and device take the PTX; as an image begins with it.
static Status checkPtx(const FakeDriver &fake, const std::string &ptx,
                       int device) {
  int major = 0, minor = 0, sm = 0;
  size_t version = ptx.find(".version "), target = ptx.find(".target sm_");
  if (version == std::string::npos || target == std::string::npos ||
      std::sscanf(ptx.c_str() + version, ".version %d.%d", &major, &minor) !=
          2 ||
      std::sscanf(ptx.c_str() + target, ".target sm_%d", &sm) != 1)
    return kInvalidPtx;
  // ISA 8.0 came with CUDA 12.0, 7.0 with 11.0, 9.0 with 13.0.
  if (major + 4 > fake.version / 1000)
    return kUnsupportedPtxVersion;
  const FakeDevice &info = fake.devices[size_t(device)];
  return sm > info.major * 10 + info.minor ? kNoBinaryForGpu : kSuccess;
}

static void writeLog(const std::string &text, unsigned count,
                     JitOption *options, void **values) {
  char *buffer = nullptr;
  size_t bytes = 0;
  for (unsigned i = 0; i < count; ++i) {
    if (options[i] == kErrorLogBuffer)
      buffer = static_cast<char *>(values[i]);
    if (options[i] == kErrorLogBufferSizeBytes)
      bytes = numberOf(values[i]);
  }
  if (buffer && bytes)
    std::snprintf(buffer, bytes, "%s", text.c_str());
}

Status cuModuleLoadDataEx(ModuleHandle *module, const void *image,
                          unsigned count, JitOption *options, void **values) {
  FakeCall call("cuModuleLoadDataEx");
  if (call.status)
    return call.status;
  std::string text = static_cast<const char *>(image);
  const FakeDevice &info = call.fake.devices[size_t(call.device())];
  if (text.starts_with(kCubinMark)) {
    const std::string sm = std::to_string(info.major * 10 + info.minor) + "\n";
    text.erase(0, kCubinMark.size());
    if (!text.starts_with(sm))
      return kNoBinaryForGpu;
    text.erase(0, sm.size());
  } else if (text.starts_with("\x7f"
                              "ELF")) {
    return kNoBinaryForGpu; // made for hardware
  } else if (Status status = checkPtx(call.fake, text, call.device())) {
    writeLog(call.fake.compilerLog, count, options, values);
    return status;
  }
  const uintptr_t handle = call.fake.newHandle();
  call.fake.modules[handle] = {std::move(text), call.device()};
  *module = asHandle<ModuleHandle>(handle);
  return kSuccess;
}

Status cuModuleUnload(ModuleHandle module) {
  FakeCall call("cuModuleUnload");
  for (const auto &[stream, queue] : call.fake.queues)
    if (!queue.empty() && !call.fake.lost)
      call.fake.violation("a module is unloaded while work is queued");
  if (call.fake.modules.erase(numberOf(module)) == 0)
    return kInvalidHandle;
  std::erase_if(call.fake.functions, [&](const auto &function) {
    return function.second.module == numberOf(module);
  });
  return call.status;
}

Status cuModuleGetFunction(FunctionHandle *function, ModuleHandle module,
                           const char *name) {
  FakeCall call("cuModuleGetFunction");
  auto found = call.fake.modules.find(numberOf(module));
  if (call.status || found == call.fake.modules.end())
    return call.status ? call.status : kInvalidHandle;
  if (found->second.ptx.find(std::string(".entry ") + name + "(") ==
      std::string::npos)
    return kNotFound;
  const uintptr_t handle = call.fake.newHandle();
  call.fake.functions[handle] = {found->first, name};
  *function = asHandle<FunctionHandle>(handle);
  return kSuccess;
}

Status cuFuncGetAttribute(int *value, FunctionAttribute attribute,
                          FunctionHandle function) {
  FakeCall call("cuFuncGetAttribute");
  if (call.status)
    return call.status;
  *value = attribute == kNumRegs ? 128 : 0;
  return call.fake.functions.contains(numberOf(function)) ? kSuccess
                                                          : kInvalidHandle;
}

Status cuFuncSetAttribute(FunctionHandle function, FunctionAttribute attribute,
                          int value) {
  FakeCall call("cuFuncSetAttribute");
  auto found = call.fake.functions.find(numberOf(function));
  if (call.status || found == call.fake.functions.end())
    return call.status ? call.status : kInvalidHandle;
  const FakeDevice &info = call.fake.devices[size_t(call.device())];
  if (attribute != kMaxDynamicSharedSizeBytes || value < 0 ||
      value > info.sharedBytesPerBlock)
    return kInvalidValue;
  found->second.maxDynamicShared = value;
  return kSuccess;
}

/// Bytes of the entry point's parameter, by its PTX.
static size_t parameterBytes(const std::string &ptx,
                             const std::string &symbol) {
  const std::string mark = symbol + "_param_0[";
  const size_t at = ptx.find(mark);
  return at == std::string::npos
             ? 0
             : std::strtoull(ptx.c_str() + at + mark.size(), nullptr, 10);
}

Status cuFuncGetParamInfo(FunctionHandle function, size_t index, size_t *offset,
                          size_t *bytes) {
  FakeCall call("cuFuncGetParamInfo");
  auto found = call.fake.functions.find(numberOf(function));
  if (call.status || found == call.fake.functions.end() || index != 0)
    return call.status ? call.status : kInvalidValue;
  *offset = 0;
  *bytes = parameterBytes(call.fake.modules[found->second.module].ptx,
                          found->second.symbol);
  return kSuccess;
}

Status cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks,
                                                   FunctionHandle function,
                                                   int threads, size_t shared) {
  FakeCall call("cuOccupancyMaxActiveBlocksPerMultiprocessor");
  if (call.status)
    return call.status;
  *blocks = threads <= 1024 && shared <= (228u << 10) ? 2 : 0;
  return call.fake.functions.contains(numberOf(function)) ? kSuccess
                                                          : kInvalidHandle;
}

Status cuLaunchKernel(FunctionHandle function, unsigned gridX, unsigned gridY,
                      unsigned gridZ, unsigned blockX, unsigned blockY,
                      unsigned blockZ, unsigned sharedBytes,
                      StreamHandle stream, void **parameters, void **extra) {
  FakeCall call("cuLaunchKernel");
  if (call.status)
    return call.status;
  FakeDriver &fake = call.fake;
  auto found = fake.functions.find(numberOf(function));
  if (found == fake.functions.end() || !call.isStream(stream))
    return kInvalidHandle;
  if (uint64_t(gridX) * gridY * gridZ == 0 ||
      uint64_t(blockX) * blockY * blockZ == 0 ||
      uint64_t(blockX) * blockY * blockZ > 1024 || extra ||
      static_cast<int>(sharedBytes) > found->second.maxDynamicShared)
    return kInvalidValue;
  FakeLaunch launch;
  launch.image = fake.modules[found->second.module].ptx;
  launch.symbol = found->second.symbol;
  std::ranges::copy(std::array{gridX, gridY, gridZ}, launch.grid);
  std::ranges::copy(std::array{blockX, blockY, blockZ}, launch.block);
  launch.sharedBytes = sharedBytes;
  launch.stream = numberOf(stream);
  const auto *from = static_cast<const std::byte *>(parameters[0]);
  launch.parameter.assign(from,
                          from + parameterBytes(launch.image, launch.symbol));
  fake.launches.push_back(launch);
  // What is captured is not done.
  if (!fake.capturing.contains(launch.stream))
    call.enqueue(stream, [&fake, launch = std::move(launch)] {
      return fake.execute ? fake.execute(launch) : kSuccess;
    });
  return kSuccess;
}

//===----------------------------------------------------------------------===//
// Streams and events
//===----------------------------------------------------------------------===//

Status cuStreamCreate(StreamHandle *stream, unsigned) {
  FakeCall call("cuStreamCreate");
  if (call.status)
    return call.status;
  const uintptr_t handle = call.fake.newHandle();
  call.fake.streams[handle] = call.device();
  *stream = asHandle<StreamHandle>(handle);
  return kSuccess;
}

Status cuStreamDestroy_v2(StreamHandle stream) {
  FakeCall call("cuStreamDestroy_v2");
  if (call.fake.streams.erase(numberOf(stream)) == 0)
    return kInvalidHandle;
  return call.status;
}

Status cuStreamSynchronize(StreamHandle stream) {
  FakeCall call("cuStreamSynchronize");
  if (call.status)
    return call.status;
  if (call.refuseInCapture("somebody waits"))
    return kCaptureUnsupported;
  return call.isStream(stream) ? call.fake.drain(numberOf(stream))
                               : kInvalidHandle;
}

Status cuStreamIsCapturing(StreamHandle stream, CaptureStatus *status) {
  FakeCall call("cuStreamIsCapturing");
  if (call.status)
    return call.status;
  *status = CaptureStatus(call.fake.capturing.contains(numberOf(stream)));
  return call.isStream(stream) ? kSuccess : kInvalidHandle;
}

Status cuEventCreate(EventHandle *event, unsigned) {
  FakeCall call("cuEventCreate");
  if (call.status)
    return call.status;
  const uintptr_t handle = call.fake.newHandle();
  call.fake.events[handle] = call.device();
  *event = asHandle<EventHandle>(handle);
  return kSuccess;
}

Status cuEventDestroy_v2(EventHandle event) {
  FakeCall call("cuEventDestroy_v2");
  if (call.fake.events.erase(numberOf(event)) == 0)
    return kInvalidHandle;
  return call.status;
}

Status cuEventRecord(EventHandle event, StreamHandle stream) {
  FakeCall call("cuEventRecord");
  if (call.status)
    return call.status;
  return call.fake.events.contains(numberOf(event)) && call.isStream(stream)
             ? kSuccess
             : kInvalidHandle;
}

Status cuEventSynchronize(EventHandle event) {
  FakeCall call("cuEventSynchronize");
  if (call.status)
    return call.status;
  if (!call.fake.events.contains(numberOf(event)))
    return kInvalidHandle;
  return call.fake.drainAll();
}

Status cuEventElapsedTime(float *ms, EventHandle, EventHandle) {
  FakeCall call("cuEventElapsedTime");
  *ms = 1;
  return call.status;
}

} // extern "C"

std::string test::fakeCubin(const std::string &ptx,
                            const std::string &capability) {
  return kCubinMark + capability + "\n" + ptx;
}

DriverTable test::fakeTable() {
  DriverTable table;
#define ATTNJIT_CUDA_FUNCTION(member, symbol, parameters)                      \
  table.member = &cuda::symbol;
#include "attnjit/Runtime/Cuda/Driver.def"
  return table;
}
