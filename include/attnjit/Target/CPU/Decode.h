//===- Decode.h - The decode kernel of the CPU target -----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes `attn.forward` and a schedule; gives the kernel's loops and vectors as
// an `llvm.func` over scf, arith, vector and llvm memory operations.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TARGET_CPU_DECODE_H
#define ATTNJIT_TARGET_CPU_DECODE_H

#include "attnjit/Dialect/Attn/IR/Attn.h"
#include "attnjit/Spec/Schedule.h"

#include "mlir/Support/LLVM.h"

namespace attnjit::cpu {

/// Where the kernel keeps its state in the workspace: byte offsets, each a
/// multiple of 64. Sizes in f32 unless said otherwise; `rows` are those of one
/// work item, D and Dv rounded up to whole vectors.
struct DecodeWorkspace {
  int64_t queries;   ///< [rows][D]: q times the scale
  int64_t threshold; ///< [rows]: scores above it move m
  int64_t heads;     ///< i64 [rows]: local h of each row
  int64_t positions; ///< i64 [rows]: local q of each row
  int64_t scores;    ///< [rows][blockKv]: scores, then weights
  int64_t bits;      ///< i32 [rows][blockKv]: -1 where a pair is kept
  int64_t anyBits;   ///< i32 [blockKv]: -1 where some row keeps the key
  int64_t vRows;     ///< pointer [blockKv]: the v row of each key of the block
  int64_t zeros;     ///< [Dv]: a v row for keys that none keeps
  int64_t keys;      ///< [blockKv][D]: a block of k, widened and padded
  int64_t values;    ///< [blockKv][Dv]: likewise of v
  int64_t acc;       ///< [rows][Dv]: out, where there is no split
  int64_t reference; ///< [rows]: m, likewise
  int64_t sum;       ///< [rows]: l, likewise
  int64_t outRow;    ///< [Dv]: a finished row
  int64_t bytes;     ///< of all
  int64_t partialWidth; ///< floats of a row of acc

  static DecodeWorkspace layout(const AttentionSpec &spec,
                                const DecodeSchedule &schedule);
};

/// Emits before `forward` the function of its name, `void(!llvm.ptr)`.
void lowerToDecode(attn::ForwardOp forward, const AttentionSpec &spec,
                   const TargetSpec &target);

} // namespace attnjit::cpu

#endif // ATTNJIT_TARGET_CPU_DECODE_H
