// A mod whose code is too long for each pair of a lane is emitted for a block of
// eight columns, in a loop. What loops compute is tested in test/emulator.
// RUN: attn-opt --attn-lower-forward-nvptx=gpu=sm_80 --split-input-file %s | FileCheck %s
// RUN: attn-opt --attn-lower-forward-nvptx="gpu=sm_80 entry=decode" --split-input-file %s | FileCheck %s --check-prefix=DECODE

// CHECK-DAG: #[[UNROLL:.*]] = #llvm.loop_unroll<disable = true>
// CHECK-DAG: #[[FOUR:.*]] = #llvm.loop_unroll<count = 4 : i32>
// CHECK-DAG: #[[ROLLED:.*]] = #llvm.loop_annotation<unroll = #[[UNROLL]]>
// CHECK-DAG: #[[BY_FOUR:.*]] = #llvm.loop_annotation<unroll = #[[FOUR]]>

// CHECK-LABEL: llvm.func @long(
// CHECK-COUNT-64: nvvm.mma.sync
// The tanh of the distances of the block before the first one: of four rows and
// two columns.
// CHECK: scf.for %{{.*}} to %c3_i32{{.*}} -> (f32, f32, f32, f32, f32, f32, f32, f32)
// CHECK: {loop_annotation = #[[ROLLED]]}
// Eight turns, 64 scores and eight distances; of four rows and two columns, eight
// reductions.
// CHECK: :72 = scf.for %{{.*}} to %c8_i32
// CHECK-COUNT-8: {loop_annotation = #[[BY_FOUR]]}
// CHECK-NOT: #[[BY_FOUR]]
// CHECK: {loop_annotation = #[[ROLLED]]}
// CHECK-COUNT-64: nvvm.mma.sync

// Of decode, eight pairs a lane: two turns.
// DECODE-LABEL: llvm.func @long(
// DECODE: :8 = scf.for %{{.*}} to %c2_i32
// DECODE: {loop_annotation = #{{.*}}}
attn.forward @long attributes {D = 64 : i64, Dv = 64 : i64, dtype = bf16, params = [], buffers = [tensor<32xf32>]}
score(%s: f32) {
  %q = attn.position q
  %kv = attn.position kv
  %distance = attn.apply sub(%q, %kv) : (i32, i32) -> i32
  %d = attn.apply to_f32(%distance) : (i32) -> f32
  %t = attn.apply tanh(%d) : (f32) -> f32
  %sum = attn.reduce sum 0 to 32 : f32 {
  ^bb0(%i: i32):
    %a = attn.load 0[%i] : f32
    %qi = attn.apply mul(%q, %i) : (i32, i32) -> i32
    %x = attn.apply add(%kv, %qi) : (i32, i32) -> i32
    %c = attn.constant 7 : i32
    %m = attn.apply mod(%x, %c) : (i32, i32) -> i32
    %f = attn.apply to_f32(%m) : (i32) -> f32
    %y = attn.apply mul(%a, %f) : (f32, f32) -> f32
    attn.yield %y : f32
  }
  %r = attn.apply add(%s, %sum) : (f32, f32) -> f32
  %rt = attn.apply add(%t, %r) : (f32, f32) -> f32
  attn.yield %rt : f32
}

// -----

// Few operations in a reduction over a few elements, which LLVM unrolls.
// CHECK-LABEL: llvm.func @short(
// CHECK: nvvm.mma.sync
// CHECK-NOT: loop_annotation
// CHECK: llvm.return
// DECODE-LABEL: llvm.func @short(
// DECODE: nvvm.mma.sync
// DECODE-NOT: loop_annotation
// DECODE: llvm.return
attn.forward @short attributes {D = 64 : i64, Dv = 64 : i64, dtype = bf16, params = [], buffers = [tensor<4xi32>]}
mask {
  %kv = attn.position kv
  %any = attn.reduce any 0 to 4 : i1 {
  ^bb0(%i: i32):
    %a = attn.load 0[%i] : i32
    %is = attn.apply eq(%a, %kv) : (i32, i32) -> i1
    attn.yield %is : i1
  }
  attn.yield %any : i1
}
