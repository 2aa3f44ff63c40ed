//===- Interpreter.cpp - Evaluating expressions at a position -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Runs a tape: one loop over its instructions, no recursion, no allocation.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Expr/Interpreter.h"

#include "InterpreterTape.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

namespace attnjit {

using Kind = Instruction::Kind;

template <typename T> static T readElement(const void *data, int64_t index) {
  T value;
  std::memcpy(&value,
              static_cast<const char *>(data) + index * ptrdiff_t(sizeof(T)),
              sizeof(T));
  return value;
}

/// Element `index` (counted in elements, strides applied) as a load gives it.
static Slot readBuffer(const BufferView &view, int64_t index) {
  switch (view.element) {
  case DType::F32:
    return {.f = readElement<float>(view.data, index)};
  case DType::F16:
    return {.f = halfToFloat(readElement<uint16_t>(view.data, index))};
  case DType::BF16:
    return {.f = bfloatToFloat(readElement<uint16_t>(view.data, index))};
  case DType::I32:
    return {.i = readElement<int32_t>(view.data, index)};
  case DType::I64:
    return {.i = saturateToI32(readElement<int64_t>(view.data, index))};
  case DType::U8:
    return {.i = readElement<uint8_t>(view.data, index)};
  case DType::Bool:
    return {.i = readElement<uint8_t>(view.data, index) != 0};
  }
  return {.i = 0};
}

/// The element nearest to the subscripts; 0 of an empty buffer.
static Slot load(const BufferView &view, const Instruction &instruction,
                 const Slot *registers) {
  int64_t index = 0;
  for (int axis = 0; axis < kMaxBufferRank; ++axis) {
    int64_t size = view.size[axis];
    if (size <= 0)
      return {.i = 0}; // all bits zero: 0.0 as well
    if (axis < instruction.rank) {
      int64_t subscript = registers[instruction.operands[axis]].i;
      index += std::clamp<int64_t>(subscript, 0, size - 1) * view.stride[axis];
    }
  }
  return readBuffer(view, index);
}

/// The least or the greatest element of a box; 0 of an empty buffer.
static Slot loadExtreme(const BufferView &view, const Instruction &instruction,
                        const Slot *registers) {
  std::array<int64_t, kMaxBufferRank> lo = {}, hi = {};
  for (int axis = 0; axis < kMaxBufferRank; ++axis) {
    int64_t size = view.size[axis];
    if (size <= 0)
      return {.i = 0};
    if (axis >= instruction.rank)
      continue;
    auto end = [&](int which) {
      int64_t subscript = registers[instruction.operands[2 * axis + which]].i;
      return std::clamp<int64_t>(subscript, 0, size - 1);
    };
    lo[axis] = end(0);
    hi[axis] = std::max(end(0), end(1));
  }
  const bool wantsLeast = instruction.kind == Kind::LoadMin;
  std::optional<int64_t> result;
  // The box in order, the last axis fastest.
  for (std::array<int64_t, kMaxBufferRank> at = lo;;) {
    int64_t index = 0;
    for (int axis = 0; axis < kMaxBufferRank; ++axis)
      index += at[axis] * view.stride[axis];
    int64_t value = readBuffer(view, index).i;
    if (!result || (wantsLeast ? value < *result : value > *result))
      result = value;
    int axis = kMaxBufferRank - 1;
    while (axis >= 0 && at[axis] == hi[axis]) {
      at[axis] = lo[axis];
      --axis;
    }
    if (axis < 0)
      return {.i = *result};
    ++at[axis];
  }
}

struct Interpreter::Impl {
  Tape tape;
  std::vector<Slot> registers;
  std::vector<Value> values;
  double magnitude = 0;

  explicit Impl(Tape built)
      : tape(std::move(built)), registers(tape.registers),
        values(tape.roots.size()) {
    for (size_t k = 0; k < values.size(); ++k)
      values[k].type = tape.rootTypes[k];
  }

