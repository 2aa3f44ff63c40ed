//===- Attn.cpp - The attn dialect and its scalar operations --------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Registers the dialect and verifies the operations that stand in a mod's
// regions. A verified region can be emitted without further checks.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Dialect/Attn/IR/Attn.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace attnjit::attn;

#include "attnjit/Dialect/Attn/IR/AttnDialect.cpp.inc"

#include "attnjit/Dialect/Attn/IR/AttnEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "attnjit/Dialect/Attn/IR/AttnAttributes.cpp.inc"

#define GET_OP_CLASSES
#include "attnjit/Dialect/Attn/IR/AttnOps.cpp.inc"

void AttnDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "attnjit/Dialect/Attn/IR/AttnAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "attnjit/Dialect/Attn/IR/AttnOps.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// Captures
//===----------------------------------------------------------------------===//

LogicalResult ParamOp::verify() {
  auto forward = (*this)->getParentOfType<ForwardOp>();
  if (!forward)
    return success();
  ArrayAttr params = forward.getParams();
  if (getOrdinal() >= params.size())
    return emitOpError("has ordinal ")
           << getOrdinalAttr().getInt() << ", but the kernel declares "
           << params.size() << " params";
  Type declared = cast<TypeAttr>(params[getOrdinal()]).getValue();
  if (declared != getResult().getType())
    return emitOpError("has type ")
           << getResult().getType() << ", but param " << getOrdinal()
           << " is declared " << declared;
  return success();
}

/// Type that a load of an element gives.
static Type loadedType(Type element) {
  Builder b(element.getContext());
  if (isa<FloatType>(element))
    return b.getF32Type();
  return element.isInteger(8) && !element.isUnsignedInteger()
             ? Type(b.getI1Type())
             : Type(b.getI32Type());
}

/// Checks an operation that reads the buffer `ordinal` with `subscripts`, of
/// which there are `perAxis` an axis.
template <typename ReadOp>
static LogicalResult verifyRead(ReadOp op, size_t subscripts, int64_t perAxis) {
  auto forward = op->template getParentOfType<ForwardOp>();
  if (!forward)
    return success();
  ArrayAttr buffers = forward.getBuffers();
  if (op.getOrdinal() >= buffers.size())
    return op.emitOpError("has ordinal ")
           << op.getOrdinalAttr().getInt() << ", but the kernel declares "
           << buffers.size() << " buffers";
  auto type = cast<RankedTensorType>(
      cast<TypeAttr>(buffers[op.getOrdinal()]).getValue());
  if (perAxis * type.getRank() != static_cast<int64_t>(subscripts))
    return op.emitOpError("has ")
           << subscripts << " subscripts, but buffer " << op.getOrdinal()
           << " has rank " << type.getRank();
  Type expected = loadedType(type.getElementType());
  if (expected != op.getResult().getType())
    return op.emitOpError("gives ")
           << op.getResult().getType() << ", but elements of buffer "
           << op.getOrdinal() << " load as " << expected;
  return success();
}

LogicalResult LoadOp::verify() {
  return verifyRead(*this, getSubscripts().size(), 1);
}

LogicalResult LoadRangeOp::verify() {
  bool isLogical = getKind() == Reduction::Any || getKind() == Reduction::All;
  if (getKind() == Reduction::Sum || !getResult().getType().isInteger() ||
      isLogical != getResult().getType().isInteger(1))
    return emitOpError("cannot bound values of type ")
           << getResult().getType() << " by " << stringifyReduction(getKind());
  return verifyRead(*this, getEnds().size(), 2);
}

//===----------------------------------------------------------------------===//
// attn.apply
//===----------------------------------------------------------------------===//

namespace {
/// Which operand types a function takes and what it gives.
enum class Signature {
  Same1F,      ///< f32 -> f32
  Same1Number, ///< f32, i32 or i64 -> the same
  Same1Int,    ///< i32 or i1 -> the same (`not`)
  Convert,     ///< any scalar -> the named type
  Same2F,
  Same2Number,
  Same2I,     ///< i32 or i64 -> the same
  Same2I32,   ///< i32 -> i32
  Same2Int,   ///< i32 or i1 -> the same
  CompareNum, ///< two numbers -> i1
  CompareAny, ///< two of any type -> i1
  Select,
};
} // namespace

