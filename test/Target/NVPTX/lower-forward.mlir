// The shape of lowered GPU kernels. What they compute is tested against the
// Reference in test/emulator and on GPUs.
// RUN: attn-opt --attn-lower-forward-nvptx=gpu=sm_80 --split-input-file %s | FileCheck %s
// RUN: attn-opt --attn-lower-forward-nvptx="gpu=sm_80 entry=decode" --split-input-file %s | FileCheck %s --check-prefix=DECODE
// RUN: attn-opt --attn-lower-forward-nvptx="gpu=sm_86 entry=decode" --split-input-file %s | FileCheck %s --check-prefix=SMALL

// One parameter, by value: the struct of the ABI, 800 bytes.
// CHECK-LABEL: llvm.func @plain(%{{[a-z0-9]+}}: !llvm.ptr {{.*}}llvm.byval = !llvm.array<100 x i64>
// CHECK-SAME: nvvm.kernel
// CHECK-SAME: nvvm.maxntid = array<i32: 128>

// The loop waits for a block of keys and sends for the next.
// CHECK: scf.while
// CHECK: nvvm.cp.async.wait.group 0
// CHECK-NEXT: nvvm.barrier0
// CHECK: nvvm.cp.async.shared.global
// CHECK: nvvm.cp.async.commit.group
// 2 row tiles by 8 key tiles by 4 steps of D.
// CHECK-COUNT-64: nvvm.mma.sync
// Without a mask only the last block, where it is ragged, is masked.
// CHECK: scf.if
// Sums are rescaled where a row of the warp asks for it.
// CHECK: %[[VOTE:.*]] = nvvm.vote.sync ballot
// CHECK: %[[ANY:.*]] = arith.cmpi ne, %[[VOTE]]
// CHECK: scf.if %[[ANY]]
// 2 row tiles by 8 tiles of Dv by 4 steps of keys.
// CHECK-COUNT-64: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
// CHECK: llvm.return

// Of decode, one row tile, and 16 keys a warp: 2 key tiles by 4 steps of D,
// then 8 tiles of Dv.
// DECODE-LABEL: llvm.func @plain(
// DECODE-COUNT-16: nvvm.mma.sync
// DECODE-NOT: nvvm.mma.sync
// The last split to arrive merges.
// DECODE: llvm.atomicrmw add
attn.forward @plain attributes {D = 64 : i64, Dv = 64 : i64, dtype = bf16, params = [], buffers = []}

// -----

// 32 blocks of keys are asked at once, one a lane; two votes tell all. A warp
// asks about its own rows besides.
// CHECK-LABEL: llvm.func @causal(
// CHECK: nvvm.vote.sync ballot
// CHECK: nvvm.vote.sync ballot
// CHECK: nvvm.vote.sync ballot
// A block that its rows keep nothing of takes the first branch, which computes
// nothing.
// CHECK: nvvm.cp.async.wait.group 0
// CHECK: nvvm.cp.async.commit.group
// CHECK: %[[BITS:.*]] = arith.andi %{{.*}}, %c2_i32
// CHECK: %[[EMPTY:.*]] = arith.cmpi eq, %[[BITS]]
// CHECK: scf.if %[[EMPTY]]
// CHECK-NEXT: scf.yield
// CHECK-NEXT: } else {
// CHECK-COUNT-128: nvvm.mma.sync
// 2 row tiles by 16 tiles of Dv by 4 steps of keys. With so many registers, the
// loads of v of a step ask for the sums of the weights of those before.
// CHECK-COUNT-32: nvvm.mma.sync
// CHECK: nvvm.read.ptx.sreg.ctaid.y
// CHECK-COUNT-32: nvvm.mma.sync
// CHECK: nvvm.read.ptx.sreg.ctaid.y
// CHECK-COUNT-32: nvvm.mma.sync
// CHECK: nvvm.read.ptx.sreg.ctaid.y
// CHECK-COUNT-32: nvvm.mma.sync
// CHECK-NOT: nvvm.mma.sync
attn.forward @causal attributes {D = 128 : i64, Dv = 128 : i64, dtype = f16, params = [], buffers = []}
mask {
  %q = attn.position q
  %kv = attn.position kv
  %keep = attn.apply ge(%q, %kv) : (i32, i32) -> i1
  attn.yield %keep : i1
}
bounds {
  %q_lo = attn.position q_lo
  %q_hi = attn.position q_hi
  %kv_lo = attn.position kv_lo
  %kv_hi = attn.position kv_hi
  %empty = attn.apply lt(%q_hi, %kv_lo) : (i32, i32) -> i1
  %full = attn.apply ge(%q_lo, %kv_hi) : (i32, i32) -> i1
  attn.yield %empty, %full : i1, i1
}

