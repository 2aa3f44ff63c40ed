//===- Driver.h - The CUDA driver, opened at run time -----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Opens libcuda.so.1 where there is one, says which devices there are, and
// turns what the driver answers into an Error.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_CUDA_DRIVER_H
#define ATTNJIT_RUNTIME_CUDA_DRIVER_H

#include "attnjit/Runtime/Cuda/DriverTable.h"
#include "attnjit/Support/Error.h"

#include <memory>
#include <string>
#include <string_view>

namespace attnjit::cuda {

/// A version of CUDA: 12.8 is {12, 8}.
struct CudaVersion {
  int major = 0, minor = 0;

  std::string text() const; ///< "12.8"
  auto operator<=>(const CudaVersion &) const = default;
};

/// What a kernel or its user must know of a GPU.
struct DeviceInfo {
  int index = 0; ///< "cuda:INDEX"
  std::string name;
  int major = 0, minor = 0; ///< compute capability
  int64_t memoryBytes = 0;
  int multiprocessors = 0;
  int64_t sharedBytesPerBlock = 0; ///< that one block may have

  std::string sm() const;       ///< "sm_90"
  std::string describe() const; ///< "cuda:0 (NVIDIA H100, sm_90)"
};

/// The driver's functions, initialised. Immutable and thread-safe.
class Driver {
public:
  using Ptr = std::shared_ptr<const Driver>;

  /// The machine's: libcuda.so.1, opened at the first call and kept to the end
  /// of the process. An Error of kind Environment says why there is none.
  static const Expected<Ptr> &system();

  /// As above from another file, a name for the dynamic linker or a path.
  static Expected<Ptr> open(const std::string &library);

  /// With functions from elsewhere. An Error where it does not initialise; a
  /// machine without a device is one with 0 devices.
  static Expected<Ptr> create(const DriverTable &table);

  const DriverTable &api() const { return table; }

  /// The newest CUDA that the driver supports.
  CudaVersion version() const { return cudaVersion; }

  Expected<int> deviceCount() const;
  /// An Error names the device and how many there are.
  Expected<DeviceInfo> device(int index) const;

  /// The one place where a CUresult becomes an Error: `doing` says what was
  /// tried ("cannot launch `f`"), the driver's name and description of the
  /// status follow. Where the status means that the context is lost, so does
  /// what that means.
  Error toError(Status status, std::string_view doing) const;

  /// Nothing, or toError.
  Expected<void> check(Status status, std::string_view doing) const {
    if (status == kSuccess)
      return {};
    return fail(toError(status, doing));
  }

  explicit Driver(const DriverTable &table) : table(table) {}

private:
  DriverTable table;
  CudaVersion cudaVersion;
  bool anyDevice = true;
};

/// Whether nothing works in a context any more after `status`, which may stem
/// from work that was asked for long before.
bool losesContext(Status status);

/// The CUDA version whose drivers are the first to take PTX of the ISA
/// `major.minor`; that of the newest known ISA for newer ones.
CudaVersion cudaOfPtxIsa(int major, int minor);

} // namespace attnjit::cuda

#endif // ATTNJIT_RUNTIME_CUDA_DRIVER_H
