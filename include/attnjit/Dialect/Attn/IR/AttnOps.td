//===- AttnOps.td - Operations of the attn dialect -------------*- tablegen -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_DIALECT_ATTN_IR_ATTNOPS_TD
#define ATTNJIT_DIALECT_ATTN_IR_ATTNOPS_TD

include "attnjit/Dialect/Attn/IR/AttnEnums.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"

class Attn_Op<string mnemonic, list<Trait> traits = []>
    : Op<Attn_Dialect, mnemonic, traits>;

/// Scalars of a mod. i64 occurs in the bounds region alone.
def Attn_Scalar : AnyTypeOf<[F32, I32, I1, I64]>;

def Attn_ForwardOp : Attn_Op<"forward", [
    IsolatedFromAbove, Symbol]> {
  let summary = "A fused attention kernel";
  let description = [{
    Computes, for every batch entry, head and query row i,

        s      = scale * dot(q[i], k[j])
        s'     = score(s)                 identity where the region is empty
        keep   = mask() and mask tensor and s' != -inf
        p      = softmax(s')              over the kept j; s' without one
        out[i] = sum_j dropout(prob(p[j])) * v[j]

    for tensors that it receives through the kernel ABI, not as operands. Each
    non-empty region is one block of this dialect's scalar operations, which
    ends in `attn.yield`:

    * `score`: argument the scaled score (f32), yields f32;
    * `mask`: yields i1;
    * `prob`: argument the probability (f32), yields f32;
    * `sink`: yields f32;
    * `bounds`: of the tile with corners `q_lo` to `kv_local_hi`, yields two i1:
      "mask is false everywhere" and "mask is true everywhere"; a false says
      nothing.

    `q_cuts` and `kv_cuts` say where `bounds` prove more of the parts of a tile
    than of the whole: pairs of a period and an offset; a part begins at each
    position p of a query (key) with `(p + offset) % period == 0`.

    `ranges` are pairs of a buffer's ordinal and an axis: where a run has
    summaries for `bounds`, in the order in which it has them.

    `two_pass` says that `prob` needs final probabilities: a target computes the
    scores of a row twice, first for the sum of their exponentials, then for the
    output. Without it, `prob` may be applied to probabilities times any
    positive factor of the row.

    `params` holds the types of the run-time scalars, `buffers` the ranked
    tensor types of the captured buffers, both by ordinal; a dynamic dimension
    is one whose size the mod does not fix. Elements are f32, f16, bf16, i32,
    i64, ui8, or i8 for bool.

    Example:

    ```mlir
    attn.forward @causal attributes {D = 128 : i64, Dv = 128 : i64, dtype = f32,
                          params = [], buffers = []}
    mask {
      %q = attn.position q
      %kv = attn.position kv
      %keep = attn.apply ge(%q, %kv) : (i32, i32) -> i1
      attn.yield %keep : i1
    }
    ```
  }];
  let arguments = (ins
    SymbolNameAttr:$sym_name,
    I64Attr:$D,
    I64Attr:$Dv,
    TypeAttr:$dtype,
    UnitAttr:$mask_tensor,
    UnitAttr:$dropout,
    DefaultValuedAttr<Attn_NormalizationAttr,
                      "::attnjit::attn::Normalization::Softmax">:$normalize,
    UnitAttr:$two_pass,
    TypeArrayAttr:$params,
    TypeArrayAttr:$buffers,
    OptionalAttr<DenseI64ArrayAttr>:$q_cuts,
    OptionalAttr<DenseI64ArrayAttr>:$kv_cuts,
    OptionalAttr<DenseI64ArrayAttr>:$ranges);
  let regions = (region
    MaxSizedRegion<1>:$score,
    MaxSizedRegion<1>:$mask,
    MaxSizedRegion<1>:$prob,
    MaxSizedRegion<1>:$sink,
    MaxSizedRegion<1>:$bounds);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

def Attn_YieldOp : Attn_Op<"yield", [
    Pure, Terminator, ReturnLike,
    ParentOneOf<["ForwardOp", "ReduceOp"]>]> {
  let summary = "Ends a region of `attn.forward` or `attn.reduce`";
  let arguments = (ins Variadic<Attn_Scalar>:$values);
  let assemblyFormat = "$values attr-dict `:` type($values)";
}

def Attn_PositionOp : Attn_Op<"position", [Pure]> {
  let summary = "A position of the pair, or a corner of the tile";
  let arguments = (ins Attn_PositionAttr:$position);
  let results = (outs I32:$result);
  let assemblyFormat = "`` $position attr-dict";
}

def Attn_ExtentOp : Attn_Op<"extent", [Pure]> {
  let summary = "A size of the tensors at hand, as i32";
  let arguments = (ins Attn_ExtentAttr:$extent);
  let results = (outs I32:$result);
  let assemblyFormat = "`` $extent attr-dict";
}

def Attn_ParamOp : Attn_Op<"param", [Pure]> {
  let summary = "A run-time scalar, by ordinal";
  let arguments = (ins I64Attr:$ordinal);
  let results = (outs Attn_Scalar:$result);
  let assemblyFormat = "$ordinal attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Attn_LoadOp : Attn_Op<"load", [Pure]> {
  let summary = "An element of a captured buffer, subscripts clamped";
  let description = [{
    Reads exactly one element. A subscript outside its axis is clamped to the
    nearest valid one; an empty buffer reads 0 or false. f16 and bf16 elements
    give f32; ui8 gives i32; i64 gives i32, saturated; i8 holds a bool.

    `in_bounds` is a bit mask of the axes whose subscript always lies inside:
    a promise, for which no clamp is emitted.
  }];
  let arguments = (ins I64Attr:$ordinal, Variadic<I32>:$subscripts,
                       DefaultValuedAttr<I64Attr, "0">:$in_bounds);
  let results = (outs Attn_Scalar:$result);
  let assemblyFormat =
      "$ordinal `[` $subscripts `]` attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Attn_LoadRangeOp : Attn_Op<"load_range", [Pure]> {
  let summary = "A bound on the elements in a box of a captured buffer";
  let description = [{
    `ends` are two per axis, the inclusive ends of the box, each clamped as a
    subscript of `attn.load`; a second end below the first counts as the first.
    `min` gives a number that no element of the box is below, `max` one that
    none is above; of bools, `all` is true only if all are, `any` if one is. A
    target may give any such bound: it decides tiles, and its speed alone rests
    on how close it is. `sorted` says that the buffer is declared not to
    decrease along its last axis. Stands in the region `bounds`.
  }];
  let arguments = (ins Attn_ReductionAttr:$kind, I64Attr:$ordinal,
                       Variadic<I32>:$ends, UnitAttr:$sorted);
  let results = (outs Attn_Scalar:$result);
  let assemblyFormat =
      "$kind $ordinal `[` $ends `]` (`sorted` $sorted^)? attr-dict `:` "
      "type($result)";
  let hasVerifier = 1;
}

def Attn_ApplyOp : Attn_Op<"apply", [Pure]> {
  let summary = "An operation of the mod language";
  let description = [{
    Total: it has a value for every input and neither traps nor is undefined.
    The language page of the documentation says what each one means.
  }];
  let arguments = (ins Attn_FnAttr:$fn, Variadic<Attn_Scalar>:$operands);
  let results = (outs Attn_Scalar:$result);
  let assemblyFormat = [{
    `` $fn `(` $operands `)` attr-dict `:`
    functional-type($operands, $result)
  }];
  let hasVerifier = 1;
}

def Attn_ConstantOp : Attn_Op<"constant", [Pure, ConstantLike,
    AllTypesMatch<["value", "result"]>]> {
  let summary = "A scalar constant";
  let arguments = (ins TypedAttrInterface:$value);
  let results = (outs Attn_Scalar:$result);
  let assemblyFormat = "$value attr-dict";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Attn_ReduceOp : Attn_Op<"reduce", [
    Pure, SingleBlock, RecursiveMemoryEffects]> {
  let summary = "Combines a body over a compile-time range";
  let description = [{
    The body's argument runs from `lo` to `hi` (exclusive), in order: at most
    65,536 steps, all of them i32 values.

    ```mlir
    %r = attn.reduce any 0 to 4 : i1 {
    ^bb0(%t: i32):
      ...
      attn.yield %x : i1
    }
    ```
  }];
  let arguments = (ins Attn_ReductionAttr:$kind, I64Attr:$lo, I64Attr:$hi);
  let results = (outs Attn_Scalar:$result); // never i64
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat =
      "`` $kind $lo `to` $hi attr-dict `:` type($result) $body";
  let hasVerifier = 1;
  let hasRegionVerifier = 1;
}

#endif // ATTNJIT_DIALECT_ATTN_IR_ATTNOPS_TD
