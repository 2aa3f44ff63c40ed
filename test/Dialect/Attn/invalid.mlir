// Every message of the dialect's verifiers, and what must reach a verifier and
// not a crash.
// RUN: attn-opt %s --split-input-file --verify-diagnostics

// expected-error@+1 {{'attn.forward' op has D = 0, expected 1 to 512}}
attn.forward @f attributes {D = 0 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}

// -----

// The attribute is signless; a negative number is shown as one.
// expected-error@+1 {{has D = -1, expected 1 to 512}}
attn.forward @f attributes {D = -1 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}

// -----

// expected-error@+1 {{has Dv = 513, expected 1 to 512}}
attn.forward @f attributes {D = 64 : i64, Dv = 513 : i64, dtype = f32, params = [], buffers = []}

// -----

// expected-error@+1 {{has dtype 'f64', expected f32, f16 or bf16}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f64, params = [], buffers = []}

// -----

// expected-error@+1 {{has 1 numbers in `q_cuts`, expected pairs of period and offset}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [], q_cuts = array<i64: 64>}

// -----

// expected-error@+1 {{has a cut of period 64 and offset 64 in `kv_cuts`, expected a period of 2 or more and an offset below it}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [], kv_cuts = array<i64: 32, 5, 64, 64>}

// -----

// expected-error@+1 {{has a cut of period 1 and offset 0 in `q_cuts`}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [], q_cuts = array<i64: 1, 0>}

// -----

// expected-error@+1 {{has 3 numbers in `ranges`, expected pairs of buffer and axis}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xi32>], ranges = array<i64: 0, 0, 0>}

// -----

// expected-error@+1 {{has a range of buffer 1, expected one of 1}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xi32>], ranges = array<i64: 1, 0>}

// -----

// expected-error@+1 {{has a range of axis 1 of buffer 0, expected one of 1}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xi32>], ranges = array<i64: 0, 1>}

// -----

// expected-error@+1 {{has a param of type 'f16', expected f32, i32 or i1}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [f16], buffers = []}

// -----

// Signedness is not a matter of width.
// expected-error@+1 {{has a param of type 'ui32', expected f32, i32 or i1}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [i32, ui32], buffers = []}

// -----

// expected-error@+1 {{has a buffer of type 'f32', expected a ranked tensor of rank 0 to 4}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [f32]}

// -----

// expected-error@+1 {{has a buffer of type 'tensor<*xf32>', expected a ranked tensor of rank 0 to 4}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<*xf32>]}

// -----

// expected-error@+1 {{has a buffer of type 'tensor<1x1x1x1x1xf32>', expected a ranked tensor of rank 0 to 4}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<1x1x1x1x1xf32>]}

// -----

// expected-error@+1 {{has a buffer of 'f64' elements, expected f32, f16, bf16, i32, i64, ui8 or i8}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<4xf64>]}

// -----

// expected-error@+1 {{has a buffer of 'index' elements, expected f32, f16, bf16, i32, i64, ui8 or i8}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<4xindex>]}

// -----

// expected-error@+1 {{has a buffer of 'ui32' elements, expected f32, f16, bf16, i32, i64, ui8 or i8}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<4xui32>]}

// -----

// expected-error@+1 {{has a buffer of 'si8' elements, expected f32, f16, bf16, i32, i64, ui8 or i8}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<4xsi8>]}

// -----

// expected-error@+1 {{has a buffer of 'i1' elements, expected f32, f16, bf16, i32, i64, ui8 or i8}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<4xi1>]}

// -----

// expected-error@+1 {{has a buffer of 'complex<f32>' elements, expected f32, f16, bf16, i32, i64, ui8 or i8}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<4xcomplex<f32>>]}

// -----

// expected-error@+1 {{has a buffer of 'vector<4xf32>' elements, expected f32, f16, bf16, i32, i64, ui8 or i8}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<4xvector<4xf32>>]}

// -----

// expected-error@+1 {{attribute 'params' failed to satisfy constraint}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [3], buffers = []}

// -----

// expected-error@+1 {{requires attribute 'D'}}
attn.forward @f attributes {Dv = 64 : i64, dtype = f32, params = [], buffers = []}

// -----

// expected-error@+1 {{attribute 'D' failed to satisfy constraint}}
attn.forward @f attributes {D = 64 : i32, Dv = 64 : i64, dtype = f32, params = [], buffers = []}

