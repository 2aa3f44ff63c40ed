//===- FakeDriver.cpp - A CUDA driver without a GPU -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "FakeDriver.h"

#include <algorithm>
#include <cstdlib>

using namespace attnjit;
using namespace attnjit::cuda;
using namespace attnjit::test;

FakeDriver &FakeDriver::get() {
  static FakeDriver instance;
  return instance;
}

/// A number that whoever starts a process with the shared object chooses.
static int fromEnvironment(const char *name, int otherwise) {
  const char *value = std::getenv(name);
  return value && *value ? std::atoi(value) : otherwise;
}

void FakeDriver::reset() {
  version = fromEnvironment("ATTNJIT_FAKE_CUDA_VERSION", 13000);
  devices.assign(
      static_cast<size_t>(fromEnvironment("ATTNJIT_FAKE_CUDA_DEVICES", 1)),
      FakeDevice());
  execute = nullptr;
  compilerLog.clear();
  calls.clear();
  launches.clear();
  violations.clear();
  allocated = nullptr;
  allocatedInside = 0;
  lost.reset();
  failures.clear();
  retained.clear();
  for (const auto &[address, block] : blocks)
    if (!block.pinned)
      std::free(reinterpret_cast<void *>(address));
  blocks.clear();
  modules.clear();
  functions.clear();
  streams.clear();
  events.clear();
  capturing.clear();
  queues.clear();
  usedBytes = 0;
}

void FakeDriver::pin(const void *data, size_t bytes) {
  blocks[reinterpret_cast<uintptr_t>(data)] = {bytes, 0, true};
}

void FakeDriver::setCapturing(uintptr_t stream, bool on) {
  if (on)
    capturing.insert(stream);
  else
    capturing.erase(stream);
}

void FakeDriver::failOnce(const std::string &symbol, Status status, int skip) {
  failures[symbol].push_back({status, skip});
}

void FakeDriver::loseContext(Status status) { lost = status; }

int64_t FakeDriver::countOf(std::string_view symbol) const {
  return std::ranges::count(calls, symbol);
}

int64_t FakeDriver::liveObjects() const {
  int64_t count = 0;
  for (const auto &[device, holders] : retained)
    count += holders;
  for (const auto &[address, block] : blocks)
    count += block.pinned ? 0 : 1;
  return count +
         static_cast<int64_t>(modules.size() + streams.size() + events.size());
}

const FakeDriver::Block *FakeDriver::find(uintptr_t address,
                                          size_t bytes) const {
  auto after = blocks.upper_bound(address);
  if (after == blocks.begin())
    return nullptr;
  const auto &[begin, block] = *std::prev(after);
  return address - begin <= block.bytes &&
                 bytes <= block.bytes - (address - begin)
             ? &block
             : nullptr;
}

Status FakeDriver::drain(uintptr_t stream) {
  auto &queue = queues[stream];
  while (!queue.empty() && !lost) {
    Work work = std::move(queue.front());
    queue.pop_front();
    if (Status status = work(); status != kSuccess)
      lost = status;
  }
  return lost.value_or(kSuccess);
}

Status FakeDriver::drainAll() {
  // The newest stream first: who relies on an order between streams is found
  // out.
  for (auto queue = queues.rbegin(); queue != queues.rend(); ++queue)
    drain(queue->first);
  return lost.value_or(kSuccess);
}

std::string test::fakePtx(const std::string &symbol, size_t parameterBytes,
                          const std::string &version,
                          const std::string &target) {
  return ".version " + version + "\n.target " + target +
         "\n.address_size 64\n.visible .entry " + symbol +
         "(\n  .param .align 8 .b8 " + symbol + "_param_0[" +
         std::to_string(parameterBytes) + "]\n)\n{ ret; }\n";
}
