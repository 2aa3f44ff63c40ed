//===- Problem.cpp - The memory of one run --------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Allocation and layout of the tensors, and their contents.
//
//===----------------------------------------------------------------------===//

#include "Problem.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>

using namespace attnjit;
using namespace attnjit::test;

double attnjit::test::normal(Random &random) {
  // Box and Muller (1958).
  auto uniform = [&] {
    return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;
  };
  double radius = std::sqrt(-2 * std::log(uniform()));
  return radius * std::cos(2 * std::numbers::pi * uniform());
}

void attnjit::test::forEachElement(
    const Tensor &tensor,
    const std::function<void(const std::array<int64_t, kMaxRank> &,
                             std::byte *)> &visit) {
  std::array<int64_t, kMaxRank> index = {};
  const int64_t count = tensor.elements(), size = sizeBytes(tensor.dtype);
  for (int64_t n = 0; n < count; ++n) {
    int64_t offset = 0;
    for (int axis = 0; axis < tensor.rank; ++axis)
      offset += index[axis] * tensor.stride[axis];
    visit(index, static_cast<std::byte *>(tensor.data) + offset * size);
    for (int axis = tensor.rank; axis-- > 0;) {
      if (++index[axis] < tensor.shape[axis])
        break;
      index[axis] = 0;
    }
  }
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

Tensor Problem::allocate(DType dtype, std::span<const int64_t> shape,
                         std::span<const int64_t> strides) {
  Tensor tensor;
  tensor.dtype = dtype;
  tensor.rank = static_cast<int>(shape.size());
  int64_t first = 0, last = 0;
  bool isEmpty = false;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    tensor.shape[axis] = shape[axis];
    tensor.stride[axis] = strides[axis];
    int64_t reach = (shape[axis] - 1) * strides[axis];
    (reach < 0 ? first : last) += reach;
    isEmpty |= shape[axis] == 0;
  }
  const int64_t size = sizeBytes(dtype);
  const int64_t elements = isEmpty ? 0 : last - first + 1;
  memory.push_back(
      std::make_unique<GuardedMemory>(elements * size, sizes.flush));
  tensor.data = memory.back()->data() - (isEmpty ? 0 : first * size);
  return tensor;
}

