//===- RegisterKernels.cpp - %tid and the like ----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GoldenCall.h"

namespace attnjit::golden {

namespace {

struct Register {
  std::string_view instruction, ptx;
};

const Register kRegisters[] = {
    {"read.ptx.sreg.ctaid.x", "%ctaid.x"},
    {"read.ptx.sreg.ctaid.y", "%ctaid.y"},
    {"read.ptx.sreg.ctaid.z", "%ctaid.z"},
    {"read.ptx.sreg.dynamic_smem_size", "%dynamic_smem_size"},
    {"read.ptx.sreg.laneid", "%laneid"},
    {"read.ptx.sreg.lanemask.eq", "%lanemask_eq"},
    {"read.ptx.sreg.lanemask.ge", "%lanemask_ge"},
    {"read.ptx.sreg.lanemask.gt", "%lanemask_gt"},
    {"read.ptx.sreg.lanemask.le", "%lanemask_le"},
    {"read.ptx.sreg.lanemask.lt", "%lanemask_lt"},
    {"read.ptx.sreg.nctaid.x", "%nctaid.x"},
    {"read.ptx.sreg.nctaid.y", "%nctaid.y"},
    {"read.ptx.sreg.nctaid.z", "%nctaid.z"},
    {"read.ptx.sreg.ntid.x", "%ntid.x"},
    {"read.ptx.sreg.ntid.y", "%ntid.y"},
    {"read.ptx.sreg.ntid.z", "%ntid.z"},
    {"read.ptx.sreg.tid.x", "%tid.x"},
    {"read.ptx.sreg.tid.y", "%tid.y"},
    {"read.ptx.sreg.tid.z", "%tid.z"},
    {"read.ptx.sreg.warpsize", "WARP_SZ"},
};

} // namespace

std::vector<GoldenKernel> registerKernels(uint64_t) {
  std::vector<GoldenKernel> all;
  for (const Register &one : kRegisters)
    for (GoldenKernel &kernel : kernelsOf(one.instruction, one.ptx)) {
      // Warps across rows of the block, and a last one that is not whole.
      kernel.block = {12, 3, 2};
      kernel.grid = {2, 3, 2};
      kernel.sharedBytes = 2048;
      setCall(kernel, {.results = {"i32"}, .operands = {}});
      all.push_back(std::move(kernel));
    }
  return all;
}

} // namespace attnjit::golden
