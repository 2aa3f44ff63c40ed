//===- InlineAsmTest.cpp - Patterns of inline PTX -------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "EmulatorTesting.h"
#include "Instruction.h"

#include <fmt/format.h>

using namespace attnjit::emulator;
using namespace attnjit::emulator::test;
using testing::HasSubstr;
using From = MatchedAsm::From;

namespace {

TEST(MatchInlineAsm, OperandsInTheHandlersOrder) {
  MatchedAsm match;
  ASSERT_TRUE(
      matchInlineAsm("shfl.sync.bfly.b32 $0, $1, $2, 0x1f, $3;", 1, match));
  EXPECT_EQ(match.instruction->name, "shfl.sync.bfly.i32");
  ASSERT_EQ(match.operandCount, 4);
  // The mask first, then value, lane and clamp.
  EXPECT_EQ(match.operands[0].value, 2);
  EXPECT_EQ(match.operands[1].value, 0);
  EXPECT_EQ(match.operands[2].value, 1);
  EXPECT_EQ(match.operands[3].from, From::Immediate);
  EXPECT_EQ(match.operands[3].value, 31);
}

TEST(MatchInlineAsm, TiedAccumulators) {
  MatchedAsm match;
  ASSERT_TRUE(
      matchInlineAsm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                     "{$0,$1,$2,$3}, {$4,$5,$6,$7}, {$8,$9}, {$0,$1,$2,$3};",
                     4, match));
  ASSERT_EQ(match.operandCount, 10);
  EXPECT_EQ(match.operands[0].from, From::Input);
  EXPECT_EQ(match.operands[5].value, 5);
  EXPECT_EQ(match.operands[6].from, From::Tied);
  EXPECT_EQ(match.operands[9].value, 3);
}

TEST(MatchInlineAsm, CopiesNameTheirSize) {
  MatchedAsm match;
  ASSERT_TRUE(matchInlineAsm(
      "{ cp.async.cg.shared::cta.global.L2::128B [$0], [$1], 16, $2; }", 0,
      match));
  EXPECT_EQ(match.instruction->name, "cp.async.cg.shared.global.16.s");
  EXPECT_EQ(match.operandCount, 3);
  EXPECT_TRUE(match.operands[0].isAddress);
  EXPECT_FALSE(match.operands[2].isAddress);
  ASSERT_TRUE(
      matchInlineAsm("cp.async.ca.shared.global [$0], [$1], 4;", 0, match));
  EXPECT_EQ(match.instruction->name, "cp.async.ca.shared.global.4");
  // cg copies 16 bytes, nothing else.
  EXPECT_FALSE(
      matchInlineAsm("cp.async.cg.shared.global [$0], [$1], 8;", 0, match));
}

TEST(MatchInlineAsm, WhatIsNoPattern) {
  MatchedAsm match;
  for (const char *text :
       {"", ";", "frob.b32 $0, $1;", "bar.sync", "bar.sync 0, 32, 5;",
        "bar.sync 0; bar.sync 1;", "bar.sync %r1;", "{ bar.sync 0;",
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {$0, $1;",
        "@p bar.sync 0;", "ldmatrix.sync.aligned.m8n8.x1.shared.b16 {$0}, [$1;",
        "shfl.sync.bfly.b32 $0, $1, $2, {$3, $4}, $5;"})
    EXPECT_FALSE(matchInlineAsm(text, 0, match)) << text;
}

TEST(InlineAsm, RunsLikeTheIntrinsic) {
  Case one{.body = R"(
  %s = call i32 asm "shfl.sync.bfly.b32 $0, $1, $2, $3, $4;", "=r,r,n,n,r"(i32 %tid, i32 1, i32 31, i32 -1)
  %f = uitofp i32 %tid to float
  %e = call float asm "ex2.approx.ftz.f32 $0, $1;", "=f,f"(float %f)
  %p = call i32 asm "cvt.rn.bf16x2.f32 $0, $1, $2;", "=r,f,f"(float 1.0, float %e)
  %sum = call i32 asm "redux.sync.add.s32 $0, $1, $2;", "=r,r,r"(i32 %tid, i32 -1)
  %o0 = add i32 %s, 0
  %o1 = bitcast float %e to i32
  %o2 = add i32 %p, 0
  %o3 = add i32 %sum, 0
  call void asm sideeffect "bar.sync 0;", "~{memory}"()
  call void asm sideeffect "membar.gl;", "~{memory}"())",
           .outputs = 4};
  Words out = outputsOf(one);
  for (uint32_t l = 0; l < 32; ++l) {
    EXPECT_EQ(out[4 * l], l ^ 1);
    EXPECT_EQ(number(out[4 * l + 1]), float(1u << l));
    EXPECT_EQ(out[4 * l + 2], 0x3f800000u | (127 + l) << 7);
    EXPECT_EQ(out[4 * l + 3], 31u * 16);
  }
}

// Shared addresses are 32 bits wide in PTX.
TEST(InlineAsm, SharedAddressesIn32Bits) {
  Case one{.body = R"(
  %offset = mul i32 %tid, 16
  %base = ptrtoint ptr addrspace(3) @smem to i32
  %mine = add i32 %base, %offset
  call void asm sideeffect "cp.async.cg.shared.global [$0], [$1], 16;", "r,l,~{memory}"(i32 %mine, ptr addrspace(1) %p.i0)
  call void asm sideeffect "cp.async.commit_group;", "~{memory}"()
  call void asm sideeffect "cp.async.wait_group 0;", "~{memory}"()
  call void @llvm.nvvm.bar.warp.sync(i32 -1)
  %r = call {i32, i32, i32, i32} asm sideeffect "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {$0, $1, $2, $3}, [$4];", "=r,=r,=r,=r,r,~{memory}"(i32 %mine)
  %o0 = extractvalue {i32, i32, i32, i32} %r, 3)",
           .inputs = 4,
           .outputs = 1,
           .sharedBytes = 512};
  for (uint32_t i = 0; i < 128; ++i)
    one.in.push_back(i);
  Words out = outputsOf(one);
  // Matrix 3 is rows 24 to 31; lane l holds word l % 4 of row l / 4.
  for (uint32_t l = 0; l < 32; ++l)
    EXPECT_EQ(out[l], 4 * (24 + l / 4) + l % 4);
}

TEST(InlineAsm, AccumulatesInPlace) {
  Case one{.body = R"(
  %f = uitofp i32 %tid to float
  %r = call {float, float, float, float} asm "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {$0, $1, $2, $3}, {$4, $5, $6, $7}, {$8, $9}, {$0, $1, $2, $3};", "=f,=f,=f,=f,r,r,r,r,r,r,0,1,2,3"(i32 0, i32 0, i32 0, i32 0, i32 0, i32 0, float %f, float 1.0, float 2.0, float 3.0)
  %d0 = extractvalue {float, float, float, float} %r, 0
  %d3 = extractvalue {float, float, float, float} %r, 3
  %o0 = bitcast float %d0 to i32
  %o1 = bitcast float %d3 to i32)",
           .outputs = 2};
  Words out = outputsOf(one);
  EXPECT_EQ(number(out[2 * 9]), 9.0f);
  EXPECT_EQ(number(out[2 * 9 + 1]), 3.0f);
}

TEST(InlineAsm, UnknownIsAnErrorThatNamesIt) {
  Case one{
      .body =
          R"(  call void asm sideeffect "wgmma.fence.sync.aligned;", ""())"};
  EXPECT_THAT(loadErrorOf(textOf(one)),
              HasSubstr("inline PTX `wgmma.fence.sync.aligned;` is no pattern "
                        "that the emulator knows"));
}

} // namespace
