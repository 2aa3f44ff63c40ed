// The shape of a lowered kernel: what its speed and its order of evaluation
// rest on. What it computes is tested against the Reference.
// RUN: attn-opt --attn-lower-forward --split-input-file --verify-diagnostics %s | FileCheck %s

// The rare rescale is a function of its own, never inlined: a vector that
// lived across it would leave its register in the loops around.
// CHECK-LABEL: llvm.func internal @plain_rescale
// CHECK-SAME: no_inline
// CHECK-SAME: "cold"
// CHECK-LABEL: llvm.func @plain(%{{[a-z0-9]+}}: !llvm.ptr) {
// CHECK-NOT: -> i8

// S = K Q: 4 keys by 3 vectors of queries, four turns of d at a time.
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}} -> ({{(vector<8xf32>(, )?){12}[)]}}
// CHECK-COUNT-48: vector.fma
// CHECK-NOT: vector.fma
// CHECK: scf.yield {{(%[0-9]+(, )?){12} :}}

// The call stands in a branch that gives no values and is marked unlikely.
// CHECK: %[[RARE:.*]] = llvm.intr.expect %{{.*}}, %false
// CHECK-NEXT: scf.if %[[RARE]] {
// CHECK: llvm.call @plain_rescale

// acc += V P, four keys at a time.
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}} -> ({{(vector<8xf32>(, )?){12}[)]}}
// CHECK-COUNT-48: vector.fma
// CHECK-NOT: vector.fma
// CHECK: scf.yield {{(%[0-9]+(, )?){12} :}}
// CHECK-NOT: attn.
attn.forward @plain attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                params = [], buffers = []}

// -----

// The mask is evaluated on vectors, once for each column of queries, before the
// product: a tile that keeps nothing costs a mask, not a product. Without
// bounds it is evaluated everywhere.
// CHECK-LABEL: llvm.func @masked(
// CHECK-COUNT-3: arith.xori {{.*}} : vector<8xi32>
// CHECK: vector.reduction <or>
// CHECK-NOT: arith.xori {{.*}} : vector<8xi32>
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}}
// CHECK-NOT: arith.xori {{.*}} : vector<8xi32>
attn.forward @masked attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                 params = [], buffers = []}
mask {
  %q = attn.position q
  %kv = attn.position kv
  %x = attn.apply xor(%q, %kv) : (i32, i32) -> i32
  %keep = attn.apply to_bool(%x) : (i32) -> i1
  attn.yield %keep : i1
}

// -----

// Bounds are scalars: decided for ranges of keys, for a block of them around its
// loop of tiles, and again for a tile that the block leaves open.
// CHECK-LABEL: llvm.func @bounded(
// CHECK: scf.while
// CHECK: arith.xori {{.*}} : i32
// CHECK: scf.if
// CHECK: scf.for {{.*}} step %c4_i64
// CHECK: scf.if
// CHECK: arith.xori {{.*}} : i32
// CHECK: arith.subi {{.*}} : vector<8xi32>
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}}
// CHECK-NOT: arith.xori {{.*}} : i32
// Beside it stands what counts the strips of a work item: the same search over
// its keys, whose ranges are halved.
// CHECK-LABEL: llvm.func @bounded_cost(
// CHECK: scf.while
// CHECK: arith.xori {{.*}} : i32
// CHECK: llvm.store {{.*}} : i32, !llvm.ptr
// CHECK: arith.shrui
// CHECK-NOT: vector.fma
attn.forward @bounded attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                  params = [], buffers = []}
mask {
  %q = attn.position q
  %kv = attn.position kv
  %x = attn.apply sub(%q, %kv) : (i32, i32) -> i32
  %keep = attn.apply to_bool(%x) : (i32) -> i1
  attn.yield %keep : i1
}
bounds {
  %lo = attn.position q_lo
  %hi = attn.position kv_hi
  %x = attn.apply xor(%lo, %hi) : (i32, i32) -> i32
  %empty = attn.apply to_bool(%x) : (i32) -> i1
  %full = attn.constant false
  attn.yield %empty, %full : i1, i1
}

