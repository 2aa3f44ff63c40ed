// What the parser reads, the printer writes: in custom syntax, and through the
// generic one.
// RUN: attn-opt %s | attn-opt | FileCheck %s
// RUN: attn-opt --mlir-print-op-generic %s | attn-opt | FileCheck %s

// Without regions: plain attention. The default normalisation is not printed.
// CHECK-LABEL: attn.forward @plain attributes
// CHECK-DAG: D = 64 : i64
// CHECK-DAG: Dv = 32 : i64
// CHECK-DAG: dtype = bf16
// CHECK-DAG: params = []
// CHECK-DAG: buffers = []
// CHECK-NOT: {{score|mask|prob|sink|bounds|normalize|two_pass}}
attn.forward @plain attributes {D = 64 : i64, Dv = 32 : i64, dtype = bf16,
                                params = [], buffers = []}

// CHECK-LABEL: attn.forward @flags attributes
// CHECK-DAG: dropout
// CHECK-DAG: mask_tensor
// CHECK-DAG: normalize = #attn<normalization none>
// CHECK-DAG: params = [f32, i32, i1]
// CHECK-DAG: buffers = [tensor<f32>, tensor<3xf16>, tensor<?x4xbf16>, tensor<?x?x?xi32>, tensor<1x2x3x4xi64>, tensor<0xui8>, tensor<?xi8>]
attn.forward @flags attributes {
  D = 1 : i64, Dv = 512 : i64, dtype = f16, mask_tensor, dropout,
  normalize = #attn<normalization none>, params = [f32, i32, i1],
  buffers = [tensor<f32>, tensor<3xf16>, tensor<?x4xbf16>, tensor<?x?x?xi32>,
             tensor<1x2x3x4xi64>, tensor<0xui8>, tensor<?xi8>]}

// An empty pair of braces is an absent region, and is not printed.
// CHECK-LABEL: attn.forward @absent
// CHECK-NOT: mask {
attn.forward @absent attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                 params = [], buffers = []}
mask {}

// CHECK-LABEL: attn.forward @regions
attn.forward @regions attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                  params = [f32, i1],
                                  buffers = [tensor<f32>, tensor<?x?xi8>]}
