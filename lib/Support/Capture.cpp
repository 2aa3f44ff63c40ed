//===- Capture.cpp - Declarations of captured values ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Makers and names of the plain values that declarations are made of.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Support/Capture.h"

#include <array>
#include <bit>

using namespace attnjit;

std::string_view attnjit::name(Type type) {
  switch (type) {
  case Type::F32:
    return "f32";
  case Type::I32:
    return "i32";
  case Type::Bool:
    return "bool";
  case Type::I64:
    return "i64";
  }
  return "unknown";
}

std::string_view attnjit::name(Size size) {
  static constexpr std::array<std::string_view, 8> kNames = {
      "B", "Hq", "Hkv", "Sq", "Skv", "D", "B_global", "Hq_global"};
  auto index = static_cast<size_t>(size);
  return index < kNames.size() ? kNames[index] : "unknown";
}

Scalar Scalar::f32(float value) {
  return {Type::F32, std::bit_cast<uint32_t>(value)};
}

Scalar Scalar::i32(int32_t value) {
  return {Type::I32, static_cast<uint32_t>(value)};
}

Scalar Scalar::i64(int64_t value) {
  return {Type::I64, static_cast<uint64_t>(value)};
}

Scalar Scalar::boolean(bool value) { return {Type::Bool, value}; }

float Scalar::asF32() const {
  return std::bit_cast<float>(static_cast<uint32_t>(bits));
}

Dim Dim::fixed(int64_t extent) {
  Dim dim;
  dim.kind = Kind::Fixed;
  dim.extent = extent;
  return dim;
}

Dim Dim::of(attnjit::Size size) {
  Dim dim;
  dim.kind = Kind::Size;
  dim.size = size;
  return dim;
}

Type BufferDecl::valueType() const {
  switch (element) {
  case DType::F32:
  case DType::F16:
  case DType::BF16:
    return Type::F32;
  case DType::I32:
  case DType::I64:
  case DType::U8:
    return Type::I32;
  case DType::Bool:
    return Type::Bool;
  }
  return Type::F32;
}
