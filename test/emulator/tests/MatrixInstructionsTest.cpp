//===- MatrixInstructionsTest.cpp - ldmatrix, stmatrix, mma ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Positions are counted out from the manual's tables of fragments: element i of
// lane l is at the row and column that the table of the shape gives.
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"
#include "MatrixMath.h"

#include <fmt/format.h>

#include <functional>

using namespace attnjit::emulator;
using namespace attnjit::emulator::test;
using testing::HasSubstr;

namespace {

//===--- ldmatrix, stmatrix -----------------------------------------------===//

// Each lane writes 16 bytes, row `lane` of 32: element c of row r is 100 r + c.
// `%mine` is that row's address.
const char kRows[] = R"(
  %offset = mul i32 %tid, 16
  %mine = getelementptr i8, ptr addrspace(3) @smem, i32 %offset
  %base = mul i32 %tid, 100
  %base16 = trunc i32 %base to i16
  %s = insertelement <8 x i16> poison, i16 %base16, i32 0
  %all = shufflevector <8 x i16> %s, <8 x i16> poison, <8 x i32> zeroinitializer
  %row = add <8 x i16> %all, <i16 0, i16 1, i16 2, i16 3, i16 4, i16 5, i16 6, i16 7>
  store <8 x i16> %row, ptr addrspace(3) %mine, align 16
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
)";

uint32_t pair(uint32_t low, uint32_t high) { return high << 16 | low; }

/// The four registers of each lane.
Words loadedX4(const char *form) {
  return outputsOf({.body = kRows + fmt::format(R"(
  %r = call {{i32, i32, i32, i32}} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.{}.b16.p3(ptr addrspace(3) %mine)
  %o0 = extractvalue {{i32, i32, i32, i32}} %r, 0
  %o1 = extractvalue {{i32, i32, i32, i32}} %r, 1
  %o2 = extractvalue {{i32, i32, i32, i32}} %r, 2
  %o3 = extractvalue {{i32, i32, i32, i32}} %r, 3)",
                                                form),
                    .outputs = 4,
                    .sharedBytes = 512});
}

TEST(Ldmatrix, X4) {
  Words out = loadedX4("x4");
  for (uint32_t lane = 0; lane < 32; ++lane)
    for (uint32_t j = 0; j < 4; ++j) {
      uint32_t row = 8 * j + lane / 4, column = lane % 4 * 2;
      EXPECT_EQ(out[4 * lane + j],
                pair(100 * row + column, 100 * row + column + 1))
          << "lane " << lane << ", matrix " << j;
    }
}

TEST(Ldmatrix, X4Transposed) {
  Words out = loadedX4("x4.trans");
  for (uint32_t lane = 0; lane < 32; ++lane)
    for (uint32_t j = 0; j < 4; ++j) {
      uint32_t row = 8 * j + lane % 4 * 2, column = lane / 4;
      EXPECT_EQ(out[4 * lane + j],
                pair(100 * row + column, 100 * (row + 1) + column))
          << "lane " << lane << ", matrix " << j;
    }
}

// Of x1 and x2, the addresses of the lanes beyond do not count: null is fine.
TEST(Ldmatrix, X1AndX2UseTheFirstAddresses) {
  Case one{.body = std::string(kRows) + R"(
  %low8 = icmp ult i32 %tid, 8
  %a8 = select i1 %low8, ptr addrspace(3) %mine, ptr addrspace(3) null
  %o0 = call i32 @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3(ptr addrspace(3) %a8)
  %low16 = icmp ult i32 %tid, 16
  %a16 = select i1 %low16, ptr addrspace(3) %mine, ptr addrspace(3) null
  %r = call {i32, i32} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x2.trans.b16.p3(ptr addrspace(3) %a16)
  %o1 = extractvalue {i32, i32} %r, 1)",
           .outputs = 2,
           .sharedBytes = 512};
  Words out = outputsOf(one);
  for (uint32_t lane = 0; lane < 32; ++lane) {
    uint32_t g = lane / 4, t = lane % 4;
    EXPECT_EQ(out[2 * lane], pair(100 * g + 2 * t, 100 * g + 2 * t + 1));
    uint32_t row = 8 + 2 * t;
    EXPECT_EQ(out[2 * lane + 1], pair(100 * row + g, 100 * (row + 1) + g));
  }
}

