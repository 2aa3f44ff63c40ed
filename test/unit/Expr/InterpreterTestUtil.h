//===- InterpreterTestUtil.h - What the Interpreter's tests share ---------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Short names for small expressions, and their values.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TEST_UNIT_EXPR_INTERPRETERTESTUTIL_H
#define ATTNJIT_TEST_UNIT_EXPR_INTERPRETERTESTUTIL_H

#include "attnjit/Expr/Interpreter.h"

#include <gtest/gtest.h>

#include <bit>
#include <limits>
#include <span>

namespace attnjit::test {

using Mode = Interpreter::Mode;

inline constexpr int32_t kMin = std::numeric_limits<int32_t>::min();
inline constexpr int32_t kMax = std::numeric_limits<int32_t>::max();
inline constexpr float kInf = std::numeric_limits<float>::infinity();
inline constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
inline constexpr float kTiny = std::numeric_limits<float>::denorm_min();

inline Expr q() { return Expr::var(Var::Q); }
inline Expr kv() { return Expr::var(Var::Kv); }
inline Expr score() { return Expr::var(Var::Score); }
inline Expr call(Op op, std::initializer_list<Expr> operands) {
  return Expr::make(op, operands);
}

/// The value of one expression with everything bound to 0 but what is given.
inline Value evaluate(const Expr &e, const Bindings &bindings = {},
                      std::span<const ParamDecl> params = {},
                      std::span<const BufferDecl> buffers = {},
                      Mode mode = Mode::F32) {
  auto interpreter = Interpreter::create({&e, 1}, params, buffers, mode);
  EXPECT_TRUE(interpreter) << (interpreter ? ""
                                           : interpreter.error().message());
  return interpreter ? interpreter->evaluate(bindings)[0] : Value();
}

/// Compares bits, so that -0 differs from 0.
#define EXPECT_BITS(actual, expected)                                          \
  EXPECT_EQ(std::bit_cast<uint64_t>(double(actual)),                           \
            std::bit_cast<uint64_t>(double(expected)))                         \
      << double(actual) << " is not " << double(expected)

} // namespace attnjit::test

#endif // ATTNJIT_TEST_UNIT_EXPR_INTERPRETERTESTUTIL_H
