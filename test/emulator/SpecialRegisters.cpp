//===- SpecialRegisters.cpp - %tid and the like, integer instructions -----===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "InstructionTables.h"
#include "Machine.h"

namespace attnjit::emulator {

namespace {

constexpr Form kThread = Form::Thread;

//===--- special registers ------------------------------------------------===//

template <uint32_t (*kRead)(const Thread &)>
bool read(Thread &thread, const Site &, const Operands &operands) {
  operands.set(kRead(thread));
  return true;
}

template <uint32_t Dim3::*kAxis> uint32_t tid(const Thread &thread) {
  return thread.position.*kAxis;
}
template <uint32_t Dim3::*kAxis> uint32_t ntid(const Thread &thread) {
  return thread.machine().launch.block.*kAxis;
}
template <uint32_t Dim3::*kAxis> uint32_t ctaid(const Thread &thread) {
  return thread.block->position.*kAxis;
}
template <uint32_t Dim3::*kAxis> uint32_t nctaid(const Thread &thread) {
  return thread.machine().launch.grid.*kAxis;
}
uint32_t laneId(const Thread &thread) { return thread.lane; }
uint32_t warpId(const Thread &thread) { return thread.warp->index; }
uint32_t warpCount(const Thread &thread) { return thread.block->warps.size(); }
uint32_t warpSize(const Thread &) { return 32; }
uint32_t lanesEqual(const Thread &thread) { return 1u << thread.lane; }
uint32_t lanesLess(const Thread &thread) { return (1u << thread.lane) - 1; }
uint32_t lanesLessEqual(const Thread &thread) {
  return lanesLess(thread) | lanesEqual(thread);
}
uint32_t lanesGreater(const Thread &thread) { return ~lanesLessEqual(thread); }
uint32_t lanesGreaterEqual(const Thread &thread) { return ~lanesLess(thread); }
uint32_t dynamicShared(const Thread &thread) {
  return thread.machine().launch.dynamicSharedBytes;
}
uint32_t totalShared(const Thread &thread) {
  return thread.block->shared.bytes();
}

using D = Dim3;

const Instruction kRegisters[] = {
    {"read.ptx.sreg.ctaid.x", kThread, 0, read<ctaid<&D::x>>},
    {"read.ptx.sreg.ctaid.y", kThread, 0, read<ctaid<&D::y>>},
    {"read.ptx.sreg.ctaid.z", kThread, 0, read<ctaid<&D::z>>},
    {"read.ptx.sreg.dynamic_smem_size", kThread, 0, read<dynamicShared>},
    {"read.ptx.sreg.laneid", kThread, 0, read<laneId>},
    {"read.ptx.sreg.lanemask.eq", kThread, 0, read<lanesEqual>},
    {"read.ptx.sreg.lanemask.ge", kThread, 0, read<lanesGreaterEqual>},
    {"read.ptx.sreg.lanemask.gt", kThread, 0, read<lanesGreater>},
    {"read.ptx.sreg.lanemask.le", kThread, 0, read<lanesLessEqual>},
    {"read.ptx.sreg.lanemask.lt", kThread, 0, read<lanesLess>},
    {"read.ptx.sreg.nctaid.x", kThread, 0, read<nctaid<&D::x>>},
    {"read.ptx.sreg.nctaid.y", kThread, 0, read<nctaid<&D::y>>},
    {"read.ptx.sreg.nctaid.z", kThread, 0, read<nctaid<&D::z>>},
    {"read.ptx.sreg.ntid.x", kThread, 0, read<ntid<&D::x>>},
    {"read.ptx.sreg.ntid.y", kThread, 0, read<ntid<&D::y>>},
    {"read.ptx.sreg.ntid.z", kThread, 0, read<ntid<&D::z>>},
    {"read.ptx.sreg.nwarpid", kThread, 0, read<warpCount>},
    {"read.ptx.sreg.tid.x", kThread, 0, read<tid<&D::x>>},
    {"read.ptx.sreg.tid.y", kThread, 0, read<tid<&D::y>>},
    {"read.ptx.sreg.tid.z", kThread, 0, read<tid<&D::z>>},
    {"read.ptx.sreg.total_smem_size", kThread, 0, read<totalShared>},
    {"read.ptx.sreg.warpid", kThread, 0, read<warpId>},
    {"read.ptx.sreg.warpsize", kThread, 0, read<warpSize>},
};

//===--- integers ---------------------------------------------------------===//

/// Byte i of the result is the byte of {b, a} that nibble i of the selector
/// names, or eight copies of its sign where the nibble's top bit is set.
bool permute(Thread &, const Site &, const Operands &operands) {
  const uint64_t bytes =
      uint64_t(operands.get<uint32_t>(4)) << 32 | operands.get<uint32_t>(0);
  const uint32_t selector = operands.get<uint32_t>(8);
  uint32_t result = 0;
  for (int i = 0; i < 4; ++i) {
    const uint32_t nibble = selector >> 4 * i & 0xf;
    uint32_t byte = bytes >> 8 * (nibble & 7) & 0xff;
    if (nibble & 8)
      byte = byte & 0x80 ? 0xff : 0;
    result |= byte << 8 * i;
  }
  operands.set(result);
  return true;
}

template <typename T, typename Wide>
bool multiplyHigh(Thread &, const Site &, const Operands &operands) {
  const Wide product = Wide(operands.get<T>(0)) * operands.get<T>(sizeof(T));
  operands.set(static_cast<T>(product >> 8 * sizeof(T)));
  return true;
}

bool nanosleep(Thread &thread, const Site &, const Operands &) {
  thread.machine().yield(thread);
  return true;
}

const Instruction kIntegers[] = {
    {"mulhi.i", kThread, 0, multiplyHigh<int32_t, int64_t>},
    {"mulhi.ll", kThread, 0, multiplyHigh<int64_t, __int128>},
    {"mulhi.ui", kThread, 0, multiplyHigh<uint32_t, uint64_t>},
    {"mulhi.ull", kThread, 0, multiplyHigh<uint64_t, unsigned __int128>},
    {"nanosleep", kThread, 0, nanosleep},
    {"prmt", kThread, 0, permute},
};

} // namespace

std::span<const Instruction> specialRegisters() { return kRegisters; }
std::span<const Instruction> integerInstructions() { return kIntegers; }

} // namespace attnjit::emulator
