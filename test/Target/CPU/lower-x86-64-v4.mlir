// The tiles of x86-64-v4: vectors of 16, more accumulators than x86-64-v3 has
// registers. All else is as in lower-forward.mlir and lower-decode.mlir.
// RUN: attn-opt --attn-lower-forward=cpu=x86-64-v4 %s \
// RUN:   | FileCheck %s --implicit-check-not='vector.fma {{.*}} : vector<8xf32>'
// RUN: attn-opt --attn-lower-forward='cpu=x86-64-v4 entry=decode' %s \
// RUN:   | FileCheck %s --check-prefix=DECODE
// RUN: attn-opt --attn-lower-forward='cpu=x86-64-v4' \
// RUN:   --attn-convert-kernel-to-llvm %s | mlir-translate --mlir-to-llvmir \
// RUN:   | llc -mcpu=x86-64-v4 -mattr=-prefer-256-bit -o - \
// RUN:   | FileCheck %s --check-prefix=ASM

// Transposition: within 128 bits, then quarters of the vectors.
// CHECK-LABEL: llvm.func internal @plain_pack
// CHECK: vector.shuffle {{.*}} [0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29]
// CHECK: vector.shuffle {{.*}} [0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29]
// CHECK: vector.shuffle {{.*}} [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]
// CHECK: vector.shuffle {{.*}} [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27]
// CHECK-LABEL: llvm.func @plain(%{{[a-z0-9]+}}: !llvm.ptr) {

// The block of v, a chunk of 8 columns behind the other.
// CHECK: %[[V:.*]] = llvm.load {{.*}} -> vector<8xf32>
// CHECK: llvm.store %[[V]], {{.*}} : vector<8xf32>
// S = K Q: 8 keys by 2 vectors of queries, four turns of d at a time.
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){16}[)]}} -> ({{(vector<16xf32>(, )?){16}[)]}}
// CHECK-COUNT-64: vector.fma
// CHECK-NOT: vector.fma
// CHECK: scf.yield {{(%[0-9]+(, )?){16} :}}
// acc += V P, four keys at a time.
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){16}[)]}} -> ({{(vector<16xf32>(, )?){16}[)]}}
// CHECK-COUNT-64: vector.fma
// CHECK-NOT: vector.fma
// CHECK: scf.yield {{(%[0-9]+(, )?){16} :}}

// S = Q K: 4 keys by 4 rows. Each four sums become four lanes.
// DECODE: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){16}[)]}} -> ({{(vector<16xf32>(, )?){16}[)]}}
// DECODE-COUNT-64: vector.fma
// DECODE-NOT: vector.fma
// DECODE: scf.yield {{(%[0-9]+(, )?){16} :}}
// DECODE-COUNT-4: llvm.store {{.*}} : vector<4xf32>, !llvm.ptr
// acc += P V: 4 rows by 4 vectors of Dv.
// DECODE: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){16}[)]}} -> ({{(vector<16xf32>(, )?){16}[)]}}
// DECODE-COUNT-64: vector.fma

// One instruction each for what the transposition asks for.
// ASM-LABEL: plain_pack:
// ASM-NOT: ret
// ASM: vunpcklps {{.*}}%zmm
// ASM: vshuff64x2 {{.*}}%zmm
// ASM-LABEL: plain:
// ASM: vfmadd231ps {{.*}}%zmm
attn.forward @plain attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                params = [], buffers = []}

// A score mod takes both vectors of a row at once, and LLVM keeps them in step.
// CHECK-LABEL: llvm.func @scored(
// CHECK: scf.for {{.*}} : i64 {
// CHECK: %[[S:[0-9]+]] = llvm.load {{.*}} -> vector<32xf32>
// CHECK-NEXT: %[[T:[0-9]+]] = arith.mulf %[[S]], %[[S]] : vector<32xf32>
// CHECK-NEXT: llvm.store %[[T]], {{.*}} : vector<32xf32>, !llvm.ptr
// ASM-LABEL: scored:
// ASM: vmulps %[[A:zmm[0-9]+]], %[[A]], %[[A]]
// ASM-NEXT: vmulps %[[B:zmm[0-9]+]], %[[B]], %[[B]]
attn.forward @scored attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                 params = [], buffers = []}
score(%s: f32) {
  %0 = attn.apply mul(%s, %s) : (f32, f32) -> f32
  attn.yield %0 : f32
}
