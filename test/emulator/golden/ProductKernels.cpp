//===- ProductKernels.cpp - mma -------------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// D = A B + C, A of 16 x k, B of k x 8. Where no product or sum needs more than
// the bits of f32, results must agree in every bit. Else the manual leaves open
// how the k products and C are added; with S the sum of their magnitudes,
//
// - one by one, each of k additions errs by a unit of the last place of a
//   partial sum at most, be it rounded or cut off: k 2^-23 S;
// - at once, each of k + 1 terms is cut off where the largest one has its last
//   bit, the sum once more: (k + 2) 2^-23 S;
//
// and so do mixtures. (k + 2) 2^-23 S is the bound, around the sum in f64.
//
//===----------------------------------------------------------------------===//

#include "GoldenCall.h"
#include "HostileInputs.h"
#include "MatrixMath.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>

namespace attnjit::golden {

namespace {

using emulator::Random;

enum class Element { Half, Bfloat, Tf32 };

struct Shape {
  std::string_view instruction, ptx;
  Element element;
  int depth;
};

const Shape kShapes[] = {
    {"mma.m16n8k16.row.col.bf16",
     "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", Element::Bfloat,
     16},
    {"mma.m16n8k16.row.col.f32.f32",
     "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", Element::Half, 16},
    {"mma.m16n8k4.row.col.tf32",
     "mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32", Element::Tf32, 4},
    {"mma.m16n8k8.row.col.bf16",
     "mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32", Element::Bfloat, 8},
    {"mma.m16n8k8.row.col.f32.f32",
     "mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32", Element::Half, 8},
    {"mma.m16n8k8.row.col.tf32",
     "mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", Element::Tf32, 8},
};

constexpr int kRows = 16, kColumns = 8, kLanes = 32;

int perRegister(const Shape &shape) {
  return shape.element == Element::Tf32 ? 1 : 2;
}
int registersOfB(const Shape &shape) {
  return shape.depth / (4 * perRegister(shape));
}

/// Elements that the type has.
struct Matrices {
  float a[kRows][16] = {}, b[16][kColumns] = {}, c[kRows][kColumns] = {};
};

uint32_t encode(Element element, float x) {
  switch (element) {
  case Element::Half:
    return emulator::floatToHalf(x);
  case Element::Bfloat:
    return emulator::floatToBfloat(x);
  case Element::Tf32:
    return bitsOf(x);
  }
  return 0;
}

/// By the manual's tables of fragments: lane l is thread l % 4 of group l / 4.
void append(const Shape &shape, const Matrices &m, Words &in) {
  const int per = perRegister(shape), span = 4 * per;
  for (int lane = 0; lane < kLanes; ++lane) {
    const int group = lane / 4, thread = lane % 4;
    auto pack = [&](auto element) {
      uint32_t word = 0;
      for (int x = 0; x < per; ++x)
        word |= encode(shape.element, element(thread * per + x)) << 16 * x;
      in.push_back(word);
    };
    for (int r = 0; r < 2 * registersOfB(shape); ++r)
      pack([&](int k) { return m.a[group + 8 * (r % 2)][k + span * (r / 2)]; });
    for (int r = 0; r < registersOfB(shape); ++r)
      pack([&](int k) { return m.b[k + span * r][group]; });
    for (int i = 0; i < 4; ++i)
      in.push_back(bitsOf(m.c[group + 8 * (i / 2)][2 * thread + i % 2]));
  }
}

/// Sums in f64 and the bound, in the order of the results. Products are exact
/// there, and sums err by k 2^-53 S.
void appendSums(const Shape &shape, const Matrices &m, Rule &rule) {
  for (int lane = 0; lane < kLanes; ++lane)
    for (int i = 0; i < 4; ++i) {
      const int row = lane / 4 + 8 * (i / 2), column = 2 * (lane % 4) + i % 2;
      double sum = m.c[row][column], magnitude = std::fabs(sum);
      for (int k = 0; k < shape.depth; ++k) {
        const double product = double(m.a[row][k]) * m.b[k][column];
        sum += product;
        magnitude += std::fabs(product);
      }
      rule.sums.push_back(sum);
      rule.bounds.push_back((shape.depth + 2) * 0x1p-23 * magnitude);
    }
}

using Choose = std::function<Matrices(Random &random, int number)>;

Matrices filled(const Shape &shape, const std::function<float()> &ofInputs,
                const std::function<float()> &ofC) {
  Matrices m;
  for (auto &row : m.a)
    for (int k = 0; k < shape.depth; ++k)
      row[k] = ofInputs();
  for (int k = 0; k < shape.depth; ++k)
    for (float &x : m.b[k])
      x = ofInputs();
  for (auto &row : m.c)
    for (float &x : row)
      x = ofC();
  return m;
}

/// Of [-bound, bound].
float integer(Random &random, int bound) {
  return static_cast<float>(static_cast<int>(random.below(2 * bound + 1)) -
                            bound);
}

/// Eight bits of mantissa, as all types have.
float number(Random &random, int least, int most) {
  const int mantissa = 128 + static_cast<int>(random.below(128));
  const int exponent =
      least + static_cast<int>(random.below(most - least + 1)) - 7;
  return std::ldexp(static_cast<float>(random.oneIn(2) ? mantissa : -mantissa),
                    exponent);
}

/// Integers times a power of two, C among them up to 2^22 units.
Matrices exactMatrices(const Shape &shape, Random &random, int which) {
  // Products of f16's subnormal numbers with others.
  const int scale = which == 1 ? -3 : which == 2 ? 5 : which == 3 ? -7 : 0;
  const int ofC = which == 2 ? 1 << 22 : which == 3 ? 0 : 100;
  Matrices m = filled(
      shape, [&] { return std::ldexp(integer(random, 15), scale); },
      [&] { return std::ldexp(integer(random, ofC), 2 * scale); });
  if (which == 3 && shape.element == Element::Half)
    for (auto &row : m.a)
      for (float &x : row)
        x = std::ldexp(x, 7 - 24);
  return m;
}

Matrices specialMatrices(const Shape &shape, Random &random) {
  Matrices m = filled(
      shape, [&] { return integer(random, 4); },
      [&] { return integer(random, 100); });
  constexpr float kInf = INFINITY;
  m.a[1][2] = kInf; // with a 0 in column 3: NaN
  m.b[2][3] = 0;
  m.a[9][0] = NAN;
  m.c[4][5] = -kInf;
  m.c[5][5] = NAN;
  m.b[1][6] = -kInf;
  // Infinities of both signs: NaN.
  m.a[12][0] = m.a[12][1] = kInf;
  m.b[0][7] = 1;
  m.b[1][7] = -1;
  // Products of zeros of either sign.
  for (int k = 0; k < shape.depth; ++k)
    m.a[14][k] = -0.0f;
  return m;
}

GoldenKernel product(GoldenKernel kernel, const Shape &shape,
                     std::string inputsName, Rule::Kind kind, uint64_t seed,
                     uint32_t count, const Choose &choose) {
  kernel.inputsName = std::move(inputsName);
  kernel.grid = {count, 1, 1};
  kernel.rule.kind = kind;
  Random random(seed);
  for (uint32_t i = 0; i < count; ++i) {
    const Matrices m = choose(random, static_cast<int>(i));
    append(shape, m, kernel.in);
    if (kind == Rule::Kind::Sum)
      appendSums(shape, m, kernel.rule);
  }
  const int ofB = registersOfB(shape);
  const std::string type =
      shape.element == Element::Half ? "<2 x half>" : "i32";
  Call call = {.results = std::vector<std::string>(4, "float"),
               .operands = std::vector<std::string>(3 * ofB, type),
               .vectors = {2 * ofB, ofB, 4}};
  call.operands.insert(call.operands.end(), 4, "float");
  setCall(kernel, call);
  return kernel;
}

/// The 13 bits that are not part of tf32.
void addLowBits(GoldenKernel &kernel, const Shape &shape, uint64_t seed) {
  Random random(seed);
  const size_t ofAAndB = 3 * registersOfB(shape);
  for (size_t i = 0; i < kernel.in.size(); ++i)
    if (i % kernel.inputs < ofAAndB)
      kernel.in[i] |= random.below(0x2000);
}

} // namespace

std::vector<GoldenKernel> productKernels(uint64_t seed) {
  using Kind = Rule::Kind;
  std::vector<GoldenKernel> all;
  for (const Shape &shape : kShapes)
    for (const GoldenKernel &kernel : kernelsOf(shape.instruction, shape.ptx)) {
      auto exact = [&](Random &random, int which) {
        return exactMatrices(shape, random, which);
      };
      auto within = [&](int least, int most) {
        return [&shape, least, most](Random &random, int) {
          auto next = [&] { return number(random, least, most); };
          return filled(shape, next, next);
        };
      };
      const bool isHalf = shape.element == Element::Half;
      all.push_back(
          product(kernel, shape, "exact", Kind::Bits, seed, 4, exact));
      all.push_back(product(kernel, shape, "moderate", Kind::Sum, seed, 4,
                            within(-4, 4)));
      all.push_back(product(kernel, shape, "wide", Kind::Sum, seed, 4,
                            isHalf ? within(-14, 15) : within(-30, 30)));
      all.push_back(product(
          kernel, shape, "special", Kind::Sum, seed, 1,
          [&](Random &random, int) { return specialMatrices(shape, random); }));
      if (shape.element != Element::Tf32)
        continue;
      all.push_back(
          product(kernel, shape, "low_bits", Kind::Bits, seed, 3, exact));
      addLowBits(all.back(), shape, seed);
    }
  return all;
}

} // namespace attnjit::golden
