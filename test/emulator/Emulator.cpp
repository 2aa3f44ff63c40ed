//===- Emulator.cpp - Loading and running a kernel ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Emulator.h"

#include "KernelModule.h"

#include <fmt/format.h>

namespace attnjit::emulator {

struct Emulator::Impl {
  explicit Impl(KernelModule module) : module(std::move(module)) {}
  KernelModule module;
};

Emulator::Emulator(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
Emulator::Emulator(Emulator &&) noexcept = default;
Emulator &Emulator::operator=(Emulator &&) noexcept = default;
Emulator::~Emulator() = default;

Expected<Emulator> Emulator::load(std::string_view llvmIr,
                                  std::string_view kernelName) {
  Expected<KernelModule> module = KernelModule::compile(llvmIr, kernelName);
  if (!module)
    return fail(std::move(module.error()));
  return Emulator(std::make_unique<Impl>(std::move(*module)));
}

Expected<void> Emulator::run(const Launch &launch, const Options &options) {
  const KernelModule &module = impl->module;
  std::optional<Failure> failure =
      Machine(module.code(), launch, options).run();
  if (!failure)
    return {};
  std::string message;
  if (!failure->where.empty())
    message += failure->where + ": ";
  message += failure->message;
  if (failure->site)
    message += fmt::format("; at `{}`", module.describe(*failure->site));
  for (const auto &[site, who] : failure->waiting)
    message += fmt::format("; {} at `{}`", who, module.describe(*site));
  return fail(failure->kind,
              fmt::format("{} (seed {})", message, options.seed));
}

} // namespace attnjit::emulator
