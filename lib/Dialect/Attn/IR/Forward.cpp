//===- Forward.cpp - attn.forward: syntax and verification ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The kernel op prints as
//
//   attn.forward @name attributes {...} score(%s: f32) {...} mask {...}
//
// with its non-empty regions behind their names.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Dialect/Attn/IR/Attn.h"

using namespace mlir;
using namespace attnjit::attn;

namespace {
/// What one region of the op takes and yields.
struct Hook {
  StringRef name;
  bool takesValue;    ///< one f32 argument
  unsigned numYields; ///< 2 for bounds
  bool yieldsBool;
  bool isBounds;
};
} // namespace

/// In the order of the op's regions.
static constexpr std::array<Hook, 5> kHooks = {{
    {"score", true, 1, false, false},
    {"mask", false, 1, true, false},
    {"prob", true, 1, false, false},
    {"sink", false, 1, false, false},
    {"bounds", false, 2, true, true},
}};

ParseResult ForwardOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr name;
  if (parser.parseSymbolName(name, getSymNameAttrName(result.name),
                             result.attributes) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  for (const Hook &hook : kHooks) {
    Region *region = result.addRegion();
    if (failed(parser.parseOptionalKeyword(hook.name)))
      continue;
    SmallVector<OpAsmParser::Argument> arguments;
    if (hook.takesValue) {
      OpAsmParser::Argument argument;
      if (parser.parseLParen() ||
          parser.parseArgument(argument, /*allowType=*/true) ||
          parser.parseRParen())
        return failure();
      arguments.push_back(argument);
    }
    if (parser.parseRegion(*region, arguments))
      return failure();
  }
  return success();
}

void ForwardOp::print(OpAsmPrinter &printer) {
  printer << ' ';
  printer.printSymbolName(getSymName());
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(),
                                           {getSymNameAttrName()});
  for (auto [hook, region] : llvm::zip(kHooks, (*this)->getRegions())) {
    if (region.empty())
      continue;
    printer.printNewline();
    printer << hook.name;
    if (hook.takesValue) {
      printer << '(';
      printer.printRegionArgument(region.getArgument(0));
      printer << ')';
    }
    printer << ' ';
    printer.printRegion(region, /*printEntryBlockArgs=*/false);
  }
}

/// What a captured buffer may hold: an unsigned byte is a number, another byte
/// a bool.
static bool isElement(Type type) {
  return type.isF32() || type.isF16() || type.isBF16() ||
         type.isSignlessInteger(32) || type.isSignlessInteger(64) ||
         type.isUnsignedInteger(8) || type.isSignlessInteger(8);
}

/// That every summary is of an axis that a buffer has.
static LogicalResult verifyRanges(ForwardOp op, ArrayRef<int64_t> ranges) {
  if (ranges.size() % 2)
    return op.emitOpError("has ")
           << ranges.size()
           << " numbers in `ranges`, expected pairs of buffer and axis";
  ArrayAttr buffers = op.getBuffers();
  for (size_t i = 0; i < ranges.size(); i += 2) {
    const int64_t ordinal = ranges[i], axis = ranges[i + 1];
    if (ordinal < 0 || ordinal >= static_cast<int64_t>(buffers.size()))
      return op.emitOpError("has a range of buffer ")
             << ordinal << ", expected one of " << buffers.size();
    auto type = cast<RankedTensorType>(
        cast<TypeAttr>(buffers[static_cast<size_t>(ordinal)]).getValue());
    if (axis < 0 || axis >= type.getRank())
      return op.emitOpError("has a range of axis ")
             << axis << " of buffer " << ordinal << ", expected one of "
             << type.getRank();
  }
  return success();
}

