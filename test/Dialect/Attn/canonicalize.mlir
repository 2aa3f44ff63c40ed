// Upstream's passes find nothing to break in the regions: constants stay in
// the op that is isolated from above, and what is not used goes.
// RUN: attn-opt --canonicalize --cse %s | FileCheck %s

// CHECK-LABEL: attn.forward @constants
// CHECK: mask {
// CHECK-NEXT: %[[C:.*]] = attn.constant 7 : i32
// CHECK-NEXT: %[[R:.*]] = attn.reduce any 0 to 2 : i1 {
// CHECK-NEXT: ^bb0(%[[T:.*]]: i32):
// CHECK-NEXT: attn.apply eq(%[[T]], %[[C]])
// CHECK-NOT: attn.load
// CHECK: attn.yield %[[R]] : i1
attn.forward @constants attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                    params = [], buffers = [tensor<2xi32>]}
mask {
  %unused = attn.constant 0 : i32
  %dead = attn.load 0[%unused] : i32
  %r = attn.reduce any 0 to 2 : i1 {
  ^bb0(%t: i32):
    %c0 = attn.constant 7 : i32
    %c1 = attn.constant 7 : i32
    %x = attn.apply eq(%t, %c0) : (i32, i32) -> i1
    %y = attn.apply eq(%t, %c1) : (i32, i32) -> i1
    %z = attn.apply and(%x, %y) : (i1, i1) -> i1
    attn.yield %z : i1
  }
  attn.yield %r : i1
}
