//===- FloatKernels.cpp - Arithmetic, exact and approximate ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is rounded as IEEE 754 says must agree in every bit. The payload of a
// NaN that arithmetic gives is open, that of minimum and maximum is not. The
// approximations may be off by what the PTX manual states; where its tables of
// special values name a result, they must give that.
//
//===----------------------------------------------------------------------===//

#include "GoldenCall.h"
#include "HostileInputs.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <numbers>

namespace attnjit::golden {

namespace {

using Kind = Rule::Kind;

bool flushes(std::string_view name) { return name.find(".ftz") != name.npos; }

GoldenKernel with(GoldenKernel kernel, std::string inputsName, Words in,
                  int perThread, Rule rule) {
  constexpr uint32_t kBlock = 128;
  rule.flushes = flushes(kernel.instruction);
  kernel.inputsName = std::move(inputsName);
  const auto threads = static_cast<uint32_t>(in.size() / perThread);
  kernel.block = {std::min(threads, kBlock), 1, 1};
  kernel.grid = {std::max(threads / kBlock, 1u), 1, 1};
  kernel.in = std::move(in);
  kernel.rule = std::move(rule);
  setCall(kernel, {.results = {"float"},
                   .operands = std::vector<std::string>(perThread, "float")});
  return kernel;
}

//===--- exact ------------------------------------------------------------===//

struct Exact {
  std::string_view instruction, ptx;
  int operands;
  Kind kind = Kind::Float;
};

const Exact kExact[] = {
    {"add.rn.f", "add.rn.f32", 2},
    {"add.rn.ftz.f", "add.rn.ftz.f32", 2},
    {"ceil.f", "cvt.rpi.f32.f32", 1},
    {"ceil.ftz.f", "cvt.rpi.ftz.f32.f32", 1},
    {"div.rn.f", "div.rn.f32", 2},
    {"div.rn.ftz.f", "div.rn.ftz.f32", 2},
    {"fabs.f32", "abs.f32", 1},
    {"fabs.ftz.f32", "abs.ftz.f32", 1},
    {"floor.f", "cvt.rmi.f32.f32", 1},
    {"floor.ftz.f", "cvt.rmi.ftz.f32.f32", 1},
    {"fma.rn.f", "fma.rn.f32", 3},
    {"fma.rn.ftz.f", "fma.rn.ftz.f32", 3},
    {"fmax.f", "max.f32", 2, Kind::Bits},
    {"fmax.ftz.f", "max.ftz.f32", 2, Kind::Bits},
    {"fmax.ftz.nan.f", "max.ftz.NaN.f32", 2, Kind::Bits},
    {"fmax.nan.f", "max.NaN.f32", 2, Kind::Bits},
    {"fmin.f", "min.f32", 2, Kind::Bits},
    {"fmin.ftz.f", "min.ftz.f32", 2, Kind::Bits},
    {"fmin.ftz.nan.f", "min.ftz.NaN.f32", 2, Kind::Bits},
    {"fmin.nan.f", "min.NaN.f32", 2, Kind::Bits},
    {"mul.rn.f", "mul.rn.f32", 2},
    {"mul.rn.ftz.f", "mul.rn.ftz.f32", 2},
    {"rcp.rn.f", "rcp.rn.f32", 1},
    {"rcp.rn.ftz.f", "rcp.rn.ftz.f32", 1},
    {"round.f", "cvt.rni.f32.f32", 1},
    {"round.ftz.f", "cvt.rni.ftz.f32.f32", 1},
    // What becomes of -0 is open.
    {"saturate.f", "cvt.sat.f32.f32", 1, Kind::Units},
    {"saturate.ftz.f", "cvt.ftz.sat.f32.f32", 1, Kind::Units},
    {"sqrt.rn.f", "sqrt.rn.f32", 1},
    {"sqrt.rn.ftz.f", "sqrt.rn.ftz.f32", 1},
    {"trunc.f", "cvt.rzi.f32.f32", 1},
    {"trunc.ftz.f", "cvt.rzi.ftz.f32.f32", 1},
};

//===--- approximate ------------------------------------------------------===//

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kTiny = 0x1p-130f; // subnormal

struct Domain {
  std::string_view name;
  Words in;
  Rule rule;
};

struct Approximate {
  std::string instruction, ptx;
  /// Of the manual's table of special values, without subnormals.
  std::vector<float> special;
  std::vector<Domain> domains;
};

/// Those of positive or of either sign, NaNs included.
Words anySign(uint64_t seed) { return hostileFloats(1, 384, seed); }
Words positive(uint64_t seed) {
  Words in = anySign(seed);
  for (uint32_t &word : in)
    word &= 0x7fffffff;
  return in;
}

std::vector<Domain> trigonometric(uint64_t seed) {
  constexpr float kTurn = 2 * std::numbers::pi_v<float>;
  constexpr float kFar = 100 * std::numbers::pi_v<float>;
  // Rounded, the ends may lie beyond.
  return {{"near",
           floatsWithin(-0.9999f * kTurn, 0.9999f * kTurn, 256, seed),
           {.kind = Kind::Near, .absolute = std::exp2(-20.5)}},
          {"far",
           floatsWithin(-0.9999f * kFar, 0.9999f * kFar, 256, seed),
           {.kind = Kind::Near, .absolute = std::exp2(-14.7)}}};
}

/// Its twin.
Approximate flushing(Approximate one) {
  for (std::string *name : {&one.instruction, &one.ptx})
    name->replace(name->find("approx."), 7, "approx.ftz.");
  return one;
}

std::vector<Approximate> approximations(uint64_t seed) {
  auto relative = [](double error, double absolute = 0) {
    return Rule{.kind = Kind::Near, .relative = error, .absolute = absolute};
  };
  auto units = [](int count) {
    return Rule{.kind = Kind::Units, .units = count};
  };
  // A logarithm may be off by 2^-22 where it is less than 1, else by as much
  // of itself: the larger of both.
  const Rule ofLog = relative(0x1p-22, 0x1p-22);
  const Rule ofRsqrt = relative(std::exp2(-22.9));
  const std::vector<float> zeros = {0.0f, -0.0f, kInf, -kInf, kNaN};
  std::vector<float> roots = zeros;
  roots.push_back(-1);
  const Words powers = floatsWithin(-152, 130, 384, seed);
  std::vector<Approximate> all = {
      {"ex2.approx.f32",
       "ex2.approx.f32",
       zeros,
       {{"values", powers, units(2)}, {"any", anySign(seed), units(2)}}},
      {"lg2.approx.f",
       "lg2.approx.f32",
       roots,
       {{"values", floatsWithin(0x1p-20f, 4, 384, seed), ofLog},
        {"any", positive(seed), ofLog}}},
      {"rsqrt.approx.f",
       "rsqrt.approx.f32",
       roots,
       {{"any", positive(seed), ofRsqrt}}},
      {"sqrt.approx.f",
       "sqrt.approx.f32",
       roots,
       {{"any", positive(seed), relative(0x1p-23)}}},
      {"sin.approx.f", "sin.approx.f32", zeros, trigonometric(seed)},
      {"cos.approx.f", "cos.approx.f32", zeros, trigonometric(seed)},
  };
  for (size_t i = 0, count = all.size(); i < count; ++i)
    all.push_back(flushing(all[i]));
  all.push_back({"rcp.approx.ftz.f",
                 "rcp.approx.ftz.f32",
                 zeros,
                 {{"any", anySign(seed), units(1)}}});
  all.push_back(
      {"tanh.approx.f32",
       "tanh.approx.f32",
       zeros,
       {{"values", floatsWithin(-12, 12, 384, seed), relative(0x1p-11)},
        {"any", anySign(seed), relative(0x1p-11)}}});
  return all;
}

/// With `.ftz`, of subnormals too; without, they are numbers like others.
Words specialWords(const Approximate &one) {
  Words in;
  for (float x : one.special)
    in.push_back(bitsOf(x));
  if (flushes(one.instruction))
    for (float x : {kTiny, -kTiny, 0x1.fffffcp-127f, -0x1p-149f})
      in.push_back(bitsOf(x));
  return in;
}

//===--- division ---------------------------------------------------------===//

/// Pairs of which the second, without its sign, is in the range.
Words divisors(uint64_t seed, const std::function<bool(float)> &takes) {
  const Words all = hostileFloats(2, 1024, seed);
  Words in;
  for (size_t i = 0; i < all.size(); i += 2)
    if (takes(std::fabs(floatOf(all[i + 1]))))
      in.insert(in.end(), {all[i], all[i + 1]});
  in.resize(in.size() / 256 * 256); // blocks of 128
  return in;
}

void addDivisions(uint64_t seed, std::vector<GoldenKernel> &all) {
  const Rule two = {.kind = Kind::Units, .units = 2};
  for (const char *name : {"div.full", "div.full.ftz"})
    for (const GoldenKernel &kernel :
         kernelsOf(name, std::string(name) + ".f32"))
      all.push_back(
          with(kernel, "pairs", hostileFloats(2, 1024, seed), 2, two));
  for (const char *name : {"div.approx", "div.approx.ftz"})
    for (const GoldenKernel &kernel :
         kernelsOf(fmt::format("{}.f", name), fmt::format("{}.f32", name))) {
      // Where its error is stated, and where it is defined to be useless: the
      // sign of that zero is not.
      all.push_back(with(
          kernel, "pairs",
          divisors(seed,
                   [](float b) { return b >= 0x1p-126f && b <= 0x1p126f; }),
          2, two));
      Words large;
      for (float a :
           {1.0f, -0x1p127f, 0x1p127f, 0.0f, kInf, -kInf, kNaN, 3e38f})
        for (float b :
             {0x1.000002p126f, -0x1p127f, 0x1.fffffep127f, -0x1.8p126f})
          large.insert(large.end(), {bitsOf(a), bitsOf(b)});
      all.push_back(
          with(kernel, "large", large, 2, {.kind = Kind::Units, .units = 0}));
      Words special;
      for (float a : {0.0f, -0.0f, 1.0f, -1.0f, kInf, -kInf, kNaN})
        for (float b : {0.0f, -0.0f, kInf, -kInf, kNaN})
          special.insert(special.end(), {bitsOf(a), bitsOf(b)});
      all.push_back(with(kernel, "special", special, 2, {.kind = Kind::Float}));
    }
}

} // namespace

std::vector<GoldenKernel> floatKernels(uint64_t seed) {
  std::vector<GoldenKernel> all;
  for (const Exact &one : kExact)
    for (const GoldenKernel &kernel : kernelsOf(one.instruction, one.ptx)) {
      const size_t threads = one.operands == 1   ? 384
                             : one.operands == 2 ? 1024
                                                 : 1536;
      all.push_back(with(kernel, "", hostileFloats(one.operands, threads, seed),
                         one.operands, {.kind = one.kind}));
    }
  for (const Approximate &one : approximations(seed))
    for (const GoldenKernel &kernel : kernelsOf(one.instruction, one.ptx)) {
      // Not an intrinsic: what llvm.tanh becomes.
      if (one.instruction == "tanh.approx.f32" && !kernel.isAsm)
        continue;
      all.push_back(
          with(kernel, "special", specialWords(one), 1, {.kind = Kind::Float}));
      for (const Domain &domain : one.domains)
        all.push_back(
            with(kernel, std::string(domain.name), domain.in, 1, domain.rule));
    }
  addDivisions(seed, all);
  return all;
}

} // namespace attnjit::golden