LogicalResult ForwardOp::verify() {
  for (auto [name, attr] :
       {std::pair<StringRef, IntegerAttr>("D", getDAttr()),
        std::pair<StringRef, IntegerAttr>("Dv", getDvAttr())})
    if (attr.getInt() < 1 || attr.getInt() > 512)
      return emitOpError("has ")
             << name << " = " << attr.getInt() << ", expected 1 to 512";
  if (getTwoPass() && getNormalize() == Normalization::None)
    return emitOpError("is `two_pass`, but without a softmax one pass knows "
                       "every probability");
  for (auto [name, cuts] :
       {std::pair<StringRef, std::optional<ArrayRef<int64_t>>>("q_cuts",
                                                               getQCuts()),
        {"kv_cuts", getKvCuts()}}) {
    if (!cuts)
      continue;
    if (cuts->size() % 2)
      return emitOpError("has ") << cuts->size() << " numbers in `" << name
                                 << "`, expected pairs of period and offset";
    for (size_t i = 0; i < cuts->size(); i += 2)
      if ((*cuts)[i] < 2 || (*cuts)[i + 1] < 0 || (*cuts)[i + 1] >= (*cuts)[i])
        return emitOpError("has a cut of period ")
               << (*cuts)[i] << " and offset " << (*cuts)[i + 1] << " in `"
               << name << "`, expected a period of 2 or more and an offset "
               << "below it";
  }
  Type dtype = getDtype();
  if (!dtype.isF32() && !dtype.isF16() && !dtype.isBF16())
    return emitOpError("has dtype ") << dtype << ", expected f32, f16 or bf16";
  for (Attribute param : getParams()) {
    Type type = cast<TypeAttr>(param).getValue();
    if (!type.isF32() && !type.isSignlessInteger(32) &&
        !type.isSignlessInteger(1))
      return emitOpError("has a param of type ")
             << type << ", expected f32, i32 or i1";
  }
  for (Attribute buffer : getBuffers()) {
    auto type = dyn_cast<RankedTensorType>(cast<TypeAttr>(buffer).getValue());
    if (!type || type.getRank() > 4)
      return emitOpError("has a buffer of type ")
             << cast<TypeAttr>(buffer).getValue()
             << ", expected a ranked tensor of rank 0 to 4";
    if (!isElement(type.getElementType()))
      return emitOpError("has a buffer of ")
             << type.getElementType()
             << " elements, expected f32, f16, bf16, i32, i64, ui8 or i8";
  }
  if (auto ranges = getRanges())
    return verifyRanges(*this, *ranges);
  return success();
}

/// Only the operations that ModEmitter knows, and only positions that exist.
static LogicalResult verifyOperation(Operation *op, const Hook &hook) {
  bool known = isa<ApplyOp, ConstantOp, ExtentOp, LoadOp, ParamOp, PositionOp,
                   ReduceOp, YieldOp>(op);
  if (!known && !(hook.isBounds && isa<LoadRangeOp>(op)))
    return op->emitOpError("cannot stand in region `") << hook.name << "`";
  auto position = dyn_cast<PositionOp>(op);
  if (!position)
    return success();
  bool corner = position.getPosition() >= Position::QLo;
  bool pairOnly = position.getPosition() == Position::Q ||
                  position.getPosition() == Position::Kv ||
                  position.getPosition() == Position::QLocal ||
                  position.getPosition() == Position::KvLocal;
  if (hook.isBounds ? pairOnly : corner)
    return op->emitOpError("cannot name `")
           << stringifyPosition(position.getPosition()) << "` in region `"
           << hook.name << "`";
  return success();
}

static LogicalResult verifyHook(ForwardOp op, const Hook &hook,
                                Region &region) {
  Block &block = region.front();
  Builder b(op.getContext());
  if (block.getNumArguments() != (hook.takesValue ? 1 : 0) ||
      (hook.takesValue && !block.getArgument(0).getType().isF32()))
    return op.emitOpError("region `")
           << hook.name << "` needs "
           << (hook.takesValue ? "one f32 argument" : "no argument");
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  Type type = hook.yieldsBool ? Type(b.getI1Type()) : Type(b.getF32Type());
  if (!yield || yield.getValues().size() != hook.numYields ||
      !llvm::all_of(yield.getValues().getTypes(),
                    [&](Type t) { return t == type; }))
    return op.emitOpError("region `") << hook.name << "` needs to yield "
                                      << hook.numYields << " x " << type;
  WalkResult walk = region.walk([&](Operation *inner) {
    return WalkResult(verifyOperation(inner, hook));
  });
  return failure(walk.wasInterrupted());
}

LogicalResult ForwardOp::verifyRegions() {
  if (getTwoPass() && getProb().empty())
    return emitOpError("is `two_pass`, but has no region `prob`");
  for (auto [hook, region] : llvm::zip(kHooks, (*this)->getRegions()))
    if (!region.empty() && failed(verifyHook(*this, hook, region)))
      return failure();
  return success();
}
