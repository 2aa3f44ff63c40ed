//===- MatrixInstructions.cpp - ldmatrix, stmatrix, mma -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Lane l is thread t = l % 4 of group g = l / 4. An 8 x 8 matrix of 16-bit
// elements lies in one register of each lane: elements 2t and 2t + 1 of row g.
// Its rows are 16 bytes of shared memory each, whose addresses lanes 8j to
// 8j + 7 give for matrix j.
//
//===----------------------------------------------------------------------===//

#include "InstructionTables.h"
#include "Machine.h"
#include "MatrixMath.h"

#include <bit>

namespace attnjit::emulator {

namespace {

constexpr int kWarp = 32;

//===--- ldmatrix, stmatrix -----------------------------------------------===//

constexpr int kMatrixRows = 8;
constexpr size_t kRowBytes = 16;

using Matrix = uint16_t[kMatrixRows][kMatrixRows];

/// The address that `lane` gives, of a whole row; null after a failure.
std::byte *rowAddress(const WarpCall &call, int lane) {
  auto *address = call.operands[lane].get<std::byte *>();
  std::string wrong =
      call.warp.block->shared.checkRange(address, kRowBytes, kRowBytes);
  if (wrong.empty())
    return address;
  call.warp.fail(call.site, lane, std::move(wrong));
  return nullptr;
}

template <int kCount, bool kTransposed> bool loadMatrix(WarpCall &call) {
  SharedMemory &shared = call.warp.block->shared;
  Matrix matrices[kCount];
  for (int lane = 0; lane < kCount * kMatrixRows; ++lane) {
    std::byte *address = rowAddress(call, lane);
    if (!address)
      return false;
    std::string wrong =
        shared.read(call.warp.threads[lane]->index, address, kRowBytes);
    if (!wrong.empty())
      return call.warp.fail(call.site, lane, std::move(wrong));
    std::memcpy(matrices[lane / kMatrixRows][lane % kMatrixRows], address,
                kRowBytes);
  }
  for (int lane = 0; lane < kWarp; ++lane) {
    const int g = lane / 4, t = lane % 4;
    for (int j = 0; j < kCount; ++j) {
      uint16_t pair[2];
      for (int x = 0; x < 2; ++x)
        pair[x] =
            kTransposed ? matrices[j][2 * t + x][g] : matrices[j][g][2 * t + x];
      call.operands[lane].set(pair, 4 * j);
    }
  }
  return true;
}

template <int kCount, bool kTransposed> bool storeMatrix(WarpCall &call) {
  SharedMemory &shared = call.warp.block->shared;
  Matrix matrices[kCount];
  for (int lane = 0; lane < kWarp; ++lane) {
    const int g = lane / 4, t = lane % 4;
    for (int j = 0; j < kCount; ++j)
      for (int x = 0; x < 2; ++x) {
        auto value =
            call.operands[lane].get<uint16_t>(sizeof(void *) + 4 * j + 2 * x);
        (kTransposed ? matrices[j][2 * t + x][g] : matrices[j][g][2 * t + x]) =
            value;
      }
  }
  for (int lane = 0; lane < kCount * kMatrixRows; ++lane) {
    std::byte *address = rowAddress(call, lane);
    if (!address)
      return false;
    std::string wrong =
        shared.write(call.warp.threads[lane]->index, address, kRowBytes);
    if (!wrong.empty())
      return call.warp.fail(call.site, lane, std::move(wrong));
    std::memcpy(address, matrices[lane / kMatrixRows][lane % kMatrixRows],
                kRowBytes);
  }
  return true;
}

//===--- mma --------------------------------------------------------------===//

enum class Element { Half, Bfloat, Tf32 };

template <Element kElement> float toFloat(uint32_t bits) {
  if constexpr (kElement == Element::Half)
    return halfToFloat(bits);
  else if constexpr (kElement == Element::Bfloat)
    return bfloatToFloat(bits);
  else // The low 13 bits are not part of the format.
    return std::bit_cast<float>(bits & 0xffffe000);
}

/// A is 16 x k by rows, B is k x 8 by columns. Registers of A come in pairs for
/// rows g and g + 8, one pair for each half of k, or one where k is small.
template <Element kElement, int kDepth> bool mma(WarpCall &call) {
  // Elements of a row of A, or a column of B, that the four lanes of a group
  // hold in one register each.
  constexpr int kPerRegister = kElement == Element::Tf32 ? 1 : 2;
  constexpr int kSpan = 4 * kPerRegister;
  constexpr int kHalves = kDepth / kSpan;
  constexpr size_t kOffsetB = 4 * 2 * kHalves, kOffsetC = 4 * 3 * kHalves;
  MmaOperands m;
  for (int lane = 0; lane < kWarp; ++lane) {
    const Operands &operands = call.operands[lane];
    const int g = lane / 4, t = lane % 4;
    for (int half = 0; half < kHalves; ++half) {
      const auto low = operands.get<uint32_t>(8 * half),
                 high = operands.get<uint32_t>(8 * half + 4),
                 b = operands.get<uint32_t>(kOffsetB + 4 * half);
      for (int x = 0; x < kPerRegister; ++x) {
        const int k = kSpan * half + kPerRegister * t + x;
        constexpr uint32_t kMask = kPerRegister == 2 ? 0xffff : ~0u;
        m.a[g][k] = toFloat<kElement>(low >> 16 * x & kMask);
        m.a[g + 8][k] = toFloat<kElement>(high >> 16 * x & kMask);
        m.b[k][g] = toFloat<kElement>(b >> 16 * x & kMask);
      }
    }
    for (int x = 0; x < 2; ++x) {
      m.c[g][2 * t + x] = operands.get<float>(kOffsetC + 4 * x);
      m.c[g + 8][2 * t + x] = operands.get<float>(kOffsetC + 8 + 4 * x);
    }
  }
  Machine &machine = call.warp.block->machine;
  Addition addition = Addition::Rising;
  if (machine.options.perturbApproximations)
    addition = static_cast<Addition>(machine.random.below(3));
  multiplyAdd(m, kDepth, addition);
  for (int lane = 0; lane < kWarp; ++lane) {
    const int g = lane / 4, t = lane % 4;
    call.operands[lane].set(m.c[g][2 * t], 0);
    call.operands[lane].set(m.c[g][2 * t + 1], 4);
    call.operands[lane].set(m.c[g + 8][2 * t], 8);
    call.operands[lane].set(m.c[g + 8][2 * t + 1], 12);
  }
  return true;
}

constexpr Form kAligned = Form::WarpAligned;
constexpr ThreadHandler kNone = nullptr;

const Instruction kInstructions[] = {
    {"ldmatrix.sync.aligned.m8n8.x1.b16", kAligned, 0, kNone,
     loadMatrix<1, false>},
    {"ldmatrix.sync.aligned.m8n8.x1.trans.b16", kAligned, 0, kNone,
     loadMatrix<1, true>},
    {"ldmatrix.sync.aligned.m8n8.x2.b16", kAligned, 0, kNone,
     loadMatrix<2, false>},
    {"ldmatrix.sync.aligned.m8n8.x2.trans.b16", kAligned, 0, kNone,
     loadMatrix<2, true>},
    {"ldmatrix.sync.aligned.m8n8.x4.b16", kAligned, 0, kNone,
     loadMatrix<4, false>},
    {"ldmatrix.sync.aligned.m8n8.x4.trans.b16", kAligned, 0, kNone,
     loadMatrix<4, true>},
    {"mma.m16n8k16.row.col.bf16", kAligned, 0, kNone, mma<Element::Bfloat, 16>},
    {"mma.m16n8k16.row.col.f32.f32", kAligned, 0, kNone,
     mma<Element::Half, 16>},
    {"mma.m16n8k4.row.col.tf32", kAligned, 0, kNone, mma<Element::Tf32, 4>},
    {"mma.m16n8k8.row.col.bf16", kAligned, 0, kNone, mma<Element::Bfloat, 8>},
    {"mma.m16n8k8.row.col.f32.f32", kAligned, 0, kNone, mma<Element::Half, 8>},
    {"mma.m16n8k8.row.col.tf32", kAligned, 0, kNone, mma<Element::Tf32, 8>},
    {"stmatrix.sync.aligned.m8n8.x1.b16", kAligned, 0, kNone,
     storeMatrix<1, false>},
    {"stmatrix.sync.aligned.m8n8.x1.trans.b16", kAligned, 0, kNone,
     storeMatrix<1, true>},
    {"stmatrix.sync.aligned.m8n8.x2.b16", kAligned, 0, kNone,
     storeMatrix<2, false>},
    {"stmatrix.sync.aligned.m8n8.x2.trans.b16", kAligned, 0, kNone,
     storeMatrix<2, true>},
    {"stmatrix.sync.aligned.m8n8.x4.b16", kAligned, 0, kNone,
     storeMatrix<4, false>},
    {"stmatrix.sync.aligned.m8n8.x4.trans.b16", kAligned, 0, kNone,
     storeMatrix<4, true>},
};

} // namespace

std::span<const Instruction> matrixInstructions() { return kInstructions; }

} // namespace attnjit::emulator