// CHECK: score(%[[S:.*]]: f32) {
// CHECK-NEXT: %[[P:.*]] = attn.param 0 : f32
// CHECK-NEXT: %[[X:.*]] = attn.load 0[] : f32
// CHECK-NEXT: %[[Y:.*]] = attn.apply mul(%[[S]], %[[X]]) : (f32, f32) -> f32
// CHECK-NEXT: %[[Z:.*]] = attn.apply tanh(%[[Y]]) : (f32) -> f32
// CHECK-NEXT: attn.yield %[[Z]] : f32
score(%s: f32) {
  %p = attn.param 0 : f32
  %x = attn.load 0[] : f32
  %y = attn.apply mul(%s, %x) : (f32, f32) -> f32
  %z = attn.apply tanh(%y) : (f32) -> f32
  attn.yield %z : f32
}
// CHECK: mask {
// CHECK-NEXT: %[[Q:.*]] = attn.position q
// CHECK-NEXT: %[[KV:.*]] = attn.position kv_local
// CHECK-NEXT: %[[N:.*]] = attn.extent Hq_global
// CHECK-NEXT: %[[R:.*]] = attn.reduce any -1 to 4 : i1 {
// CHECK-NEXT: ^bb0(%[[T:.*]]: i32):
// CHECK-NEXT: %[[A:.*]] = attn.apply add(%[[T]], %[[KV]]) : (i32, i32) -> i32
// CHECK-NEXT: %[[L:.*]] = attn.load 1[%[[Q]], %[[A]]] : i1
// CHECK-NEXT: attn.yield %[[L]] : i1
// CHECK-NEXT: }
// CHECK-NEXT: %[[C:.*]] = attn.constant true
// CHECK-NEXT: %[[M:.*]] = attn.param 1 : i1
// CHECK-NEXT: %[[W:.*]] = attn.apply where(%[[R]], %[[C]], %[[M]]) : (i1, i1, i1) -> i1
mask {
  %q = attn.position q
  %kv = attn.position kv_local
  %n = attn.extent Hq_global
  %r = attn.reduce any -1 to 4 : i1 {
  ^bb0(%t: i32):
    %a = attn.apply add(%t, %kv) : (i32, i32) -> i32
    %l = attn.load 1[%q, %a] : i1
    attn.yield %l : i1
  }
  %c = attn.constant true
  %m = attn.param 1 : i1
  %w = attn.apply where(%r, %c, %m) : (i1, i1, i1) -> i1
  attn.yield %w : i1
}
// CHECK: prob(%[[P:.*]]: f32) {
// CHECK-NEXT: attn.yield %[[P]] : f32
prob(%p: f32) {
  attn.yield %p : f32
}
// CHECK: sink {
// CHECK-NEXT: attn.constant -1.500000e+00 : f32
// CHECK: attn.yield
sink {
  %s = attn.constant -1.5 : f32
  attn.yield %s : f32
}
// Corners may be wide: bounds are computed in i64.
// CHECK: bounds {
// CHECK-NEXT: %[[LO:.*]] = attn.position q_lo
// CHECK-NEXT: %[[HI:.*]] = attn.position kv_hi
// CHECK-NEXT: %[[WIDE:.*]] = attn.apply to_i64(%[[LO]]) : (i32) -> i64
// CHECK-NEXT: %[[BIG:.*]] = attn.constant 4294967296 : i64
// CHECK-NEXT: %[[LT:.*]] = attn.apply lt(%[[WIDE]], %[[BIG]]) : (i64, i64) -> i1
// CHECK-NEXT: %[[GE:.*]] = attn.apply ge(%[[LO]], %[[HI]]) : (i32, i32) -> i1
// CHECK-NEXT: attn.yield %[[LT]], %[[GE]] : i1, i1
bounds {
  %lo = attn.position q_lo
  %hi = attn.position kv_hi
  %wide = attn.apply to_i64(%lo) : (i32) -> i64
  %big = attn.constant 4294967296 : i64
  %lt = attn.apply lt(%wide, %big) : (i64, i64) -> i1
  %ge = attn.apply ge(%lo, %hi) : (i32, i32) -> i1
  attn.yield %lt, %ge : i1, i1
}

