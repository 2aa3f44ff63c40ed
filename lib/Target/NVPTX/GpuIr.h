//===- GpuIr.h - Terse construction of GPU kernel code ----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Adds to Ir what a GPU has: threads, warps, shared memory, and instructions
// that a warp executes together. Everything inside of a block of threads is
// i32; addresses in global memory take i64.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_TARGET_NVPTX_GPUIR_H
#define ATTNJIT_LIB_TARGET_NVPTX_GPUIR_H

#include "attnjit/Target/Common/Ir.h"

namespace attnjit::nvptx {

using codegen::Ir;
using mlir::Type;
using mlir::Value;

inline constexpr int32_t kWarpSize = 32;

class GpuIr : public codegen::Ir {
public:
  explicit GpuIr(mlir::OpBuilder &builder) : Ir(builder, /*lanes=*/1) {}

  Type globalPtr() { return pointer(1); }
  Type sharedPtr() { return pointer(3); }

  //===--- Integers, in the type of x ---------------------------------------===

  Value constantLike(Value x, int64_t c);
  /// Of integers and floats.
  Value zeroOf(Type type);
  Value plus(Value x, int64_t c) { return c ? add(x, constantLike(x, c)) : x; }
  Value times(Value x, int64_t c) {
    return c == 1 ? x : mul(x, constantLike(x, c));
  }
  /// Of x that is not negative.
  Value over(Value x, int64_t c) {
    return c == 1 ? x : div(x, constantLike(x, c));
  }
  Value modulo(Value x, int64_t c) { return rem(x, constantLike(x, c)); }
  Value overUp(Value x, int64_t c) { return over(plus(x, c - 1), c); }
  /// Fills with zeros; `bits` below the width.
  Value shiftRight(Value x, Value bits);
  Value isZero(Value x) { return cmp(Pred::eq, x, constantLike(x, 0)); }
  Value isNonZero(Value x) { return cmp(Pred::ne, x, constantLike(x, 0)); }
  Value lessThan(Value x, Value y) { return cmp(Pred::slt, x, y); }
  Value lessThan(Value x, int64_t c) { return lessThan(x, constantLike(x, c)); }
  Value wide(Value x) { return ext64(x); }
  /// The index of the lowest bit of x that is set; x is not 0.
  Value lowestBit(Value x);

  //===--- Floats -----------------------------------------------------------===

  Value fma(Value x, Value y, Value z);
  /// The other one where one is NaN.
  Value maxNum(Value x, Value y);
  /// NaN where one is.
  Value maximum(Value x, Value y);
  Value fabs(Value x);
  Value fneg(Value x);
  /// 2^x: relative error 2^-22, results that are denormal are 0.
  Value exp2Approx(Value x);
  /// log2 x: absolute error 2^-22 near 1, relative elsewhere.
  Value log2Approx(Value x);
  /// 1 / x: 1 ulp, but denormal x are 0.
  Value reciprocalApprox(Value x);
  /// x / y for all numbers: 2 ulp.
  Value divideApprox(Value x, Value y);
  /// 1 / sqrt(x): relative error 2^-22.9, denormal x are 0.
  Value rsqrtApprox(Value x);
  /// Two f32 rounded to f16 or bf16 (`element`), the first in the low half of
  /// an i32.
  Value packPair(Type element, Value low, Value high);
  /// An f32 rounded to f16 or bf16, as i16.
  Value narrow(Type element, Value x);
  /// The same bits in another type.
  Value bitcast(Type type, Value x);
  /// The f16 in the low (0) or high (1) half of an i32, as f32.
  Value widenHalf(Value pair, int half);
  /// An f32 rounded to tf32, eleven significant bits, as i32; halves away from
  /// 0. From 2^128 - 2^116 on it is infinite. NaN is NaN, but a signalling one
  /// may become infinite, whose payload is in the 13 bits that are dropped.
  Value roundTf32(Value x);

