//===- BufferFacts.cpp - Whether buffers keep what is declared of them ----===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/BufferFacts.h"

#include <fmt/format.h>

#include <cstring>

using namespace attnjit;
using namespace attnjit::tool;

template <typename T> static T loadAs(const Tensor &tensor, int64_t index) {
  T value;
  std::memcpy(&value,
              static_cast<const char *>(tensor.data) +
                  index * static_cast<int64_t>(sizeof(T)),
              sizeof(T));
  return value;
}

/// The element's value; f64 holds all of them but large i64 ones exactly,
/// which saturate to i32 when a mod loads them.
static double valueAt(const Tensor &tensor, int64_t index) {
  switch (tensor.dtype) {
  case DType::F32:
    return loadAs<float>(tensor, index);
  case DType::F16:
    return halfToFloat(loadAs<uint16_t>(tensor, index));
  case DType::BF16:
    return bfloatToFloat(loadAs<uint16_t>(tensor, index));
  case DType::I32:
    return loadAs<int32_t>(tensor, index);
  case DType::I64:
    return static_cast<double>(loadAs<int64_t>(tensor, index));
  case DType::U8:
    return loadAs<uint8_t>(tensor, index);
  case DType::Bool:
    return loadAs<uint8_t>(tensor, index) != 0;
  }
  return 0;
}

static double toDouble(const Scalar &scalar) {
  return scalar.type == Type::F32 ? scalar.asF32() : scalar.asI32();
}

static Expected<void> checkBuffer(const BufferDecl &decl,
                                  const Tensor &tensor) {
  const int64_t rowLength = tensor.rank > 0 ? tensor.shape[tensor.rank - 1] : 1;
  for (int64_t i = 0, count = tensor.elements(); i < count; ++i) {
    const double value = valueAt(tensor, i);
    // Negated, so that NaN lies in no range and follows nothing.
    if (decl.range && !(value >= toDouble(decl.range->first) &&
                        value <= toDouble(decl.range->second)))
      return fail(ErrorKind::InvalidArgument,
                  fmt::format("buffer `{}`: element {} is {}; it is declared "
                              "in [{}, {}]",
                              decl.name, i, value, toDouble(decl.range->first),
                              toDouble(decl.range->second)));
    if (decl.sorted && i % rowLength > 0 && !(value >= valueAt(tensor, i - 1)))
      return fail(ErrorKind::InvalidArgument,
                  fmt::format("buffer `{}`: element {} is {}, after {}; it is "
                              "declared sorted",
                              decl.name, i, value, valueAt(tensor, i - 1)));
  }
  return {};
}

Expected<void> tool::checkBufferFacts(const ModProgram &mod,
                                      const RunArgs &args) {
  for (const CaptureArg &capture : args.captures) {
    const int ordinal = mod.bufferOrdinal(capture.name);
    const Tensor *tensor = std::get_if<Tensor>(&capture.value);
    if (ordinal < 0 || !tensor)
      continue;
    const BufferDecl &decl = mod.buffers()[static_cast<size_t>(ordinal)];
    if (!decl.range && !decl.sorted)
      continue;
    if (Expected<void> ok = checkBuffer(decl, *tensor); !ok)
      return ok;
  }
  return {};
}
