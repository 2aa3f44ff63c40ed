//===- AttnEnums.td - Enumerations of the attn dialect ---------*- tablegen -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_DIALECT_ATTN_IR_ATTNENUMS_TD
#define ATTNJIT_DIALECT_ATTN_IR_ATTNENUMS_TD

include "attnjit/Dialect/Attn/IR/AttnDialect.td"

class Attn_Enum<string name, string summary, list<I32EnumAttrCase> cases>
    : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::attnjit::attn";
  let genSpecializedAttr = 0;
}

class Attn_EnumAttr<I32EnumAttr info, string name>
    : EnumAttr<Attn_Dialect, info, name>;

// Where a pair (query, key) stands; from `q_lo` on, the inclusive corners of a
// tile, which exist in the bounds region alone.
def Attn_Position : Attn_Enum<"Position", "position of a pair or a tile", [
  I32EnumAttrCase<"B", 0, "b">,
  I32EnumAttrCase<"H", 1, "h">,
  I32EnumAttrCase<"Q", 2, "q">,
  I32EnumAttrCase<"Kv", 3, "kv">,
  I32EnumAttrCase<"QLocal", 4, "q_local">,
  I32EnumAttrCase<"KvLocal", 5, "kv_local">,
  I32EnumAttrCase<"KvH", 6, "kvh">,
  I32EnumAttrCase<"QLo", 7, "q_lo">,
  I32EnumAttrCase<"QHi", 8, "q_hi">,
  I32EnumAttrCase<"KvLo", 9, "kv_lo">,
  I32EnumAttrCase<"KvHi", 10, "kv_hi">,
  I32EnumAttrCase<"QLocalLo", 11, "q_local_lo">,
  I32EnumAttrCase<"QLocalHi", 12, "q_local_hi">,
  I32EnumAttrCase<"KvLocalLo", 13, "kv_local_lo">,
  I32EnumAttrCase<"KvLocalHi", 14, "kv_local_hi">
]>;
def Attn_PositionAttr : Attn_EnumAttr<Attn_Position, "position">;

def Attn_Extent : Attn_Enum<"Extent", "size of the tensors at hand", [
  I32EnumAttrCase<"B", 0, "B">,
  I32EnumAttrCase<"Hq", 1, "Hq">,
  I32EnumAttrCase<"Hkv", 2, "Hkv">,
  I32EnumAttrCase<"Sq", 3, "Sq">,
  I32EnumAttrCase<"Skv", 4, "Skv">,
  I32EnumAttrCase<"D", 5, "D">,
  I32EnumAttrCase<"BGlobal", 6, "B_global">,
  I32EnumAttrCase<"HqGlobal", 7, "Hq_global">
]>;
def Attn_ExtentAttr : Attn_EnumAttr<Attn_Extent, "extent">;

def Attn_Reduction : Attn_Enum<"Reduction", "how a reduction combines", [
  I32EnumAttrCase<"Any", 0, "any">,
  I32EnumAttrCase<"All", 1, "all">,
  I32EnumAttrCase<"Sum", 2, "sum">,
  I32EnumAttrCase<"Min", 3, "min">,
  I32EnumAttrCase<"Max", 4, "max">
]>;
def Attn_ReductionAttr : Attn_EnumAttr<Attn_Reduction, "reduction">;

def Attn_Normalization
    : Attn_Enum<"Normalization", "what turns scores into probabilities", [
  I32EnumAttrCase<"Softmax", 0, "softmax">,
  I32EnumAttrCase<"None", 1, "none">
]>;
def Attn_NormalizationAttr
    : Attn_EnumAttr<Attn_Normalization, "normalization">;

// The total operations of the mod language. `and or xor not` are bitwise on
// integers and logical on i1.
def Attn_Fn : Attn_Enum<"Fn", "operation of the mod language", [
  I32EnumAttrCase<"Neg", 0, "neg">, I32EnumAttrCase<"Not", 1, "not">,
  I32EnumAttrCase<"Abs", 2, "abs">, I32EnumAttrCase<"Sign", 3, "sign">,
  I32EnumAttrCase<"Floor", 4, "floor">, I32EnumAttrCase<"Ceil", 5, "ceil">,
  I32EnumAttrCase<"Trunc", 6, "trunc">, I32EnumAttrCase<"Round", 7, "round">,
  I32EnumAttrCase<"Exp", 8, "exp">, I32EnumAttrCase<"Exp2", 9, "exp2">,
  I32EnumAttrCase<"Log", 10, "log">, I32EnumAttrCase<"Log2", 11, "log2">,
  I32EnumAttrCase<"Sqrt", 12, "sqrt">, I32EnumAttrCase<"Rsqrt", 13, "rsqrt">,
  I32EnumAttrCase<"Tanh", 14, "tanh">,
  I32EnumAttrCase<"Sigmoid", 15, "sigmoid">, I32EnumAttrCase<"Erf", 16, "erf">,
  I32EnumAttrCase<"Sin", 17, "sin">, I32EnumAttrCase<"Cos", 18, "cos">,
  I32EnumAttrCase<"Gelu", 19, "gelu">, I32EnumAttrCase<"Relu", 20, "relu">,
  I32EnumAttrCase<"ToF32", 21, "to_f32">,
  I32EnumAttrCase<"ToI32", 22, "to_i32">,
  I32EnumAttrCase<"ToBool", 23, "to_bool">,
  I32EnumAttrCase<"ToI64", 24, "to_i64">,
  I32EnumAttrCase<"Add", 25, "add">, I32EnumAttrCase<"Sub", 26, "sub">,
  I32EnumAttrCase<"Mul", 27, "mul">, I32EnumAttrCase<"Div", 28, "div">,
  I32EnumAttrCase<"FloorDiv", 29, "floordiv">,
  I32EnumAttrCase<"Mod", 30, "mod">, I32EnumAttrCase<"And", 31, "and">,
  I32EnumAttrCase<"Or", 32, "or">, I32EnumAttrCase<"Xor", 33, "xor">,
  I32EnumAttrCase<"Shl", 34, "shl">, I32EnumAttrCase<"Shr", 35, "shr">,
  I32EnumAttrCase<"Lt", 36, "lt">, I32EnumAttrCase<"Le", 37, "le">,
  I32EnumAttrCase<"Gt", 38, "gt">, I32EnumAttrCase<"Ge", 39, "ge">,
  I32EnumAttrCase<"Eq", 40, "eq">, I32EnumAttrCase<"Ne", 41, "ne">,
  I32EnumAttrCase<"Min", 42, "min">, I32EnumAttrCase<"Max", 43, "max">,
  I32EnumAttrCase<"Pow", 44, "pow">, I32EnumAttrCase<"Where", 45, "where">
]>;
def Attn_FnAttr : Attn_EnumAttr<Attn_Fn, "fn">;

#endif // ATTNJIT_DIALECT_ATTN_IR_ATTNENUMS_TD
