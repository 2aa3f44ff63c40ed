//===- SummaryLaunch.cpp - How a GPU summarises a buffer ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "SummaryLaunch.h"

#include <algorithm>
#include <bit>

using namespace attnjit;
using namespace attnjit::cuda;

static constexpr int32_t kFirstLevel = 2;
static constexpr int32_t kPieceLevel = 12;

static int32_t codeOf(DType dtype) {
  switch (dtype) {
  case DType::I64:
    return ATTNJIT_SUMMARIZE_I64;
  case DType::U8:
    return ATTNJIT_SUMMARIZE_U8;
  case DType::Bool:
    return ATTNJIT_SUMMARIZE_BOOL;
  case DType::I32:
  // The analysis knows no ranges of floats, so that none are asked for.
  case DType::F32:
  case DType::F16:
  case DType::BF16:
    break;
  }
  return ATTNJIT_SUMMARIZE_I32;
}

std::array<SummaryLaunch, 2>
attnjit::cuda::planSummary(const SummarySource &source, int32_t *entries) {
  const auto axis = static_cast<size_t>(source.axis);
  SummaryLaunch pieces;
  AttnJitSummarizeArgs &args = pieces.args;
  args.data = source.data;
  args.entries = entries;
  args.padded = source.padded();
  args.size = source.size[axis];
  args.stride = source.stride[axis];
  for (size_t other = 0, i = 0; other < kMaxBufferRank; ++other)
    if (other != axis) {
      args.other_size[i] = source.size[other];
      args.other_stride[i++] = source.stride[other];
    }
  args.element = codeOf(source.dtype);
  const int32_t top = std::countr_zero(static_cast<uint64_t>(source.padded()));
  args.first_level = kFirstLevel;
  args.last_level = std::min(kPieceLevel, top);
  args.pieces = ((args.size - 1) >> args.last_level) + 1;
  pieces.blocks = source.rows() * args.pieces;

  SummaryLaunch above;
  if (top > kPieceLevel) {
    above.args = args;
    above.args.first_level = kPieceLevel + 1;
    above.args.last_level = top;
    above.args.pieces = 1;
    above.blocks = source.rows();
  }
  return {pieces, above};
}