TEST(Ldmatrix, MisalignedRow) {
  Case one{.body = std::string(kRows) + R"(
  %odd = getelementptr i8, ptr addrspace(3) %mine, i32 8
  %r = call i32 @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3(ptr addrspace(3) %odd))",
           .sharedBytes = 512};
  EXPECT_THAT(errorOf(one),
              AllOf(HasSubstr("offset 8 of shared memory is no multiple of 16"),
                    HasSubstr("block (0, 0, 0), thread 0 (warp 0, lane 0)"),
                    HasSubstr("%r = call i32 @llvm.nvvm.ldmatrix")));
}

TEST(Ldmatrix, OutOfRange) {
  Case one{.body = std::string(kRows) + R"(
  %past = getelementptr i8, ptr addrspace(3) %mine, i32 512
  %r = call i32 @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3(ptr addrspace(3) %past))",
           .sharedBytes = 512};
  EXPECT_THAT(errorOf(one), HasSubstr("16 bytes at offset 512 of shared "
                                      "memory, which has 512 bytes"));
}

TEST(Ldmatrix, NeverWritten) {
  Case one{.body = R"(
  %r = call i32 @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3(ptr addrspace(3) @smem))",
           .sharedBytes = 512};
  EXPECT_THAT(errorOf(one), HasSubstr("was never written"));
}

// The rows come from other lanes; a full barrier between is what kRows has.
TEST(Ldmatrix, WithoutABarrierIsARace) {
  std::string rows = kRows;
  rows = rows.substr(0, rows.find("  call void"));
  Case one{.body = rows + R"(
  %other = xor i32 %tid, 1
  %at = mul i32 %other, 16
  %address = getelementptr i8, ptr addrspace(3) @smem, i32 %at
  %r = call i32 @llvm.nvvm.ldmatrix.sync.aligned.m8n8.x1.b16.p3(ptr addrspace(3) %address))",
           .sharedBytes = 512};
  EXPECT_THAT(errorOf(one), HasSubstr("a race: thread 0 reads offset 16"));
}

TEST(Stmatrix, IsTheInverseOfLdmatrix) {
  for (const char *form : {"x4", "x4.trans"}) {
    Case one{.body = fmt::format(R"(
  %offset = mul i32 %tid, 16
  %mine = getelementptr i8, ptr addrspace(3) @smem, i32 %offset
  call void @llvm.nvvm.stmatrix.sync.aligned.m8n8.{0}.b16.p3(ptr addrspace(3) %mine, i32 %i0, i32 %i1, i32 %i2, i32 %i3)
  call void @llvm.nvvm.bar.warp.sync(i32 -1)
  %r = call {{i32, i32, i32, i32}} @llvm.nvvm.ldmatrix.sync.aligned.m8n8.{0}.b16.p3(ptr addrspace(3) %mine)
  %o0 = extractvalue {{i32, i32, i32, i32}} %r, 0
  %o1 = extractvalue {{i32, i32, i32, i32}} %r, 1
  %o2 = extractvalue {{i32, i32, i32, i32}} %r, 2
  %o3 = extractvalue {{i32, i32, i32, i32}} %r, 3)",
                                 form),
             .inputs = 4,
             .outputs = 4,
             .sharedBytes = 512};
    for (uint32_t i = 0; i < 128; ++i)
      one.in.push_back(i * 0x10001 + 0x8000);
    EXPECT_EQ(outputsOf(one), one.in) << form;
  }
}

// Register 0 of lane 5 holds elements 2 and 3 of row 1 (g 1, t 1).
TEST(Stmatrix, PutsRowsAtTheirAddresses) {
  Case one{.body = R"(
  %offset = mul i32 %tid, 16
  %mine = getelementptr i8, ptr addrspace(3) @smem, i32 %offset
  call void @llvm.nvvm.stmatrix.sync.aligned.m8n8.x1.b16.p3(ptr addrspace(3) %mine, i32 %tid)
  call void @llvm.nvvm.bar.warp.sync(i32 -1)
  %o0 = load i32, ptr addrspace(3) getelementptr (i8, ptr addrspace(3) @smem, i32 20))",
           .outputs = 1,
           .sharedBytes = 512};
  EXPECT_THAT(outputsOf(one), testing::Each(5u));
}

//===--- mma --------------------------------------------------------------===//

struct Shape {
  const char *intrinsic;
  const char *type; ///< of A and B's registers
  int depth, aRegisters, bRegisters, perRegister;
  uint32_t (*encode)(float);
};

