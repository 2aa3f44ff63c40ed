//===- FormatterTest.cpp - Tests of the canonical layout ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "TextTesting.h"

#include "attnjit/Text/Formatter.h"

#include <gmock/gmock.h>

using namespace attnjit;
using namespace attnjit::test;

static void expectFormatted(std::string_view source,
                            std::string_view expected) {
  FormatResult once = formatMod(source);
  EXPECT_EQ(render(once.diagnostics, "test.mod", source), "");
  EXPECT_EQ(once.text, expected);
  EXPECT_EQ(formatMod(once.text).text, once.text) << "not idempotent";
}

TEST(Formatter, SetsBlanks) {
  expectFormatted("param   x:i32=-3", "param x : i32 = -3\n");
  expectFormatted("buffer t:f32 [ 2*3 ,Hq,? ]in[ -1,+1 ]sorted   grad",
                  "buffer t : f32[2 * 3, Hq, ?] in [-1, +1] sorted grad\n");
  expectFormatted("buffer s : f32[ ]", "buffer s : f32[]\n");
  expectFormatted("def f( x:i32,y:f32 )=( x*-y )- -x",
                  "def f(x : i32, y : f32) = (x * -y) - -x\n");
  expectFormatted("mask=any( t in 0 .. 4 :t>q )and not( q>1 )",
                  "mask = any(t in 0..4: t > q) and not (q > 1)\n");
  expectFormatted("let a=max( i in 0..n-1:d[i ,q]) if ~q>0 else-1",
                  "let a = max(i in 0..n - 1: d[i, q]) if ~q > 0 else -1\n");
  expectFormatted("use  x( N=4 ,M=-2 )as   A\nmask=A . mask( q=kv )",
                  "use x(N = 4, M = -2) as A\nmask = A.mask(q = kv)\n");
  expectFormatted("use \"a.mod\" (N=1)", "use \"a.mod\"(N = 1)\n");
}

TEST(Formatter, KeepsCommentsAndLines) {
  expectFormatted("\n\n# head\t \nmask = (q > 1 # first  \n\n\n and\n"
                  "# alone\nq > 2\n)#last\n\n\n\nlet a=q\n\n",
                  "# head\nmask = (q > 1  # first\n\n    and\n    # alone\n"
                  "    q > 2\n)  #last\n\nlet a = q\n");
  expectFormatted("", "");
  expectFormatted("\n \n", "");
  expectFormatted("  # only", "# only\n");
  expectFormatted("\xEF\xBB\xBFlet a = q\r\n\r\nlet c = q", "let a = q\n\n"
                                                            "let c = q\n");
}

TEST(Formatter, NeedsSyntaxButNoMeaning) {
  expectFormatted("mask=unknown>1.5//f( )", "mask = unknown > 1.5 // f()\n");
  FormatResult result = formatMod("mask = (q >");
  EXPECT_EQ(result.text, "");
  EXPECT_FALSE(result.diagnostics.empty());
}