  //===--- Kernels ----------------------------------------------------------===

  /// A kernel with one parameter of so many bytes, by value, which it gives,
  /// and the insertion point at its start.
  Value createKernel(llvm::StringRef name, int64_t parameterBytes,
                     int64_t threads);

  //===--- Threads ----------------------------------------------------------===

  Value threadIndex();
  Value blockIndex();
  /// Waits for all threads of the block; orders their accesses to memory.
  void barrier();
  /// Waits for all lanes of the warp; orders their accesses to memory.
  void syncWarp();
  /// x of the lane whose number differs by these bits.
  Value shuffleXor(Value x, int32_t bits);
  /// A bit for each lane.
  Value ballot(Value condition);

  /// 0, an i32, for which ptxas must know these floats: what takes it comes
  /// after them. Grids have one dimension, of which ptxas knows nothing.
  Value zeroAfter(mlir::ValueRange floats);

  //===--- Memory -----------------------------------------------------------===

  Value sharedBase(llvm::StringRef symbol);
  Value toGlobal(Value pointer);
  /// Address plus bytes, in the pointer's own space.
  Value offset(Value pointer, Value bytes);
  Value offset(Value pointer, int64_t bytes);
  Value loadAligned(Type type, Value address, unsigned alignment);
  void storeAligned(Value value, Value address, unsigned alignment);

  /// Copies 16 bytes from global to shared memory, behind the program's back:
  /// the first `bytes` (i32, 0 to 16) from there, zeros for the others.
  void copyAsync(Value to, Value from, Value bytes);
  void commitCopies();
  /// Waits until no more than that many committed groups are on their way.
  void waitCopies(int32_t groups);

  /// Four 8 x 8 matrices of 16-bit elements; lane l gives the address of row
  /// l % 8 of matrix l / 8. Four i32, each with two elements of the lane's row
  /// l / 4, or, transposed, of its column.
  Values loadMatrices(Value address, bool transposed);

  /// c + a * b, of 16 x 16 a and 16 x 8 b, 16-bit: a in four i32, b in two, c
  /// in four f32. For f32, a is 16 x 8 and b 8 x 8, one tf32 in each i32.
  Values multiply(Type element, mlir::ValueRange a, mlir::ValueRange b,
                  mlir::ValueRange c);

  /// Orders this thread's accesses to global memory before and after, as all
  /// threads of the GPU see them.
  void threadFence();
  /// Adds to an i32 in global memory; gives what it was before.
  Value atomicAdd(Value address, Value x);

  //===--- Control ----------------------------------------------------------===

  /// for (i = 0; i < count; ++i), i32.
  mlir::scf::ForOp loop32(int64_t count,
                          llvm::function_ref<void(Value i)> body);

  /// For i = 0, step, ... below `end`, i32: the values become what `body` makes
  /// of them.
  Values foldRange(Value end, int32_t step, mlir::ValueRange values,
                   llvm::function_ref<Values(Value i, mlir::ValueRange)> body);

  /// As loop32, and as foldRange from 0 on by 1, but never unrolled; loops
  /// inside have four turns unrolled.
  void loopRolled(int64_t count, llvm::function_ref<void(Value i)> body);
  Values foldRolled(int64_t count, mlir::ValueRange values,
                    llvm::function_ref<Values(Value i, mlir::ValueRange)> body);

  /// While `condition` holds of the values, `body` gives the next ones; gives
  /// the last ones.
  Values whileLoop(mlir::ValueRange values,
                   llvm::function_ref<Value(mlir::ValueRange)> condition,
                   llvm::function_ref<Values(mlir::ValueRange)> body);

private:
  Type pointer(unsigned space) {
    return mlir::LLVM::LLVMPointerType::get(b.getContext(), space);
  }
};

} // namespace attnjit::nvptx

#endif // ATTNJIT_LIB_TARGET_NVPTX_GPUIR_H