// -----

// What is copied of a row that is not wanted has no bytes.
// CHECK-LABEL: llvm.func @padding(
// CHECK: %[[BYTES:.*]] = arith.select %{{.*}}, %{{.*}}, %c0_i32{{[_0-9]*}} : i32
// CHECK: nvvm.cp.async.shared.global {{.*}}, 16, cache = cg, %[[BYTES]]
attn.forward @padding attributes {D = 64 : i64, Dv = 64 : i64, dtype = bf16, params = [i32], buffers = []}
mask {
  %kv = attn.position kv
  %len = attn.param 0 : i32
  %keep = attn.apply lt(%kv, %len) : (i32, i32) -> i1
  attn.yield %keep : i1
}

// -----

// A buffer adds its description behind the struct, and zeros for when it is
// empty.
// CHECK-LABEL: llvm.func @bias({{.*}}llvm.byval = !llvm.array<109 x i64>
// CHECK: llvm.mlir.global internal constant @attnjit_zeros() {addr_space = 1
attn.forward @bias attributes {D = 64 : i64, Dv = 64 : i64, dtype = bf16, params = [], buffers = [tensor<?xf32>]}
score(%s: f32) {
  %h = attn.position h
  %b = attn.load 0[%h] : f32
  %r = attn.apply add(%s, %b) : (f32, f32) -> f32
  attn.yield %r : f32
}

// -----

// Weights that f16 has no room for are tf32, and so is v: of the first product
// 2 row tiles by 8 key tiles by 4 steps of D, of the second 2 by 8 tiles of Dv
// by 8 steps of keys.
// CHECK-LABEL: llvm.func @linear(
// CHECK-COUNT-64: nvvm.mma.sync {{.*}}, k = 16>
// CHECK: nvvm.convert.float.to.tf32 {{.*}}<rna>
// CHECK: nvvm.ldmatrix {{.*}}<col>
// CHECK: arith.extf {{.*}} : f16 to f32
// CHECK-COUNT-128: nvvm.mma.sync {{.*}}<tf32>, {{.*}}, k = 8>
// CHECK-NOT: nvvm.mma.sync
// DECODE-LABEL: llvm.func @linear(
// DECODE-COUNT-8: nvvm.mma.sync {{.*}}, k = 16>
// DECODE-COUNT-16: nvvm.mma.sync {{.*}}<tf32>, {{.*}}, k = 8>
// DECODE-NOT: nvvm.mma.sync
attn.forward @linear attributes {D = 64 : i64, Dv = 64 : i64, dtype = f16, normalize = #attn<normalization none>, params = [], buffers = []}

// -----

// A product of f32 is three of tf32: 2 row tiles by 4 key tiles by 8 steps of D,
// then 2 by 8 tiles of Dv by 4 steps of keys. v comes element by element; a sum
// of a block of keys joins acc by one fma.
// CHECK-LABEL: llvm.func @wide(
// CHECK: nvvm.convert.float.to.tf32 {{.*}}<rna>
// CHECK-NEXT: llvm.bitcast
// CHECK-NEXT: arith.subf
// CHECK-COUNT-192: nvvm.mma.sync {{.*}}<tf32>, {{.*}}, k = 8>
// CHECK-NOT: nvvm.ldmatrix
// CHECK-COUNT-192: nvvm.mma.sync {{.*}}<tf32>, {{.*}}, k = 8>
// CHECK-NOT: nvvm.mma.sync
// CHECK: llvm.intr.fma
// CHECK: llvm.return
// DECODE-LABEL: llvm.func @wide(
// DECODE-COUNT-96: nvvm.mma.sync {{.*}}<tf32>, {{.*}}, k = 8>
// DECODE-NOT: nvvm.mma.sync
attn.forward @wide attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}

// -----

// Where shared memory is short, a warp takes eight keys of a block of 32: 3 by
// 32 steps of D, and 32 tiles of Dv.
// CHECK-LABEL: llvm.func @large(
// DECODE-LABEL: llvm.func @large(
// SMALL-LABEL: llvm.func @large(
// SMALL-COUNT-192: nvvm.mma.sync {{.*}}<tf32>, {{.*}}, k = 8>
// SMALL-NOT: nvvm.mma.sync
attn.forward @large attributes {D = 256 : i64, Dv = 256 : i64, dtype = f32, params = [], buffers = []}