uint32_t encodeHalf(float x) { return floatToHalf(x); }
uint32_t encodeBfloat(float x) { return floatToBfloat(x); }
uint32_t encodeTf32(float x) { return bits(x); }

const Shape kShapes[] = {
    {"m16n8k16.row.col.f32.f32", "<2 x half>", 16, 4, 2, 2, encodeHalf},
    {"m16n8k16.row.col.bf16", "i32", 16, 4, 2, 2, encodeBfloat},
    {"m16n8k8.row.col.f32.f32", "<2 x half>", 8, 2, 1, 2, encodeHalf},
    {"m16n8k8.row.col.bf16", "i32", 8, 2, 1, 2, encodeBfloat},
    {"m16n8k8.row.col.tf32", "i32", 8, 4, 2, 1, encodeTf32},
    {"m16n8k4.row.col.tf32", "i32", 4, 2, 1, 1, encodeTf32},
};

Case mmaCase(const Shape &shape) {
  std::string body, operands;
  int input = 0;
  for (int i = 0; i < shape.aRegisters + shape.bRegisters; ++i, ++input) {
    body +=
        fmt::format("  %r{0} = bitcast i32 %i{0} to {1}\n", input, shape.type);
    operands += fmt::format("{} %r{}, ", shape.type, input);
  }
  for (int i = 0; i < 4; ++i, ++input) {
    body += fmt::format("  %r{0} = bitcast i32 %i{0} to float\n", input);
    operands += fmt::format("float %r{}{}", input, i == 3 ? "" : ", ");
  }
  const char *type = "{float, float, float, float}";
  body += fmt::format("  %d = call {} @llvm.nvvm.mma.{}({})\n", type,
                      shape.intrinsic, operands);
  for (int i = 0; i < 4; ++i)
    body += fmt::format("  %d{0} = extractvalue {1} %d, {0}\n"
                        "  %o{0} = bitcast float %d{0} to i32\n",
                        i, type);
  return {.body = body,
          .inputs = static_cast<uint32_t>(input),
          .outputs = 4,
          .in = Words(32 * input)};
}

using Matrix = std::function<float(int row, int column)>;

/// The manual's tables: register r, half x of lane l.
void fill(Case &one, const Shape &shape, const Matrix &a, const Matrix &b,
          const Matrix &c) {
  const int perGroup = 4 * shape.perRegister;
  for (int lane = 0; lane < 32; ++lane) {
    const int group = lane >> 2, thread = lane % 4;
    uint32_t *words = &one.in[lane * one.inputs];
    for (int r = 0; r < shape.aRegisters; ++r)
      for (int x = 0; x < shape.perRegister; ++x)
        *(words + r) |=
            shape.encode(a(group + 8 * (r % 2),
                           thread * shape.perRegister + x + perGroup * (r / 2)))
            << 16 * x;
    words += shape.aRegisters;
    for (int r = 0; r < shape.bRegisters; ++r)
      for (int x = 0; x < shape.perRegister; ++x)
        *(words + r) |=
            shape.encode(
                b(thread * shape.perRegister + x + perGroup * r, group))
            << 16 * x;
    words += shape.bRegisters;
    for (int i = 0; i < 4; ++i)
      words[i] = bits(c(group + 8 * (i / 2), thread * 2 + i % 2));
  }
}

float resultAt(const Words &out, int row, int column) {
  int lane = row % 8 * 4 + column / 2;
  return number(out[lane * 4 + row / 8 * 2 + column % 2]);
}

// Small integers: every product and sum is exact, so the order plays no part.
TEST(Mma, ExactProducts) {
  for (const Shape &shape : kShapes) {
    auto a = [](int m, int k) { return float((3 * m + 5 * k) % 11 - 5); };
    auto b = [](int k, int n) { return float((7 * k + 2 * n) % 9 - 4); };
    auto c = [](int m, int n) { return float(m - 2 * n); };
    Case one = mmaCase(shape);
    fill(one, shape, a, b, c);
    Words out = outputsOf(one);
    for (int m = 0; m < 16; ++m)
      for (int n = 0; n < 8; ++n) {
        float sum = c(m, n);
        for (int k = 0; k < shape.depth; ++k)
          sum += a(m, k) * b(k, n);
        EXPECT_EQ(resultAt(out, m, n), sum)
            << shape.intrinsic << ", row " << m << ", column " << n;
      }
  }
}

