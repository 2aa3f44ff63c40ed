// Nothing but the LLVM dialect is left, no cast between dialects either.
// RUN: attn-opt --attn-lower-forward --attn-convert-kernel-to-llvm %s \
// RUN:   | FileCheck %s --implicit-check-not='{{(^|=) *"?(arith|attn|builtin|cf|scf|ub|vector)\.}}'
// RUN: attn-opt --attn-lower-forward --attn-convert-kernel-to-llvm %s \
// RUN:   | mlir-translate --mlir-to-llvmir | FileCheck %s --check-prefix=LLVM

// CHECK-LABEL: llvm.func internal @everything_rescale
// CHECK-LABEL: llvm.func @everything
// CHECK-DAG: llvm.intr.fmuladd
// CHECK-DAG: llvm.cond_br
// CHECK-DAG: llvm.intr.vector.reduce.or
// CHECK-DAG: llvm.intr.expect

// Only intrinsics are called besides the kernel's own helpers.
// LLVM-LABEL: define void @everything(ptr
// LLVM: call void @everything_rescale
// LLVM-NOT: declare {{.*}}@{{[^l]}}
attn.forward @everything attributes {
  D = 7 : i64, Dv = 9 : i64, dtype = f32, mask_tensor, params = [f32, i32, i1],
  buffers = [tensor<f32>, tensor<?xf16>, tensor<?x?xbf16>, tensor<?x?x?xi32>,
             tensor<?x?x?x?xi64>, tensor<?xui8>, tensor<?xi8>]}
score(%s: f32) {
  %q = attn.position q
  %kv = attn.position kv
  %p = attn.param 0 : f32
  %x0 = attn.load 0[] : f32
  %x1 = attn.load 1[%q] : f32
  %x2 = attn.load 2[%q, %kv] : f32
  %i3 = attn.load 3[%q, %kv, %q] : i32
  %i4 = attn.load 4[%q, %kv, %q, %kv] : i32
  %i5 = attn.load 5[%kv] : i32
  %y0 = attn.apply pow(%s, %p) : (f32, f32) -> f32
  %y1 = attn.apply sin(%y0) : (f32) -> f32
  %y2 = attn.apply erf(%y1) : (f32) -> f32
  %y3 = attn.apply min(%y2, %x0) : (f32, f32) -> f32
  %y4 = attn.apply add(%y3, %x1) : (f32, f32) -> f32
  %y5 = attn.apply round(%x2) : (f32) -> f32
  %y6 = attn.apply mul(%y4, %y5) : (f32, f32) -> f32
  %j0 = attn.apply floordiv(%i3, %i4) : (i32, i32) -> i32
  %j1 = attn.apply mod(%j0, %i5) : (i32, i32) -> i32
  %j2 = attn.apply to_i32(%y6) : (f32) -> i32
  %j3 = attn.apply shl(%j2, %j1) : (i32, i32) -> i32
  %y7 = attn.apply to_f32(%j3) : (i32) -> f32
  %y8 = attn.reduce sum 0 to 3 : f32 {
  ^bb0(%t: i32):
    %z = attn.load 1[%t] : f32
    attn.yield %z : f32
  }
  %y9 = attn.apply add(%y7, %y8) : (f32, f32) -> f32
  attn.yield %y9 : f32
}
mask {
  %kv = attn.position kv
  %b = attn.load 6[%kv] : i1
  %c = attn.param 2 : i1
  %d = attn.apply or(%b, %c) : (i1, i1) -> i1
  attn.yield %d : i1
}
bounds {
  %lo = attn.position kv_lo
  %i = attn.param 1 : i32
  %x = attn.apply to_i64(%lo) : (i32) -> i64
  %y = attn.apply to_i64(%i) : (i32) -> i64
  %z = attn.apply floordiv(%x, %y) : (i64, i64) -> i64
  %w = attn.apply lt(%z, %y) : (i64, i64) -> i1
  %no = attn.constant false
  attn.yield %w, %no : i1, i1
}
