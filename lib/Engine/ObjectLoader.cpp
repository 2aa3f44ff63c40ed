//===- ObjectLoader.cpp - Making an object file executable ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// ORC's object layer alone, without LLJIT: no target machine, no IR layers,
// half a millisecond. Kernels refer to no symbol outside their object.
//
//===----------------------------------------------------------------------===//

#include "ObjectLoader.h"

#include "llvm/ExecutionEngine/Orc/Core.h"
#include "llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h"
#include "llvm/ExecutionEngine/Orc/SelfExecutorProcessControl.h"

#include <fmt/format.h>

namespace attnjit {

namespace {
/// A session with one object in it.
struct Session {
  explicit Session(std::unique_ptr<llvm::orc::ExecutorProcessControl> control)
      : session(std::move(control)), layer(session) {}
  ~Session() {
    // Freeing code can only fail in another process.
    llvm::consumeError(session.endSession());
  }
  llvm::orc::ExecutionSession session;
  llvm::orc::ObjectLinkingLayer layer;
};
} // namespace

static tl::unexpected<Error> toError(llvm::Error error) {
  return fail(ErrorKind::Internal,
              fmt::format("cannot load compiled code: {}",
                          llvm::toString(std::move(error))));
}

Expected<LoadedCode> loadObject(std::string object, const std::string &symbol,
                                bool hasCost) {
  auto control = llvm::orc::SelfExecutorProcessControl::Create();
  if (!control)
    return toError(control.takeError());
  auto loaded = std::make_shared<Session>(std::move(*control));
  loaded->session.setErrorReporter(
      [](llvm::Error error) { llvm::consumeError(std::move(error)); });
  llvm::orc::JITDylib &library = loaded->session.createBareJITDylib("kernel");
  if (llvm::Error error = loaded->layer.add(
          library, llvm::MemoryBuffer::getMemBufferCopy(object, "kernel")))
    return toError(std::move(error));
  auto find = [&](const std::string &name) {
    return loaded->session.lookup({&library}, loaded->session.intern(name));
  };
  auto entry = find(symbol);
  if (!entry)
    return toError(entry.takeError());
  LoadedCode code;
  code.entry = entry->getAddress().toPtr<AttnJitKernelFn>();
  code.code = std::shared_ptr<const void>(loaded);
  if (hasCost) {
    auto cost = find(symbol + "_cost");
    if (!cost)
      return toError(cost.takeError());
    code.cost = cost->getAddress().toPtr<AttnJitKernelFn>();
  }
  return code;
}

} // namespace attnjit
