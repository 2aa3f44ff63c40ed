//===- AttentionSpec.cpp - What a kernel is specialised on ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "attnjit/Spec/AttentionSpec.h"

#include <fmt/format.h>

using namespace attnjit;

static Expected<void> checkHeadDim(std::string_view field, int64_t value) {
  if (value >= 1 && value <= kMaxHeadDim)
    return {};
  return fail(ErrorKind::InvalidArgument,
              fmt::format("head size `{}` is {}; it should be 1 to {}", field,
                          value, kMaxHeadDim));
}

Expected<void> AttentionSpec::check() const {
  if (Expected<void> ok = checkHeadDim("D", D); !ok)
    return ok;
  if (Expected<void> ok = checkHeadDim("Dv", Dv); !ok)
    return ok;
  switch (dtype) {
  case DType::F32:
  case DType::F16:
  case DType::BF16:
    return {};
  case DType::I32:
  case DType::I64:
  case DType::U8:
  case DType::Bool:
    return fail(ErrorKind::InvalidArgument,
                fmt::format("`dtype` of q, k, v is {}; it should be f32, f16 "
                            "or bf16",
                            attnjit::name(dtype)));
  }
  return fail(ErrorKind::InvalidArgument,
              fmt::format("`dtype` of q, k, v has the unknown value {}; it "
                          "should be f32, f16 or bf16",
                          static_cast<int>(dtype)));
}

std::string AttentionSpec::keyText() const {
  return fmt::format("D={} Dv={} dtype={} mask_tensor={} dropout={}", D, Dv,
                     static_cast<int>(dtype), maskTensor ? 1 : 0,
                     dropout ? 1 : 0);
}
