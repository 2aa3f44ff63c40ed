//===- EmitMathFunctions.h - The functions behind EmitMath ------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One function per operation of the language, on lanes of f32 unless said
// otherwise. The contract is that of EmitMath.h.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_FRONTEND_EMITMATHFUNCTIONS_H
#define ATTNJIT_LIB_FRONTEND_EMITMATHFUNCTIONS_H

#include "EmitMathLanes.h"

namespace attnjit {

//===--- EmitMathExp.cpp --------------------------------------------------===//

Lanes emitExp(Lanes x);
Lanes emitExp2(Lanes x);
Lanes emitSoftmaxExp2(Lanes x);
Lanes emitSigmoid(Lanes x);

Lanes emitTanh(Lanes x);
Lanes emitErf(Lanes x);
Lanes emitGelu(Lanes x);

//===--- EmitMathLog.cpp --------------------------------------------------===//

Lanes emitLog(Lanes x);
Lanes emitLog2(Lanes x);
Lanes emitPow(Lanes x, Lanes y);

//===--- EmitMathTrig.cpp -------------------------------------------------===//

Lanes emitSin(Lanes x);
Lanes emitCos(Lanes x);

//===--- EmitMathInteger.cpp: lanes of i32 or i64 -------------------------===//

Lanes emitFloorDiv(Lanes x, Lanes y);
Lanes emitFloorMod(Lanes x, Lanes y);
Lanes emitShiftLeft(Lanes x, Lanes count);
Lanes emitShiftRight(Lanes x, Lanes count);
/// To i32, from f32 (truncates) or i64.
Lanes emitSaturateToI32(Lanes x);

} // namespace attnjit

#endif // ATTNJIT_LIB_FRONTEND_EMITMATHFUNCTIONS_H