// 1 + 2^-24 + 2^-24 by rising k is 1 (each half unit is rounded to even), by
// falling k and at once 1 + 2^-23: all orders are allowed, no other result is.
TEST(Mma, OneRoundingAnAddition) {
  const Shape &shape = kShapes[1];
  Case one = mmaCase(shape);
  fill(
      one, shape, [](int, int) { return 1.0f; },
      [](int k, int) { return k == 0  ? 1.0f
                              : k < 3 ? 0x1p-24f
                                      : 0.0f; },
      [](int, int) { return 0.0f; });
  EXPECT_EQ(resultAt(outputsOf(one), 3, 5), 1.0f);
  bool sawRising = false, sawFalling = false;
  one.options.perturbApproximations = true;
  for (one.options.seed = 0; one.options.seed < 20; ++one.options.seed) {
    float result = resultAt(outputsOf(one), 3, 5);
    sawRising |= result == 1.0f;
    sawFalling |= result == 1.0f + 0x1p-23f;
    EXPECT_TRUE(result == 1.0f || result == 1.0f + 0x1p-23f) << result;
  }
  EXPECT_TRUE(sawRising && sawFalling);
}

// 1 + 1.5 * 2^-23 is rounded up, or cut off to 1 + 2^-23; -1 likewise.
TEST(Mma, CutsOffOrRounds) {
  const Shape &shape = kShapes[4];
  for (float sign : {1.0f, -1.0f}) {
    Case one = mmaCase(shape);
    fill(
        one, shape, [](int, int) { return 1.0f; },
        [&](int k, int) {
          return k == 0 ? sign : k == 1 ? sign * 0x1.8p-23f : 0.0f;
        },
        [](int, int) { return 0.0f; });
    EXPECT_EQ(resultAt(outputsOf(one), 3, 5), sign * (1.0f + 0x1p-22f));
    bool sawCutOff = false, sawRounded = false;
    one.options.perturbApproximations = true;
    for (one.options.seed = 0; one.options.seed < 20; ++one.options.seed) {
      float result = resultAt(outputsOf(one), 3, 5);
      sawCutOff |= result == sign * (1.0f + 0x1p-23f);
      sawRounded |= result == sign * (1.0f + 0x1p-22f);
    }
    EXPECT_TRUE(sawCutOff && sawRounded);
  }
}

// An operand of tf32 is the top 19 bits of its register, of a as of b.
TEST(Mma, Tf32DropsTheLowBits) {
  const Shape &shape = kShapes[4];
  auto productOf = [&](float x, float y) {
    Case one = mmaCase(shape);
    fill(
        one, shape, [&](int, int k) { return k == 5 ? x : 0.0f; },
        [&](int, int) { return y; }, [](int, int) { return 0.0f; });
    return resultAt(outputsOf(one), 0, 0);
  };
  // 1 + 2^-12 + ... has 10 bits of mantissa left: 1.
  EXPECT_EQ(productOf(0x1.001fffp0f, 1.0f), 1.0f);
  EXPECT_EQ(productOf(1.0f, -0x1.001fffp0f), -1.0f);
  // The tenth bit stays: (1 + 2^-10)^2, which f32 has room for.
  EXPECT_EQ(productOf(0x1.005fffp0f, 0x1.004000p0f), 0x1.00801p0f);
  EXPECT_EQ(productOf(INFINITY, 2.0f), INFINITY);
}

TEST(Mma, InfinityAndNaN) {
  const Shape &shape = kShapes[0];
  Case one = mmaCase(shape);
  fill(
      one, shape, [](int m, int k) { return m == 1 && k == 2 ? INFINITY : 1; },
      [](int k, int n) { return n == 3 && k == 2 ? 0.0f : 1; },
      [](int, int) { return 0.0f; });
  Words out = outputsOf(one);
  EXPECT_EQ(resultAt(out, 1, 0), INFINITY);
  EXPECT_TRUE(std::isnan(resultAt(out, 1, 3)));
  EXPECT_EQ(resultAt(out, 2, 3), 15.0f);
}

// Half of the lanes exit; the others wait for the whole warp.
TEST(Mma, NeedsTheWholeWarp) {
  Case one = mmaCase(kShapes[1]);
  one.body = R"(
  %low = icmp ult i32 %tid, 16
  br i1 %low, label %go, label %exit
exit:
  ret void
go:
)" + one.body;
  EXPECT_THAT(errorOf(one), HasSubstr("of the whole warp"));
}

} // namespace
