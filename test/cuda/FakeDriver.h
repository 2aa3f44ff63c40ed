//===- FakeDriver.h - A CUDA driver without a GPU ---------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Defines the functions of libcuda over host memory. Device memory is memory of
// the process that the driver knows; work is queued on its stream and done as
// late as the driver's rules allow, which is when somebody waits. Every call is
// recorded and can be made to fail. What a launch computes is up to `execute`.
//
// Linked into a test, its functions make a DriverTable (`fakeTable`); as a
// shared object it is a libcuda.so.1 for the tool.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_CUDA_FAKEDRIVER_H
#define ATTNJIT_TEST_CUDA_FAKEDRIVER_H

#include "attnjit/Runtime/Cuda/DriverTable.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace attnjit::test {

/// A GPU of the fake machine.
struct FakeDevice {
  std::string name = "Fake H100";
  int major = 9, minor = 0;
  int multiprocessors = 132;
  size_t memoryBytes = size_t(1) << 30;
  int sharedBytesPerBlock = 232448;
};

/// What cuLaunchKernel was given.
struct FakeLaunch {
  std::string image; ///< PTX of the module, whatever it was loaded from
  std::string symbol;
  unsigned grid[3] = {}, block[3] = {}, sharedBytes = 0;
  uintptr_t stream = 0;
  std::vector<std::byte> parameter; ///< the bytes of the kernel's parameter
};

/// The one fake machine of the process. Its functions may be called from many
/// threads; a test changes it while no other thread calls.
class FakeDriver {
public:
  static FakeDriver &get();

  /// One device, nothing loaded, nothing recorded, no failures.
  void reset();

  //===--- The machine ----------------------------------------------------===//

  int version = 13000; ///< as cuDriverGetVersion gives it
  std::vector<FakeDevice> devices;
  /// What a launch does when its turn comes; null: nothing. A status other than
  /// success loses the context.
  std::function<cuda::Status(const FakeLaunch &)> execute;

  /// Memory of the process that counts as pinned host memory.
  void pin(const void *data, size_t bytes);
  /// Begins or ends the capture of a stream.
  void setCapturing(uintptr_t stream, bool capturing);

  //===--- Failures -------------------------------------------------------===//

  /// The call of `symbol` after the next `skip` ones gives `status`, and those
  /// after it do not.
  void failOnce(const std::string &symbol, cuda::Status status, int skip = 0);
  /// From now on everything gives `status`, as after a fault of a kernel.
  void loseContext(cuda::Status status);
  /// What the compiler of PTX writes to its log.
  std::string compilerLog;

  //===--- What happened --------------------------------------------------===//

  std::vector<std::string> calls; ///< symbols, in order
  std::vector<FakeLaunch> launches;
  int64_t countOf(std::string_view symbol) const;
  /// Objects that were made and are not destroyed: contexts, modules, memory,
  /// streams, events.
  int64_t liveObjects() const;
  /// What no program may do: destroy an object after its context, free unknown
  /// memory, allocate during a capture, leave a context current.
  std::vector<std::string> violations;
  /// Contexts that are current on this thread.
  static size_t currentContexts();

  /// Where set, `allocated` is what the process had allocated at the begin and
  /// end of each call: the sum of what the fake itself allocates is in
  /// `allocatedInside`.
  int64_t (*allocated)() = nullptr;
  int64_t allocatedInside = 0;

  //===--- For the functions of the driver --------------------------------===//

  struct Block {
    size_t bytes;
    int device;
    bool pinned;
  };
  struct Module {
    std::string ptx;
    int device;
  };
  struct Function {
    uintptr_t module;
    std::string symbol;
    int maxDynamicShared = 48 << 10;
  };
  using Work = std::function<cuda::Status()>;

  /// Each call holds it.
  std::recursive_mutex mutex;
  std::optional<cuda::Status> lost;
  struct Failure {
    cuda::Status status;
    int skip;
  };
  std::map<std::string, std::vector<Failure>, std::less<>> failures;
  std::map<int, int> retained; ///< device to number of holders
  std::map<uintptr_t, Block> blocks;
  std::map<uintptr_t, Module> modules;
  std::map<uintptr_t, Function> functions;
  std::map<uintptr_t, int> streams; ///< to their device
  std::map<uintptr_t, int> events;
  std::set<uintptr_t> capturing;
  std::map<uintptr_t, std::deque<Work>> queues; ///< by stream
  size_t usedBytes = 0;

  uintptr_t newHandle() { return nextHandle += 16; }
  void violation(std::string what) { violations.push_back(std::move(what)); }
  /// The block that holds [address, address + bytes), or null.
  const Block *find(uintptr_t address, size_t bytes) const;
  cuda::Status drain(uintptr_t stream);
  cuda::Status drainAll();

private:
  FakeDriver() { reset(); }
  uintptr_t nextHandle = 0x1000;
};

/// The fake's functions.
cuda::DriverTable fakeTable();

/// PTX as the fake needs it: a version, a target, one entry point and the size
/// of its parameter.
std::string fakePtx(const std::string &symbol, size_t parameterBytes,
                    const std::string &version = "8.0",
                    const std::string &target = "sm_90");

/// A cubin as the fake takes it, for devices of that compute capability ("90").
std::string fakeCubin(const std::string &ptx, const std::string &capability);

} // namespace attnjit::test

#endif // ATTNJIT_TEST_CUDA_FAKEDRIVER_H