  Slot finish(const Instruction &instruction, Slot value) {
    if (instruction.rounds)
      value.f = static_cast<float>(value.f);
    if (instruction.tracks) {
      double size = std::fabs(value.f);
      if (size > magnitude && size <= std::numeric_limits<double>::max())
        magnitude = size;
    }
    return value;
  }

  /// Takes the step's value into the result; whether there is another step.
  bool nextStep(const Instruction &end) {
    const Loop &loop = tape.loops[end.index];
    int64_t &variable = registers[loop.variable].i;
    Slot &result = registers[end.dst];
    Slot step = registers[loop.body];
    result = variable == loop.lo
                 ? step
                 : finish(end, loop.combine(result, step, {.i = 0}));
    if (loop.stops && result.i == loop.stopValue)
      return false;
    return ++variable < loop.hi;
  }

  std::span<const Value> run(const Bindings &bindings, size_t begin);
};

std::span<const Value> Interpreter::Impl::run(const Bindings &bindings,
                                              size_t begin) {
  magnitude = 0;
  Slot *slots = registers.data();
  const Instruction *code = tape.code.data();
  for (size_t pc = begin, end = tape.code.size(); pc < end; ++pc) {
    const Instruction &instruction = code[pc];
    const auto &operands = instruction.operands;
    Slot value = {.i = 0};
    switch (instruction.kind) {
    case Kind::Apply:
      value = instruction.function(slots[operands[0]], slots[operands[1]],
                                   slots[operands[2]]);
      break;
    case Kind::ReadPosition:
      value.i = bindings.positions[instruction.index];
      break;
    case Kind::ReadScore:
      value.f = bindings.score;
      break;
    case Kind::ReadProb:
      value.f = bindings.prob;
      break;
    case Kind::ReadSize:
      value.i = bindings.sizes[instruction.index];
      break;
    case Kind::ReadParam:
      assert(instruction.index < bindings.params.size() && "a param each");
      value = toSlot(bindings.params[instruction.index]);
      break;
    case Kind::Load:
      assert(instruction.index < bindings.buffers.size() && "a buffer each");
      value = load(bindings.buffers[instruction.index], instruction, slots);
      break;
    case Kind::LoadMin:
    case Kind::LoadMax:
      assert(instruction.index < bindings.buffers.size() && "a buffer each");
      value =
          loadExtreme(bindings.buffers[instruction.index], instruction, slots);
      break;
    case Kind::LoopBegin: {
      const Loop &loop = tape.loops[instruction.index];
      slots[loop.variable].i = loop.lo;
      continue;
    }
    case Kind::LoopEnd:
      if (nextStep(instruction))
        pc -= tape.loops[instruction.index].length + 1;
      continue;
    }
    slots[instruction.dst] = finish(instruction, value);
  }
  for (size_t k = 0; k < values.size(); ++k) {
    Slot slot = slots[tape.roots[k]];
    if (values[k].type == Type::F32)
      values[k].f = slot.f;
    else
      values[k].i = slot.i;
  }
  return values;
}

Interpreter::Interpreter(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
Interpreter::Interpreter(Interpreter &&) noexcept = default;
Interpreter &Interpreter::operator=(Interpreter &&) noexcept = default;
Interpreter::~Interpreter() = default;

Expected<Interpreter> Interpreter::create(std::span<const Expr> roots,
                                          std::span<const ParamDecl> params,
                                          std::span<const BufferDecl> buffers,
                                          Mode mode) {
  Expected<Tape> tape = buildTape(roots, params, buffers, mode);
  if (!tape)
    return fail(std::move(tape.error()));
  return Interpreter(std::make_unique<Impl>(*std::move(tape)));
}

std::span<const Value> Interpreter::evaluate(const Bindings &bindings) {
  return impl->run(bindings, 0);
}

std::span<const Value> Interpreter::evaluateNextKey(const Bindings &bindings) {
  return impl->run(bindings, impl->tape.keyBegin);
}

double Interpreter::maxMagnitude() const { return impl->magnitude; }

} // namespace attnjit
