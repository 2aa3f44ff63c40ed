//===- PhiloxTest.cpp - Tests of the random numbers of dropout ------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Reference/Philox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace attnjit;
using testing::ElementsAre;

// The published known-answer vectors of philox4x32 with ten rounds.
TEST(Philox, KnownAnswers) {
  EXPECT_THAT(philox4x32({0, 0, 0, 0}, {0, 0}),
              ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  const uint32_t ones = 0xffffffff;
  EXPECT_THAT(philox4x32({ones, ones, ones, ones}, {ones, ones}),
              ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                         {0xa4093822, 0x299f31d0}),
              ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

// The third vector again, through the mapping from positions.
TEST(Philox, DropoutDrawsByPosition) {
  const uint64_t offset = 0x0000000503707344;
  const uint64_t seed = uint64_t{0x299f31d0 ^ 5} << 32 | 0xa4093822;
  const int32_t q = static_cast<int32_t>(0x85a308d3); // any i32 is a position
  const uint32_t words[] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
  // kv >> 2 gives 0x243f6a88 only modulo 2^30: take the counter of a small kv.
  for (int word = 0; word < 4; ++word) {
    EXPECT_EQ(dropoutWord(0, 0, 0, 0, word), philox4x32({}, {})[word]);
    EXPECT_EQ(dropoutWord(seed, offset, 0x13198a2e, q, 400 + word),
              philox4x32({100, 0x85a308d3, 0x13198a2e, 0x03707344},
                         {0xa4093822, 0x299f31d0})[word]);
    EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                         {0xa4093822, 0x299f31d0})[word],
              words[word]);
  }
  // Negative positions continue the count downwards.
  EXPECT_EQ(dropoutWord(1, 2, 3, 4, -1),
            philox4x32({0xffffffff, 4, 3, 2}, {1, 0})[3]);
}