static std::vector<int64_t> contiguousStrides(std::span<const int64_t> shape) {
  std::vector<int64_t> strides(shape.size());
  int64_t step = 1;
  for (size_t axis = shape.size(); axis-- > 0;) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

Tensor Problem::allocate(DType dtype, std::initializer_list<int64_t> shape) {
  return allocate(dtype, shape, contiguousStrides(shape));
}

/// Strides of [B, H, S, D] in a layout. `isShared`: one batch entry is all.
static std::vector<int64_t>
stridesOf(Layout layout, const std::vector<int64_t> &shape, bool isShared) {
  const int64_t H = shape[1], S = shape[2], D = shape[3];
  switch (layout) {
  case Layout::BSHD:
  case Layout::Fused:
    return {S * H * D, D, H * D, 1};
  case Layout::Padded: {
    const int64_t row = D + 3, head = S * row + 5;
    // The stride of an axis of size 1 may be anything.
    return {H * head + 7, head, row, D == 1 ? 0 : 1};
  }
  case Layout::BroadcastBatch:
    if (isShared)
      return {0, S * D, D, 1};
    break;
  case Layout::Backwards:
    return {-H * S * D, -S * D, -D, 1};
  case Layout::BHSD:
    break;
  }
  return contiguousStrides(shape);
}

/// Heads [first, first + count) of a [B, H, S, D] view.
static Tensor sliceHeads(Tensor tensor, int64_t first, int64_t count) {
  tensor.data = static_cast<std::byte *>(tensor.data) +
                first * tensor.stride[1] * sizeBytes(tensor.dtype);
  tensor.shape[1] = count;
  return tensor;
}

void Problem::makeInputs() {
  const Shape &n = sizes;
  auto place = [&](int64_t H, int64_t S, int64_t D, bool isShared) {
    const std::vector<int64_t> shape = {n.B, H, S, D};
    return allocate(n.dtype, shape, stridesOf(n.layout, shape, isShared));
  };
  if (n.layout == Layout::Fused && n.D == n.Dv && n.Sq == n.Skv) {
    Tensor all = place(n.Hq() + 2 * n.Hkv, n.Sq, n.D, false);
    args.q = sliceHeads(all, 0, n.Hq());
    args.k = sliceHeads(all, n.Hq(), n.Hkv);
    args.v = sliceHeads(all, n.Hq() + n.Hkv, n.Hkv);
    return;
  }
  args.q = place(n.Hq(), n.Sq, n.D, false);
  if (n.layout == Layout::Fused && n.D == n.Dv) {
    Tensor both = place(2 * n.Hkv, n.Skv, n.D, false);
    args.k = sliceHeads(both, 0, n.Hkv);
    args.v = sliceHeads(both, n.Hkv, n.Hkv);
    return;
  }
  args.k = place(n.Hkv, n.Skv, n.D, true);
  args.v = place(n.Hkv, n.Skv, n.Dv, true);
}

void Problem::makeOutputs() {
  const Shape &n = sizes;
  const std::vector<int64_t> shape = {n.B, n.Hq(), n.Sq, n.Dv};
  args.out = allocate(n.dtype, shape, stridesOf(n.layout, shape, false));
  outMemory = memory.back().get();
  if (!n.lse)
    return;
  const std::vector<int64_t> rows = {n.B, n.Hq(), n.Sq};
  std::vector<int64_t> strides = contiguousStrides(rows);
  if (n.layout == Layout::BSHD)
    strides = {n.Sq * n.Hq(), 1, n.Hq()};
  else if (n.layout == Layout::Padded)
    strides = {n.Hq() * (n.Sq + 2) + 3, n.Sq + 2, 1};
  else if (n.layout == Layout::Backwards)
    strides = {-n.Hq() * n.Sq, -n.Sq, 1};
  args.lse = allocate(DType::F32, rows, strides);
  lseMemory = memory.back().get();
}

//===----------------------------------------------------------------------===//
// Outputs
//===----------------------------------------------------------------------===//

AttentionSpec Problem::spec() const {
  return {sizes.D, sizes.Dv, sizes.dtype, args.mask.has_value(),
          sizes.drop != Drop::None};
}

void Problem::clearOutputs() {
  for (GuardedMemory *output : {outMemory, lseMemory})
    if (output)
      std::memset(output->data(), kCanary, output->size());
}

std::vector<std::byte> Problem::outputBytes() const {
  std::vector<std::byte> bytes;
  for (const GuardedMemory *output : {outMemory, lseMemory})
    if (output)
      bytes.insert(bytes.end(), output->data(),
                   output->data() + output->size());
  return bytes;
}

bool Problem::areGapsUntouched() const {
  auto check = [](const GuardedMemory &output, const Tensor &tensor) {
    std::vector<bool> isElement(output.size());
    const int64_t size = sizeBytes(tensor.dtype);
    forEachElement(tensor, [&](auto &, std::byte *address) {
      for (int64_t k = 0; k < size; ++k)
        isElement[address - output.data() + k] = true;
    });
    for (size_t k = 0; k < output.size(); ++k)
      if (!isElement[k] && output.data()[k] != std::byte{kCanary})
        return false;
    return true;
  };
  return check(*outMemory, args.out) &&
         (!lseMemory || check(*lseMemory, *args.lse));
}

//===----------------------------------------------------------------------===//
// Contents of the tensors
//===----------------------------------------------------------------------===//

void attnjit::test::put(const Tensor &tensor, std::byte *address, float value) {
  if (tensor.dtype == DType::F32) {
    std::memcpy(address, &value, sizeof value);
    return;
  }
  const uint16_t bits =
      tensor.dtype == DType::F16 ? floatToHalf(value) : floatToBfloat(value);
  std::memcpy(address, &bits, sizeof bits);
}

void Problem::fillInputs() {
  // Over the keys, scores move by kRise where the scale is 1 / sqrt(D) and data
  // is not Normal. The part that moves them stands last: sums stay small, and
  // so do their errors.
  const bool moves = sizes.data != Data::Normal;
  auto fill = [&](const Tensor &tensor, auto &&last) {
    forEachElement(tensor, [&](auto &index, std::byte *address) {
      float value = static_cast<float>(normal(random));
      put(tensor, address,
          moves && index[3] == sizes.D - 1 ? last(index, value) : value);
    });
  };
  fill(args.q,
       [&](auto &, float) { return std::sqrt(static_cast<float>(sizes.D)); });
  fill(args.k, [&](auto &index, float value) {
    float way = static_cast<float>(index[2]) / static_cast<float>(sizes.Skv);
    return value + kRise * (sizes.data == Data::Rising ? way : 1 - way);
  });
  forEachElement(args.v, [&](auto &, std::byte *address) {
    put(args.v, address, static_cast<float>(normal(random)));
  });
}

void Problem::makeMask() {
  const Shape &n = sizes;
  if (n.mask == MaskKind::PerKey) {
    args.mask = allocate(DType::Bool, {n.B, 1, 1, n.Skv});
  } else if (n.mask == MaskKind::PerPair) {
    args.mask = oneIn(random, 2) ? allocate(DType::Bool, {n.Sq, n.Skv})
                                 : allocate(DType::Bool, {1, 1, n.Sq, n.Skv});
  } else if (n.mask == MaskKind::PerRow) {
    args.mask = allocate(DType::Bool, {n.B, 1, n.Sq, 1});
  } else if (n.mask == MaskKind::Full) {
    const std::vector<int64_t> shape = {n.B, n.Hq(), n.Sq, n.Skv};
    args.mask = allocate(DType::Bool, shape, stridesOf(n.layout, shape, false));
  }
  if (!args.mask)
    return;
  static constexpr std::array<uint8_t, 6> kTrue = {1,    2,    0x40,
                                                   0x80, 0xFE, 0xFF};
  int64_t keepOneIn = 1 + below(random, 5);
  forEachElement(*args.mask, [&](auto &, std::byte *address) {
    bool keep = oneIn(random, keepOneIn);
    *address =
        std::byte{keep ? kTrue[below(random, kTrue.size())] : uint8_t{0}};
  });
}

void Problem::makeOffsets() {
  switch (sizes.offsets) {
  case Offsets::None:
    return;
  case Offsets::Scalar:
    args.qOffset.scalar = 37;
    args.kvOffset.scalar = 5;
    return;
  case Offsets::Before:
    args.qOffset.scalar = static_cast<int32_t>(-(sizes.Sq + 1) / 2);
    return;
  case Offsets::PerBatch:
    for (OffsetArg *offset : {&args.qOffset, &args.kvOffset}) {
      offset->scalar = 1 << 20; // must be overruled
      offset->perBatch = allocate(DType::I32, {sizes.B});
      for (int64_t b = 0; b < sizes.B; ++b)
        at<int32_t>(*offset->perBatch, {b}) =
            static_cast<int32_t>(below(random, 60)) - 20;
    }
    return;
  }
}

void Problem::makeDropout() {
  if (sizes.drop == Drop::None || sizes.drop == Drop::Unasked)
    return;
  args.dropout = DropoutArg{0.1, random(), random()};
  args.deterministic = sizes.drop == Drop::Ignored;
  if (sizes.drop == Drop::Never)
    args.dropout->rate = 0;
  if (sizes.drop == Drop::Most)
    args.dropout->rate = 0.9;
}

//===----------------------------------------------------------------------===//
// Captures
//===----------------------------------------------------------------------===//

/// Stores a number as an element of any type.
static void store(DType dtype, double value, std::byte *address) {
  auto put = [&](auto typed) { std::memcpy(address, &typed, sizeof(typed)); };
  switch (dtype) {
  case DType::F32:
    return put(static_cast<float>(value));
  case DType::F16:
    return put(floatToHalf(static_cast<float>(value)));
  case DType::BF16:
    return put(floatToBfloat(static_cast<float>(value)));
  case DType::I32:
    return put(static_cast<int32_t>(value));
  case DType::I64:
    return put(static_cast<int64_t>(value));
  case DType::U8:
  case DType::Bool:
    return put(static_cast<uint8_t>(value));
  }
}

void Problem::fillPlausible(const BufferDecl &decl, const Tensor &tensor) {
  const auto spans = std::to_array<int64_t>(
      {2, 4, 1 + sizes.Skv / 16, sizes.Skv + sizes.Skv / 4 + 1, 1 << 16});
  const int64_t span = spans[below(random, spans.size())];
  const int64_t trueOneIn = 1 + below(random, 6);
  // A sorted buffer climbs along its last axis to the end of its range.
  double climb = 0;
  forEachElement(tensor, [&](auto &index, std::byte *address) {
    double value = 0;
    if (decl.element == DType::Bool) {
      value = oneIn(random, trueOneIn)
                  ? static_cast<double>(1 + below(random, 255))
                  : 0;
    } else if (decl.valueType() == Type::F32) {
      value = normal(random);
      if (decl.range)
        value = decl.range->first.asF32() +
                (decl.range->second.asF32() - decl.range->first.asF32()) *
                    static_cast<double>(below(random, 1001)) / 1000;
    } else {
      int64_t lo = decl.range ? decl.range->first.asI32() : 0;
      int64_t hi = decl.range ? decl.range->second.asI32() : 255;
      hi = std::min(hi, lo + span);
      value = static_cast<double>(lo + below(random, hi - lo + 1));
      if (decl.sorted) {
        int64_t last = tensor.shape[tensor.rank - 1];
        climb = index[tensor.rank - 1] == 0 ? static_cast<double>(lo) : climb;
        climb += static_cast<double>(below(random, 2 * (hi - lo) / last + 2));
        climb = std::min(climb, static_cast<double>(hi));
        value = climb;
      }
    }
    store(decl.element, value, address);
  });
}

void Problem::fillInteresting(const Tensor &tensor) {
  forEachElement(tensor, [&](auto &, std::byte *address) {
    float f = interestingF32(random);
    int64_t i = oneIn(random, 4) ? static_cast<int64_t>(random())
                                 : interestingI32(random);
    switch (tensor.dtype) {
    case DType::F32:
    case DType::F16:
    case DType::BF16:
      return store(tensor.dtype, f, address);
    case DType::I64:
      std::memcpy(address, &i, sizeof(i));
      return;
    case DType::I32:
      return store(tensor.dtype, static_cast<int32_t>(i), address);
    case DType::U8:
      return store(tensor.dtype, static_cast<uint8_t>(i), address);
    case DType::Bool:
      return store(tensor.dtype, oneIn(random, 2) ? 0 : i & 0xFF, address);
    }
  });
}

Tensor Problem::bufferFor(const BufferDecl &decl, Captures style) {
  const bool isAny = style == Captures::Interesting;
  std::vector<int64_t> shape;
  for (const Dim &dim : decl.dims) {
    switch (dim.kind) {
    case Dim::Kind::Fixed:
      shape.push_back(dim.extent);
      break;
    case Dim::Kind::Any:
      shape.push_back(isAny ? below(random, 6) : 1 + below(random, 70));
      break;
    case Dim::Kind::Size:
      RunSizes n = {sizes.B,   sizes.Hq(), sizes.Hkv, sizes.Sq,
                    sizes.Skv, sizes.D,    sizes.Dv};
      std::array extents = {n.B, n.Hq, n.Hkv, n.Sq, n.Skv, n.D, n.B, n.Hq};
      shape.push_back(extents[static_cast<size_t>(dim.size)]);
      break;
    }
  }
  std::vector<int64_t> strides = contiguousStrides(shape);
  switch (below(random, 4)) {
  case 0: // gaps
    for (int64_t &stride : strides)
      stride *= 3;
    break;
  case 1: // backwards
    for (int64_t &stride : strides)
      stride = -stride;
    break;
  case 2: // the same along the first axis
    if (strides.size() > 1)
      strides.front() = 0;
    break;
  default:
    break;
  }
  Tensor tensor = allocate(decl.element, shape, strides);
  if (isAny)
    fillInteresting(tensor);
  else
    fillPlausible(decl, tensor);
  return tensor;
}

Scalar Problem::paramFor(const ParamDecl &decl, Captures style) {
  if (style == Captures::Interesting)
    return interestingScalar(random, decl.type);
  switch (decl.type) {
  case Type::F32: {
    float value = decl.defaultValue ? decl.defaultValue->asF32() : 1;
    return Scalar::f32(value + 0.25f * static_cast<float>(below(random, 3)));
  }
  case Type::Bool:
    return Scalar::boolean(oneIn(random, 2));
  default: {
    int32_t value = decl.defaultValue ? decl.defaultValue->asI32() : 16;
    auto values = std::to_array<int32_t>({0, 1, 7, value, value / 2, -value});
    return Scalar::i32(values[below(random, values.size())]);
  }
  }
}

void Problem::makeCaptures(Captures style) {
  for (const ParamDecl &decl : mod.params())
    if (!decl.defaultValue || oneIn(random, 2))
      args.captures.push_back({decl.name, paramFor(decl, style)});
  for (const BufferDecl &decl : mod.buffers())
    args.captures.push_back({decl.name, bufferFor(decl, style)});
}

CaptureArg &Problem::capture(std::string_view name) {
  for (CaptureArg &capture : args.captures)
    if (capture.name == name)
      return capture;
  return args.captures.emplace_back(CaptureArg{name, Scalar()});
}

Tensor Problem::buffer(std::string_view name) const {
  for (const CaptureArg &capture : args.captures)
    if (capture.name == name)
      return std::get<Tensor>(capture.value);
  return {};
}
void Problem::setBuffer(std::string_view name, const Tensor &tensor) {
  capture(name).value = tensor;
}
void Problem::setParam(std::string_view name, Scalar value) {
  capture(name).value = value;
}

//===----------------------------------------------------------------------===//
// Problem
//===----------------------------------------------------------------------===//

Problem::Problem(const ModProgram &program, const Shape &shape, uint64_t seed,
                 Captures captures)
    : random(seed), mod(program), sizes(shape) {
  makeInputs();
  fillInputs();
  makeOutputs();
  makeMask();
  makeOffsets();
  makeDropout();
  makeCaptures(captures);
  const float scale = 1 / std::sqrt(static_cast<float>(sizes.D));
  if (sizes.scale == ScaleKind::Zero)
    args.scale = 0.0f;
  else if (sizes.scale == ScaleKind::Negative)
    args.scale = -scale;
  else if (sizes.scale == ScaleKind::Large)
    args.scale = kLargeScale * scale;
}