// -----

// expected-error@+1 {{expected 5 regions}}
"attn.forward"() <{sym_name = "f", D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}> ({}, {}) : () -> ()

// -----

// expected-error@+1 {{region `score` needs one f32 argument}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
score(%s: i32) {
  %c = attn.constant 0.0 : f32
  attn.yield %c : f32
}

// -----

// The custom syntax cannot write a mask with an argument, the generic one can.
// expected-error@+1 {{region `mask` needs no argument}}
"attn.forward"() <{sym_name = "f", D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}> ({}, {
^bb0(%x: f32):
  %c = "attn.constant"() <{value = true}> : () -> i1
  "attn.yield"(%c) : (i1) -> ()
}, {}, {}, {}) : () -> ()

// -----

// expected-error@+1 {{region `mask` needs to yield 1 x 'i1'}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
mask {
  %c = attn.constant 0 : i32
  attn.yield %c : i32
}

// -----

// expected-error@+1 {{region `sink` needs to yield 1 x 'f32'}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %c = attn.constant true
  attn.yield %c : i1
}

// -----

// expected-error@+1 {{region `bounds` needs to yield 2 x 'i1'}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
bounds {
  %c = attn.constant true
  attn.yield %c : i1
}

// -----

// A region without a terminator, before anything looks for one.
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
mask {
  // expected-error@+1 {{block with no terminator}}
  %c = attn.constant true
}

// -----

// A block without operations: written with a label, since `{}` is no region.
// expected-error@+1 {{empty block: expect at least a terminator}}
"attn.forward"() <{sym_name = "f", D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}> ({}, {
^bb0:
}, {}, {}, {}) : () -> ()

// -----

// expected-error@+1 {{region #1 ('mask') failed to verify constraint: region with at most 1 blocks}}
"attn.forward"() <{sym_name = "f", D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}> ({}, {
  %c = "attn.constant"() <{value = true}> : () -> i1
  "cf.br"()[^bb1] : () -> ()
^bb1:
  "attn.yield"(%c) : (i1) -> ()
}, {}, {}, {}) : () -> ()

// -----

// expected-error@+1 {{region `mask` needs to yield 1 x 'i1'}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
mask {
  llvm.unreachable
}

// -----

// Nothing from outside reaches a region: a kernel stands alone.
%outside = attn.constant true
// expected-note@+1 {{required by region isolation constraints}}
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
mask {
  // expected-error@+1 {{using value defined outside the region}}
  attn.yield %outside : i1
}

// -----

// An operation that the emitters have no code for, though it is harmless.
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
mask {
  // expected-error@+1 {{'arith.constant' op cannot stand in region `mask`}}
  %c = arith.constant true
  attn.yield %c : i1
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
mask {
  %c = attn.constant true
  // expected-error@+1 {{symbol's parent must have the SymbolTable trait}}
  "attn.forward"() <{sym_name = "g", D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}> ({}, {}, {}, {}, {}) : () -> ()
  attn.yield %c : i1
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
mask {
  // expected-error@+1 {{cannot name `q_lo` in region `mask`}}
  %p = attn.position q_lo
  %c = attn.constant true
  attn.yield %c : i1
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
bounds {
  // expected-error@+1 {{cannot name `q` in region `bounds`}}
  %p = attn.position q
  %c = attn.constant true
  attn.yield %c, %c : i1, i1
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
bounds {
  // expected-error@+1 {{cannot name `kv_local` in region `bounds`}}
  %p = attn.position kv_local
  %c = attn.constant true
  attn.yield %c, %c : i1, i1
}

// -----

// Also inside a reduction.
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
mask {
  %r = attn.reduce any 0 to 2 : i1 {
  ^bb0(%t: i32):
    // expected-error@+1 {{cannot name `kv_hi` in region `mask`}}
    %p = attn.position kv_hi
    %c = attn.apply eq(%p, %t) : (i32, i32) -> i1
    attn.yield %c : i1
  }
  attn.yield %r : i1
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [f32], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{has ordinal 1, but the kernel declares 1 params}}
  %x = attn.param 1 : f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [f32], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{has ordinal -1, but the kernel declares 1 params}}
  %x = attn.param -1 : f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [f32], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{has type 'i32', but param 0 is declared 'f32'}}
  %x = attn.param 0 : i32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{has ordinal 0, but the kernel declares 0 buffers}}
  %x = attn.load 0[%i] : f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xf32>]}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{has ordinal -1, but the kernel declares 1 buffers}}
  %x = attn.load -1[%i] : f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xf32>]}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{has 0 subscripts, but buffer 0 has rank 1}}
  %x = attn.load 0[] : f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?x?x?x?xf32>]}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{has 5 subscripts, but buffer 0 has rank 4}}
  %x = attn.load 0[%i, %i, %i, %i, %i] : f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xf32>]}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{operand #0 must be variadic of 32-bit signless integer, but got 'f32'}}
  %x = "attn.load"(%f) <{ordinal = 0}> : (f32) -> f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xf16>]}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{gives 'i32', but elements of buffer 0 load as 'f32'}}
  %x = attn.load 0[%i] : i32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xbf16>]}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{gives 'i1', but elements of buffer 0 load as 'f32'}}
  %x = attn.load 0[%i] : i1
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xi32>]}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{gives 'f32', but elements of buffer 0 load as 'i32'}}
  %x = attn.load 0[%i] : f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xi64>]}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{gives 'i64', but elements of buffer 0 load as 'i32'}}
  %x = attn.load 0[%i] : i64
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xui8>]}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{gives 'i1', but elements of buffer 0 load as 'i32'}}
  %x = attn.load 0[%i] : i1
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xi8>]}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{gives 'i32', but elements of buffer 0 load as 'i1'}}
  %x = attn.load 0[%i] : i32
  attn.yield %f : f32
}