// -----

// The score mod comes after the product and before the maximum, in a loop over
// the rows: three copies of it, one for each column, not twelve.
// CHECK-LABEL: llvm.func @scored(
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}}
// CHECK-COUNT-48: vector.fma
// CHECK: scf.for
// CHECK-COUNT-3: arith.divf {{.*}} : vector<8xf32>
// CHECK-NOT: arith.divf
// CHECK: llvm.intr.expect
attn.forward @scored attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                 params = [f32], buffers = []}
score(%s: f32) {
  %p = attn.param 0 : f32
  %x = attn.apply div(%s, %p) : (f32, f32) -> f32
  attn.yield %x : f32
}

// -----

// What depends on b and h alone is loaded once an item. What depends on q is
// computed when a strip is packed, 8 consecutive elements by one load, and
// stored: tiles load it again.
// CHECK-LABEL: llvm.func @hoisted(
// CHECK: scf.for
// CHECK: llvm.load {{.*}} {alignment = 2 : i64} : !llvm.ptr -> f16
// CHECK-NOT: -> f16
// CHECK: llvm.call @hoisted_pack
// CHECK: %[[ADJACENT:.*]] = arith.andi
// CHECK-NEXT: %[[IDS:.*]] = scf.if %[[ADJACENT]] -> (vector<8xi32>) {
// CHECK: llvm.load {{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<8xi32>
// CHECK: } else {
// CHECK: llvm.store %[[IDS]]
// CHECK-NOT: vector.reduction <and>
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}}
// CHECK: scf.for
// CHECK-COUNT-3: arith.divf {{.*}} : vector<8xf32>
// CHECK-NOT: -> f16
// CHECK-NOT: vector.reduction <and>
attn.forward @hoisted attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                  params = [],
                                  buffers = [tensor<?xf16>, tensor<?xi32>]}
score(%s: f32) {
  %h = attn.position h
  %q = attn.position q
  %kv = attn.position kv
  %slope = attn.load 0[%h] : f32
  %id = attn.load 1[%q] : i32
  %gap = attn.apply sub(%id, %kv) : (i32, i32) -> i32
  %far = attn.apply to_f32(%gap) : (i32) -> f32
  %bias = attn.apply mul(%slope, %far) : (f32, f32) -> f32
  %x = attn.apply div(%s, %bias) : (f32, f32) -> f32
  attn.yield %x : f32
}

// -----

// A load of each pair: where the rows of the 24 queries start is kept with the
// strip; a tile reads 4 keys of each row, if they lie side by side inside the
// buffer, and transposes them into lanes before the loop over its keys.
// CHECK-LABEL: llvm.func @pair_load(
// CHECK: llvm.call @pair_load_pack
// CHECK: arith.muli {{.*}} : vector<8xi64>
// CHECK: llvm.store {{.*}} : vector<8xi64>, !llvm.ptr
// CHECK-NOT: vector<8xi64>
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}}
// CHECK: %[[INSIDE:.*]] = arith.andi
// CHECK: %[[TOGETHER:.*]] = arith.andi %[[INSIDE]]
// CHECK-NEXT: scf.if %[[TOGETHER]] {
// CHECK: scf.for
// CHECK-COUNT-8: {alignment = 2 : i64} : !llvm.ptr -> vector<4xf16>
// CHECK-COUNT-4: vector.shuffle {{.*}} : vector<4xf32>, vector<4xf32>
// CHECK-COUNT-8: vector.shuffle {{.*}} : vector<8xf32>, vector<8xf32>
// CHECK-COUNT-4: llvm.store {{.*}} : vector<8xf32>
// CHECK: } else {
// CHECK: {alignment = 2 : i64} : !llvm.ptr -> f16
// CHECK: scf.for
// CHECK-COUNT-3: arith.divf {{.*}} : vector<8xf32>
// CHECK-NOT: f16
attn.forward @pair_load attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                    params = [],
                                    buffers = [tensor<?x?xf16>]}