// Every position, extent, reduction and function has a name that reads back.
// CHECK-LABEL: attn.forward @names
attn.forward @names attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                params = [], buffers = []}
score(%f: f32) {
  // CHECK: attn.position b{{$}}
  %b = attn.position b
  // CHECK: attn.position h{{$}}
  %h = attn.position h
  // CHECK: attn.position kv{{$}}
  %kv = attn.position kv
  // CHECK: attn.position q_local{{$}}
  %q_local = attn.position q_local
  // CHECK: attn.position kvh{{$}}
  %kvh = attn.position kvh
  // CHECK: attn.extent B{{$}}
  %B = attn.extent B
  // CHECK: attn.extent Hq{{$}}
  %Hq = attn.extent Hq
  // CHECK: attn.extent Hkv{{$}}
  %Hkv = attn.extent Hkv
  // CHECK: attn.extent Sq{{$}}
  %Sq = attn.extent Sq
  // CHECK: attn.extent Skv{{$}}
  %Skv = attn.extent Skv
  // CHECK: attn.extent D{{$}}
  %D = attn.extent D
  // CHECK: attn.extent B_global{{$}}
  %BG = attn.extent B_global
  // CHECK-NEXT: attn.apply neg
  %u0 = attn.apply neg(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply not
  %u1 = attn.apply not(%b) : (i32) -> i32
  // CHECK-NEXT: attn.apply abs
  %u2 = attn.apply abs(%b) : (i32) -> i32
  // CHECK-NEXT: attn.apply sign
  %u3 = attn.apply sign(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply floor
  %u4 = attn.apply floor(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply ceil
  %u5 = attn.apply ceil(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply trunc
  %u6 = attn.apply trunc(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply round
  %u7 = attn.apply round(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply exp(
  %u8 = attn.apply exp(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply exp2(
  %u9 = attn.apply exp2(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply log(
  %u10 = attn.apply log(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply log2(
  %u11 = attn.apply log2(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply sqrt
  %u12 = attn.apply sqrt(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply rsqrt
  %u13 = attn.apply rsqrt(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply tanh
  %u14 = attn.apply tanh(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply sigmoid
  %u15 = attn.apply sigmoid(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply erf
  %u16 = attn.apply erf(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply sin
  %u17 = attn.apply sin(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply cos
  %u18 = attn.apply cos(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply gelu
  %u19 = attn.apply gelu(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply relu
  %u20 = attn.apply relu(%f) : (f32) -> f32
  // CHECK-NEXT: attn.apply to_f32({{.*}}) : (i32) -> f32
  %u21 = attn.apply to_f32(%b) : (i32) -> f32
  // CHECK-NEXT: attn.apply to_i32({{.*}}) : (f32) -> i32
  %u22 = attn.apply to_i32(%f) : (f32) -> i32
  // CHECK-NEXT: attn.apply to_bool({{.*}}) : (i32) -> i1
  %u23 = attn.apply to_bool(%b) : (i32) -> i1
  // CHECK-NEXT: attn.apply to_i64({{.*}}) : (i32) -> i64
  %u24 = attn.apply to_i64(%b) : (i32) -> i64
  // CHECK-NEXT: attn.apply add
  %b0 = attn.apply add(%b, %h) : (i32, i32) -> i32
  // CHECK-NEXT: attn.apply sub
  %b1 = attn.apply sub(%b, %h) : (i32, i32) -> i32
  // CHECK-NEXT: attn.apply mul
  %b2 = attn.apply mul(%b, %h) : (i32, i32) -> i32
  // CHECK-NEXT: attn.apply div
  %b3 = attn.apply div(%f, %f) : (f32, f32) -> f32
  // CHECK-NEXT: attn.apply floordiv
  %b4 = attn.apply floordiv(%b, %h) : (i32, i32) -> i32
  // CHECK-NEXT: attn.apply mod
  %b5 = attn.apply mod(%b, %h) : (i32, i32) -> i32
  // CHECK-NEXT: attn.apply and
  %b6 = attn.apply and(%b, %h) : (i32, i32) -> i32
  // CHECK-NEXT: attn.apply or
  %b7 = attn.apply or(%u23, %u23) : (i1, i1) -> i1
  // CHECK-NEXT: attn.apply xor
  %b8 = attn.apply xor(%b, %h) : (i32, i32) -> i32
  // CHECK-NEXT: attn.apply shl
  %b9 = attn.apply shl(%b, %h) : (i32, i32) -> i32
  // CHECK-NEXT: attn.apply shr
  %b10 = attn.apply shr(%b, %h) : (i32, i32) -> i32
  // CHECK-NEXT: attn.apply le
  %b11 = attn.apply le(%b, %h) : (i32, i32) -> i1
  // CHECK-NEXT: attn.apply gt
  %b12 = attn.apply gt(%f, %f) : (f32, f32) -> i1
  // CHECK-NEXT: attn.apply eq
  %b13 = attn.apply eq(%u23, %u23) : (i1, i1) -> i1
  // CHECK-NEXT: attn.apply ne
  %b14 = attn.apply ne(%u24, %u24) : (i64, i64) -> i1
  // CHECK-NEXT: attn.apply min
  %b15 = attn.apply min(%u24, %u24) : (i64, i64) -> i64
  // CHECK-NEXT: attn.apply max
  %b16 = attn.apply max(%f, %f) : (f32, f32) -> f32
  // CHECK-NEXT: attn.apply pow
  %b17 = attn.apply pow(%f, %f) : (f32, f32) -> f32
  // CHECK-NEXT: attn.reduce all 0 to 65536 : i1
  %r0 = attn.reduce all 0 to 65536 : i1 {
  ^bb0(%t: i32):
    attn.yield %u23 : i1
  }
  // The end of a range may be one past the largest i32.
  // CHECK: attn.reduce sum 2147483647 to 2147483648 : f32
  %r1 = attn.reduce sum 2147483647 to 2147483648 : f32 {
  ^bb0(%t: i32):
    attn.yield %f : f32
  }
  // CHECK: attn.reduce min -2147483648 to -2147483647 : i32
  %r2 = attn.reduce min -2147483648 to -2147483647 : i32 {
  ^bb0(%t: i32):
    attn.yield %t : i32
  }
  // CHECK: attn.reduce max 0 to 1 : f32
  %r3 = attn.reduce max 0 to 1 : f32 {
  ^bb0(%t: i32):
    attn.yield %f : f32
  }
  attn.yield %f : f32
}
bounds {
  // CHECK: attn.position q_lo
  %q_lo = attn.position q_lo
  // CHECK: attn.position q_hi
  %q_hi = attn.position q_hi
  // CHECK: attn.position kv_lo
  %kv_lo = attn.position kv_lo
  // CHECK: attn.constant false
  %no = attn.constant false
  attn.yield %no, %no : i1, i1
}

// CHECK-LABEL: attn.forward @two_pass attributes
// CHECK-SAME: two_pass
// CHECK: prob(
attn.forward @two_pass attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                   two_pass, params = [], buffers = []}
prob(%p: f32) {
  %q = attn.apply sqrt(%p) : (f32) -> f32
  attn.yield %q : f32
}

// Boxes of buffers and their corners exist in the bounds alone.
// CHECK-LABEL: attn.forward @boxes
attn.forward @boxes attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                                params = [],
                                buffers = [tensor<?xi64>, tensor<?x?xi8>]}
bounds {
  // CHECK: attn.position q_local_lo{{$}}
  %a = attn.position q_local_lo
  // CHECK: attn.position q_local_hi{{$}}
  %b = attn.position q_local_hi
  // CHECK: attn.position kv_local_lo{{$}}
  %c = attn.position kv_local_lo
  // CHECK: attn.position kv_local_hi{{$}}
  %d = attn.position kv_local_hi
  // CHECK: attn.load_range min 0[%{{.*}}, %{{.*}}] : i32
  %x = attn.load_range min 0[%a, %b] : i32
  // CHECK: attn.load_range max 0[%{{.*}}, %{{.*}}] : i32
  %y = attn.load_range max 0[%a, %b] : i32
  %lt = attn.apply lt(%x, %y) : (i32, i32) -> i1
  // CHECK: attn.load_range any 1[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] : i1
  %u = attn.load_range any 1[%a, %b, %c, %d] : i1
  // CHECK: attn.load_range all 1[%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}] : i1
  %v = attn.load_range all 1[%a, %b, %c, %d] : i1
  %w = attn.apply and(%u, %v) : (i1, i1) -> i1
  attn.yield %lt, %w : i1, i1
}

// Where tiles may be cut, and subscripts that need no clamp.
// CHECK-LABEL: attn.forward @cut
// CHECK-SAME: kv_cuts = array<i64: 64, 3>
// CHECK-SAME: q_cuts = array<i64: 64, 0, 16, 5>
// CHECK-SAME: ranges = array<i64: 0, 0>
attn.forward @cut attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32,
                              params = [], buffers = [tensor<16xf32>],
                              q_cuts = array<i64: 64, 0, 16, 5>,
                              kv_cuts = array<i64: 64, 3>,
                              ranges = array<i64: 0, 0>}
score(%s: f32) {
  %q = attn.position q
  %n = attn.constant 16 : i32
  %i = attn.apply mod(%q, %n) : (i32, i32) -> i32
  // CHECK: attn.load 0[%{{.*}}] {in_bounds = 1 : i64} : f32
  %x = attn.load 0[%i] {in_bounds = 1 : i64} : f32
  attn.yield %x : f32
}