// -----

// A string may carry a type; it is still no number.
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{has the value "0" : i32, expected a number}}
  %x = attn.constant "0" : i32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{result #0 must be 32-bit float or 32-bit signless integer or 1-bit signless integer or 64-bit signless integer, but got 'ui32'}}
  %x = attn.constant 0 : ui32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{result #0 must be}}
  %x = attn.constant dense<0> : tensor<2xi32>
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{`tanh` does not take }}
  %x = attn.apply tanh(%i) : (i32) -> f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{`neg` does not take }}
  %x = attn.apply neg(%b) : (i1) -> i1
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{`not` does not take }}
  %x = attn.apply not(%f) : (f32) -> f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %w = attn.constant 0 : i64
  // expected-error@+1 {{`to_f32` does not take }}
  %x = attn.apply to_f32(%w) : (i64) -> f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{`to_i64` does not take }}
  %x = attn.apply to_i64(%b) : (i1) -> i64
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{`to_i32` does not take }}
  %x = attn.apply to_i32(%f) : (f32) -> f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{`to_bool` does not take }}
  %x = attn.apply to_bool(%i, %i) : (i32, i32) -> i1
  attn.yield %f : f32
}

// -----

// Conversions are written out.
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{`add` does not take }}
  %x = attn.apply add(%i, %f) : (i32, f32) -> f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{`add` does not take }}
  %x = attn.apply add(%b, %b) : (i1, i1) -> i1
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{`div` does not take }}
  %x = attn.apply div(%i, %i) : (i32, i32) -> i32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{`floordiv` does not take }}
  %x = attn.apply floordiv(%f, %f) : (f32, f32) -> f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %w = attn.constant 0 : i64
  // expected-error@+1 {{`mod` does not take }}
  %x = attn.apply mod(%w, %w) : (i64, i64) -> i64
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  %w = attn.constant 0 : i64
  // expected-error@+1 {{`shl` does not take }}
  %x = attn.apply shl(%i, %w) : (i32, i64) -> i32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %w = attn.constant 0 : i64
  // expected-error@+1 {{`and` does not take }}
  %x = attn.apply and(%w, %w) : (i64, i64) -> i64
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{`lt` does not take }}
  %x = attn.apply lt(%b, %b) : (i1, i1) -> i1
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{`eq` does not take }}
  %x = attn.apply eq(%i, %b) : (i32, i1) -> i1
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{`where` does not take }}
  %x = attn.apply where(%i, %f, %f) : (i32, f32, f32) -> f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{`where` does not take }}
  %x = attn.apply where(%b, %i, %f) : (i1, i32, f32) -> f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{`pow` does not take }}
  %x = attn.apply pow(%f) : (f32) -> f32
  attn.yield %f : f32
}

// -----