score(%s: f32) {
  %q = attn.position q
  %kv = attn.position kv
  %bias = attn.load 0[%q, %kv] : f32
  %x = attn.apply div(%s, %bias) : (f32, f32) -> f32
  attn.yield %x : f32
}

// -----

// What depends on the distance alone: 4 vectors hold that of the 27 distances
// of a tile; each row reads its own three, one element further on than the next
// row's.
// CHECK-LABEL: llvm.func @distance(
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}}
// CHECK: %[[END:.*]] = arith.constant 32 : i64
// CHECK: scf.for {{.*}} to %[[END]] step
// CHECK: {alignment = 2 : i64} : !llvm.ptr -> vector<8xf16>
// CHECK: llvm.store {{.*}} : vector<8xf32>
// CHECK: scf.for
// CHECK-NOT: f16
// CHECK-COUNT-3: arith.divf {{.*}} : vector<8xf32>
// CHECK-NOT: f16
attn.forward @distance attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                   params = [], buffers = [tensor<?xf16>]}
score(%s: f32) {
  %q = attn.position q
  %kv = attn.position kv
  %distance = attn.apply sub(%kv, %q) : (i32, i32) -> i32
  %bias = attn.load 0[%distance] : f32
  %x = attn.apply div(%s, %bias) : (f32, f32) -> f32
  attn.yield %x : f32
}

// -----

// What depends on the key alone is loaded once a row, for all three columns.
// CHECK-LABEL: llvm.func @key_load(
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}}
// CHECK: {alignment = 2 : i64} : !llvm.ptr -> f16
// CHECK-NOT: -> f16
// CHECK-COUNT-3: arith.divf {{.*}} : vector<8xf32>
// CHECK-NOT: -> f16
attn.forward @key_load attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                   params = [], buffers = [tensor<?xf16>]}
score(%s: f32) {
  %kv = attn.position kv
  %bias = attn.load 0[%kv] : f32
  %x = attn.apply div(%s, %bias) : (f32, f32) -> f32
  attn.yield %x : f32
}

// -----

// A mask tensor is one more load of each pair, of bytes.
// CHECK-LABEL: llvm.func @tensor_mask(
// CHECK: llvm.store {{.*}} : vector<8xi64>, !llvm.ptr
// CHECK-COUNT-8: {alignment = 1 : i64} : !llvm.ptr -> vector<4xi8>
// CHECK: llvm.load {{.*}} {alignment = 1 : i64} : !llvm.ptr -> i8
// CHECK: vector.reduction <or>
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}}
attn.forward @tensor_mask attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                      mask_tensor, params = [], buffers = []}

// -----

// D of 6 is one turn of four and two of one; Dv of 3 leaves a tile of 3 rows.
// CHECK-LABEL: llvm.func @ragged(
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){12}[)]}}
// CHECK-COUNT-48: vector.fma
// CHECK: scf.yield
// CHECK-COUNT-24: vector.fma
// CHECK-NOT: vector.fma
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){9}[)]}} -> ({{(vector<8xf32>(, )?){9}[)]}}
// CHECK-COUNT-36: vector.fma
// CHECK-NOT: vector.fma
attn.forward @ragged attributes {D = 6 : i64, Dv = 3 : i64, dtype = f32,
                                 params = [], buffers = []}

// -----

// The smallest kernel needs no loop over d.
// CHECK-LABEL: llvm.func @smallest(
// CHECK-COUNT-12: vector.fma
// CHECK-NOT: vector.fma
// CHECK: scf.for {{.*}} iter_args({{(%[a-z0-9_]+ = %[a-z0-9_]+(, )?){3}[)]}} -> ({{(vector<8xf32>(, )?){3}[)]}}
// CHECK-COUNT-12: vector.fma
// CHECK-NOT: vector.fma
attn.forward @smallest attributes {D = 1 : i64, Dv = 1 : i64, dtype = f32,
                                   params = [], buffers = []}

// -----