static Signature signatureOf(Fn fn) {
  switch (fn) {
  case Fn::Neg:
  case Fn::Abs:
  case Fn::Sign:
    return Signature::Same1Number;
  case Fn::Not:
    return Signature::Same1Int;
  case Fn::ToF32:
  case Fn::ToI32:
  case Fn::ToBool:
  case Fn::ToI64:
    return Signature::Convert;
  case Fn::Add:
  case Fn::Sub:
  case Fn::Mul:
  case Fn::Min:
  case Fn::Max:
    return Signature::Same2Number;
  case Fn::Div:
  case Fn::Pow:
    return Signature::Same2F;
  case Fn::FloorDiv:
    return Signature::Same2I;
  case Fn::Mod:
  case Fn::Shl:
  case Fn::Shr:
    return Signature::Same2I32;
  case Fn::And:
  case Fn::Or:
  case Fn::Xor:
    return Signature::Same2Int;
  case Fn::Lt:
  case Fn::Le:
  case Fn::Gt:
  case Fn::Ge:
    return Signature::CompareNum;
  case Fn::Eq:
  case Fn::Ne:
    return Signature::CompareAny;
  case Fn::Where:
    return Signature::Select;
  default:
    return Signature::Same1F;
  }
}

static bool isNumber(Type t) {
  return t.isF32() || t.isInteger(32) || t.isInteger(64);
}
static bool isBits(Type t) { return t.isInteger(32) || t.isInteger(1); }

static bool matches(Fn fn, TypeRange in, Type out) {
  auto sameTwo = [&] { return in.size() == 2 && in[0] == in[1]; };
  auto sameAll = [&](size_t n) {
    return in.size() == n && llvm::all_equal(in) && in[0] == out;
  };
  switch (signatureOf(fn)) {
  case Signature::Same1F:
    return sameAll(1) && out.isF32();
  case Signature::Same1Number:
    return sameAll(1) && isNumber(out);
  case Signature::Same1Int:
    return sameAll(1) && isBits(out);
  case Signature::Convert: {
    Type to = fn == Fn::ToF32    ? Type(Float32Type::get(out.getContext()))
              : fn == Fn::ToI32  ? IntegerType::get(out.getContext(), 32)
              : fn == Fn::ToBool ? IntegerType::get(out.getContext(), 1)
                                 : IntegerType::get(out.getContext(), 64);
    bool wide = in.size() == 1 && in[0].isInteger(64);
    return in.size() == 1 && out == to &&
           (fn != Fn::ToI64 || in[0].isInteger(32)) &&
           (!wide || fn == Fn::ToI32);
  }
  case Signature::Same2F:
    return sameAll(2) && out.isF32();
  case Signature::Same2Number:
    return sameAll(2) && isNumber(out);
  case Signature::Same2I:
    return sameAll(2) && (out.isInteger(32) || out.isInteger(64));
  case Signature::Same2I32:
    return sameAll(2) && out.isInteger(32);
  case Signature::Same2Int:
    return sameAll(2) && isBits(out);
  case Signature::CompareNum:
    return sameTwo() && isNumber(in[0]) && out.isInteger(1);
  case Signature::CompareAny:
    return sameTwo() && out.isInteger(1);
  case Signature::Select:
    return in.size() == 3 && in[0].isInteger(1) && in[1] == in[2] &&
           in[1] == out;
  }
  llvm_unreachable("all signatures handled");
}

LogicalResult ApplyOp::verify() {
  if (matches(getFn(), getOperandTypes(), getResult().getType()))
    return success();
  return emitOpError("`") << stringifyFn(getFn()) << "` does not take ("
                          << getOperandTypes() << ") to "
                          << getResult().getType();
}

//===----------------------------------------------------------------------===//
// attn.constant, attn.reduce
//===----------------------------------------------------------------------===//

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult ConstantOp::verify() {
  // Strings are typed attributes too.
  if (isa<IntegerAttr, FloatAttr>(getValue()))
    return success();
  return emitOpError("has the value ") << getValue() << ", expected a number";
}

/// The limit that the language has.
static constexpr int64_t kMaxReduceSteps = 65536;

LogicalResult ReduceOp::verify() {
  int64_t lo = getLoAttr().getInt(), hi = getHiAttr().getInt();
  if (lo < std::numeric_limits<int32_t>::min() ||
      hi > int64_t(std::numeric_limits<int32_t>::max()) + 1)
    return emitOpError("has the range ")
           << lo << " to " << hi << ", which holds values that are not i32";
  if (lo >= hi)
    return emitOpError("has the empty range ") << lo << " to " << hi;
  if (hi - lo > kMaxReduceSteps)
    return emitOpError("has ")
           << hi - lo << " steps, expected at most " << kMaxReduceSteps;
  Type type = getResult().getType();
  bool logical = getKind() == Reduction::Any || getKind() == Reduction::All;
  if (logical != type.isInteger(1) || type.isInteger(64))
    return emitOpError("cannot combine values of type ")
           << type << " by " << stringifyReduction(getKind());
  return success();
}

LogicalResult ReduceOp::verifyRegions() {
  Block &block = getBody().front();
  if (block.getNumArguments() != 1 ||
      !block.getArgument(0).getType().isSignlessInteger(32))
    return emitOpError("needs a body with one i32 argument");
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  Type type = getResult().getType();
  if (!yield || yield.getValues().size() != 1 ||
      yield.getValues()[0].getType() != type)
    return emitOpError("needs a body that yields one ") << type;
  return success();
}