// No operand at all.
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{`exp` does not take }}
  %x = attn.apply exp() : () -> f32
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{has the empty range 4 to 4}}
  %x = attn.reduce any 4 to 4 : i1 {
  ^bb0(%t: i32):
    attn.yield %b : i1
  }
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{has the empty range 4 to -4}}
  %x = attn.reduce any 4 to -4 : i1 {
  ^bb0(%t: i32):
    attn.yield %b : i1
  }
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{has 65537 steps, expected at most 65536}}
  %x = attn.reduce any 0 to 65537 : i1 {
  ^bb0(%t: i32):
    attn.yield %b : i1
  }
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{has the range 2147483647 to 2147483649, which holds values that are not i32}}
  %x = attn.reduce any 2147483647 to 2147483649 : i1 {
  ^bb0(%t: i32):
    attn.yield %b : i1
  }
  attn.yield %f : f32
}

// -----

// The number of steps does not fit an i64.
attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{which holds values that are not i32}}
  %x = attn.reduce any -9223372036854775808 to 9223372036854775807 : i1 {
  ^bb0(%t: i32):
    attn.yield %b : i1
  }
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{cannot combine values of type 'i1' by sum}}
  %x = attn.reduce sum 0 to 4 : i1 {
  ^bb0(%t: i32):
    attn.yield %b : i1
  }
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{cannot combine values of type 'f32' by all}}
  %x = attn.reduce all 0 to 4 : f32 {
  ^bb0(%t: i32):
    attn.yield %f : f32
  }
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %w = attn.constant 0 : i64
  // expected-error@+1 {{cannot combine values of type 'i64' by max}}
  %x = attn.reduce max 0 to 4 : i64 {
  ^bb0(%t: i32):
    attn.yield %w : i64
  }
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{needs a body with one i32 argument}}
  %x = attn.reduce any 0 to 4 : i1 {
  ^bb0(%t: i64):
    attn.yield %b : i1
  }
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{needs a body with one i32 argument}}
  %x = attn.reduce any 0 to 4 : i1 {
  ^bb0(%t: ui32):
    attn.yield %b : i1
  }
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{needs a body with one i32 argument}}
  %x = attn.reduce any 0 to 4 : i1 {
  ^bb0(%t: i32, %u: i32):
    attn.yield %b : i1
  }
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %f = attn.constant 0.0 : f32
  %b = attn.constant true
  // expected-error@+1 {{needs a body that yields one 'i1'}}
  %x = attn.reduce any 0 to 4 : i1 {
  ^bb0(%t: i32):
    attn.yield %b, %b : i1, i1
  }
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
sink {
  %i = attn.constant 0 : i32
  %f = attn.constant 0.0 : f32
  // expected-error@+1 {{needs a body that yields one 'i1'}}
  %x = attn.reduce any 0 to 4 : i1 {
  ^bb0(%t: i32):
    attn.yield %i : i32
  }
  attn.yield %f : f32
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}
mask {
  // expected-error@+1 {{expects a non-empty block}}
  %x = attn.reduce any 0 to 4 : i1 {}
  attn.yield %x : i1
}

// -----

// expected-error@+1 {{expects parent op to be one of 'attn.forward, attn.reduce'}}
"attn.yield"() : () -> ()

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xi32>]}
bounds {
  %i = attn.constant 0 : i32
  %t = attn.constant true
  // expected-error@+1 {{has 1 subscripts, but buffer 0 has rank 1}}
  %x = attn.load_range min 0[%i] : i32
  attn.yield %t, %t : i1, i1
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xi32>]}
bounds {
  %i = attn.constant 0 : i32
  %t = attn.constant true
  // expected-error@+1 {{cannot bound values of type 'i32' by any}}
  %x = attn.load_range any 0[%i, %i] : i32
  attn.yield %t, %t : i1, i1
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xf32>]}
bounds {
  %i = attn.constant 0 : i32
  %t = attn.constant true
  // expected-error@+1 {{cannot bound values of type 'f32' by min}}
  %x = attn.load_range min 0[%i, %i] : f32
  attn.yield %t, %t : i1, i1
}

// -----

attn.forward @f attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = [tensor<?xi32>]}
mask {
  %i = attn.constant 0 : i32
  // expected-error@+1 {{cannot stand in region `mask`}}
  %x = attn.load_range max 0[%i, %i] : i32
  %t = attn.constant true
  attn.yield %t : i1
}