// Every kernel of a module, each with helpers of its own.
// CHECK-LABEL: llvm.func @first(
// CHECK: llvm.call @first_rescale
// CHECK-LABEL: llvm.func @second(
// CHECK: llvm.call @second_rescale
attn.forward @first attributes {D = 8 : i64, Dv = 8 : i64, dtype = f32,
                                params = [], buffers = []}
attn.forward @second attributes {D = 512 : i64, Dv = 512 : i64, dtype = f32,
                                 params = [], buffers = []}

// -----

// A block of 16-bit keys and values is widened once, before the strips read it;
// 16 bits are stored at the end alone.
// CHECK-LABEL: llvm.func @half(
// CHECK: llvm.load {{.*}} -> vector<8xf16>
// CHECK: arith.extf {{.*}} : vector<8xf16> to vector<8xf32>
// CHECK: vector.fma
// CHECK: arith.truncf {{.*}} : vector<8xf32> to vector<8xf16>
attn.forward @half attributes {D = 64 : i64, Dv = 64 : i64, dtype = f16,
                               params = [], buffers = []}

// -----

// A prob mod follows the sum of the weights; 0 stays where nothing is kept.
// CHECK-LABEL: llvm.func @prob(
// CHECK: llvm.call @prob_rescale
// CHECK: scf.for
// CHECK-COUNT-3: arith.select {{.*}} : vector<8xi1>, vector<8xf32>
// CHECK: scf.for {{.*}} iter_args(
// CHECK-COUNT-48: vector.fma
attn.forward @prob attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                               params = [], buffers = []}
prob(%p: f32) {
  attn.yield %p : f32
}

// -----

// Two passes are one loop around the code of both: the tile's product is there
// once, and the values join in the second pass alone.
// CHECK-LABEL: llvm.func @two_pass(
// CHECK: scf.for %[[PASS:[a-z0-9_]+]] = %c0{{.*}} to %c2{{.*}} step %c1
// CHECK: %[[SECOND:.*]] = arith.cmpi eq, %[[PASS]]
// CHECK-COUNT-48: vector.fma
// CHECK: llvm.call @two_pass_rescale
// CHECK: scf.if %[[SECOND]] {
// CHECK: llvm.intr.sqrt
// CHECK: scf.if %[[SECOND]] {
// CHECK-COUNT-48: vector.fma
// CHECK-NOT: vector.fma
// CHECK: llvm.call @two_pass_unpack
attn.forward @two_pass attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                   two_pass, params = [], buffers = []}
prob(%p: f32) {
  %r = attn.apply sqrt(%p) : (f32) -> f32
  attn.yield %r : f32
}

// -----

// A sink joins l when a strip is finished; what is the same for all rows is
// computed once an item.
// CHECK-LABEL: llvm.func @sink(
// CHECK: %[[SINK:.*]] = arith.constant 1.250000e+00 : f32
// CHECK: vector.fma
// CHECK: vector.broadcast %[[SINK]]
// CHECK: llvm.call @sink_unpack
attn.forward @sink attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                               params = [], buffers = []}
sink {
  %c = attn.constant 1.25 : f32
  attn.yield %c : f32
}

// -----

// Philox stands in a loop over the columns, 20 products a call, and where no
// weight can be dropped it is not called.
// CHECK-LABEL: llvm.func @dropout(
// CHECK: %[[RATE:.*]] = arith.cmpi ne, %{{.*}}, %c0_i32
// CHECK: scf.if %[[RATE]] {
// CHECK-COUNT-20: arith.mului_extended
// CHECK-NOT: arith.mului_extended
// CHECK-COUNT-4: arith.cmpi uge, {{.*}} : vector<8xi32>
attn.forward @dropout attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                  dropout, params = [], buffers = []}

// -----

// Without a softmax nothing is rescaled.
// CHECK-LABEL: llvm.func @sums(
// CHECK-NOT: llvm.call @sums_rescale
// CHECK: llvm.call @sums_unpack
attn.forward @sums attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                               normalize = #attn<normalization none>,
                               params = [], buffers = []}
