// The shape of a lowered decode kernel. What it computes is tested against the
// Reference.
// RUN: attn-opt --attn-lower-forward=entry=decode --split-input-file %s | FileCheck %s

// One function: the rare rescale has no vectors of a hot loop around it.
// CHECK-LABEL: llvm.func @plain(%{{[a-z0-9]+}}: !llvm.ptr) {

// S = Q K: 4 keys by 3 rows, four vectors of d at a time; then for the one or
// two rows that are left.
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}} -> ({{(vector<8xf32>(, )?){12}[)]}}
// CHECK-COUNT-48: vector.fma
// CHECK-NOT: vector.fma
// CHECK: scf.yield {{(%[0-9]+(, )?){12} :}}
// Each four sums become four lanes, the scores of four keys.
// CHECK-COUNT-3: llvm.store {{.*}} : vector<4xf32>, !llvm.ptr
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){4}[)]}}
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){8}[)]}}

// The maximum moves rarely.
// CHECK: %[[RARE:.*]] = llvm.intr.expect %{{.*}}, %false
// CHECK-NEXT: scf.if %[[RARE]] {

// acc += P V: 3 rows by 4 vectors of Dv, four keys at a time.
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}} -> ({{(vector<8xf32>(, )?){12}[)]}}
// CHECK-COUNT-48: vector.fma
// CHECK-NOT: vector.fma
// CHECK: scf.yield {{(%[0-9]+(, )?){12} :}}

// The last split to arrive merges.
// CHECK: llvm.atomicrmw add %{{.*}}, %{{.*}} acq_rel : !llvm.ptr, i32
// CHECK-NOT: llvm.func
attn.forward @plain attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                params = [], buffers = []}

// -----

// Keys lie in lanes: what depends on a row alone is computed once for a block
// of keys, and a buffer that is subscripted with kv is read a vector at a time.
// CHECK-LABEL: llvm.func @scored(
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}}
// CHECK: arith.xori {{.*}} : i32
// CHECK: scf.for {{.*}} -> (vector<8xf32>)
// CHECK-NOT: arith.xori
// CHECK: llvm.load {{.*}} -> vector<8xf32>
// CHECK: arith.divf {{.*}} : vector<8xf32>
// CHECK: llvm.intr.expect
attn.forward @scored attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                 params = [], buffers = [tensor<?x?xf32>]}
score(%s: f32) {
  %h = attn.position h
  %q = attn.position q
  %kv = attn.position kv
  %row = attn.apply xor(%h, %q) : (i32, i32) -> i32
  %bias = attn.load 0[%row, %kv] : f32
  %x = attn.apply div(%s, %bias) : (f32, f32) -> f32
  attn.yield %x : f32
}

// -----

// Bounds that read the head are asked for every row, others once.
// CHECK-LABEL: llvm.func @bounded_by_head(
// CHECK: scf.for {{.*}} iter_args(%{{.*}} = %true, %{{.*}} = %true{{.*}}) -> (i1, i1)
// CHECK: arith.xori {{.*}} : i32
attn.forward @bounded_by_head attributes {D = 64 : i64, Dv = 64 : i64,
                                          dtype = f32, params = [],
                                          buffers = []}
mask {
  %h = attn.position h
  %keep = attn.apply to_bool(%h) : (i32) -> i1
  attn.yield %keep : i1
}
bounds {
  %h = attn.position h
  %hi = attn.position kv_hi
  %x = attn.apply xor(%h, %hi) : (i32, i32) -> i32
  %empty = attn.apply to_bool(%x) : (i32) -> i1
  %full = attn.constant false
  attn.yield %empty, %full : i1, i1
}

// -----

// Types of 16 bits are widened a block at a time, as are odd head sizes.
// CHECK-LABEL: llvm.func @narrow(
// CHECK: llvm.load {{.*}} -> vector<8xf16>
// CHECK: arith.extf {{.*}} : vector<8xf16> to vector<8xf32>
// CHECK: arith.truncf {{.*}} : vector<8xf32> to vector<8xf16>
attn.forward @narrow attributes {D = 64 : i64, Dv = 64 : i64, dtype = f16,
                                 params = [], buffers = []}
