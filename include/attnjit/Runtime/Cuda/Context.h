//===- Context.h - A GPU in this process ------------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The primary context of a device, which every library of the process shares
// (the CUDA runtime and so PyTorch use it too), and what owns objects in it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_CUDA_CONTEXT_H
#define ATTNJIT_RUNTIME_CUDA_CONTEXT_H

#include "attnjit/Runtime/Cuda/Driver.h"

#include <memory>
#include <utility>

namespace attnjit::cuda {

/// Holds on to a primary context; the last holder in the process lets it go.
/// Thread-safe.
class Context {
public:
  using Ptr = std::shared_ptr<const Context>;

  static Expected<Ptr> open(Driver::Ptr driver, int device);
  ~Context();
  Context(const Context &) = delete;
  Context &operator=(const Context &) = delete;

  const Driver &driver() const { return *driverHeld; }
  const DriverTable &api() const { return driverHeld->api(); }
  const DeviceInfo &device() const { return info; }
  ContextHandle handle() const { return context; }

  /// Waits for everything that was started in the context. Shows the error of
  /// work that has failed meanwhile.
  Expected<void> synchronize() const;

  Context(Driver::Ptr driver, DeviceInfo info, ContextHandle context)
      : driverHeld(std::move(driver)), info(std::move(info)), context(context) {
  }

private:
  Driver::Ptr driverHeld;
  DeviceInfo info;
  ContextHandle context;
};

/// Makes a context current for the calling thread, in place of the caller's,
/// which comes back at the end of the scope.
class CurrentContext {
public:
  static Expected<CurrentContext> push(const Context &context);
  ~CurrentContext();
  CurrentContext(CurrentContext &&other) noexcept
      : api(std::exchange(other.api, nullptr)) {}
  CurrentContext &operator=(CurrentContext &&) = delete;

private:
  explicit CurrentContext(const DriverTable &api) : api(&api) {}
  const DriverTable *api;
};

/// An object of a context, which `destroy`, a member of DriverTable, frees at
/// the end. Its context lives at least as long. Movable; empty where moved
/// from.
template <typename Handle, auto destroy> class Owned {
public:
  Owned() = default;
  Owned(Context::Ptr context, Handle handle)
      : context(std::move(context)), handle(handle) {}
  Owned(Owned &&other) noexcept
      : context(std::move(other.context)),
        handle(std::exchange(other.handle, Handle())) {}
  Owned &operator=(Owned &&other) noexcept {
    std::swap(context, other.context);
    std::swap(handle, other.handle);
    return *this;
  }
  ~Owned() {
    if (handle == Handle())
      return;
    // At the end of the process the driver may be gone already, and a lost
    // context frees nothing: neither leaves anything to do.
    if (auto current = CurrentContext::push(*context))
      (context->api().*destroy)(handle);
  }

  explicit operator bool() const { return handle != Handle(); }
  Handle get() const { return handle; }
  const Context::Ptr &owner() const { return context; }

private:
  Context::Ptr context;
  Handle handle = Handle();
};

} // namespace attnjit::cuda

#endif // ATTNJIT_RUNTIME_CUDA_CONTEXT_H
