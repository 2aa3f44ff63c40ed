// The kernel that summarises buffers stands behind one that reads summaries.
// What it computes is tested in test/emulator.
// RUN: attn-opt --attn-lower-forward-nvptx=gpu=sm_80 --split-input-file %s | FileCheck %s

// The struct of the ABI, a buffer, a summary: 888 bytes.
// CHECK-LABEL: llvm.func @ids(%{{[a-z0-9]+}}: !llvm.ptr {{.*}}llvm.byval = !llvm.array<111 x i64>
// CHECK: llvm.func @attnjit_summarize(%{{[a-z0-9]+}}: !llvm.ptr {{.*}}llvm.byval = !llvm.array<14 x i64>
// CHECK-SAME: nvvm.kernel
// CHECK-SAME: nvvm.maxntid = array<i32: 256>
// A level, a barrier.
// CHECK: scf.for
// CHECK: scf.for
// CHECK: nvvm.barrier0
// CHECK-NOT: llvm.func
attn.forward @ids attributes {D = 64 : i64, Dv = 64 : i64, dtype = bf16, params = [], buffers = [tensor<?xi32>], ranges = array<i64: 0, 0>}
mask {
  %kv = attn.position kv
  %id = attn.load 0[%kv] : i32
  %zero = attn.constant 0 : i32
  %keep = attn.apply eq(%id, %zero) : (i32, i32) -> i1
  attn.yield %keep : i1
}
bounds {
  %lo = attn.position kv_lo
  %hi = attn.position kv_hi
  %zero = attn.constant 0 : i32
  %least = attn.load_range min 0[%lo, %hi] : i32
  %greatest = attn.load_range max 0[%lo, %hi] : i32
  %empty = attn.apply gt(%least, %zero) : (i32, i32) -> i1
  %full = attn.apply lt(%greatest, %zero) : (i32, i32) -> i1
  attn.yield %empty, %full : i1, i1
}

// -----

// CHECK-LABEL: llvm.func @padded(%{{[a-z0-9]+}}: !llvm.ptr {{.*}}llvm.byval = !llvm.array<102 x i64>
// CHECK: llvm.func @attnjit_summarize(
attn.forward @padded attributes {D = 64 : i64, Dv = 64 : i64, dtype = bf16, mask_tensor, params = [], buffers = []}

// -----

// CHECK-LABEL: llvm.func @plain(
// CHECK-NOT: @attnjit_summarize
attn.forward @plain attributes {D = 64 : i64, Dv = 64 : i64, dtype = bf16, params = [], buffers = []}
