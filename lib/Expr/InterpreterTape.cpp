//===- InterpreterTape.cpp - Expressions as a list of instructions --------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Walks the graph depth first and writes each node into the outermost scope in
// which it can be computed: the row, the key, or the body of a reduction.
//
//===----------------------------------------------------------------------===//

#include "InterpreterTape.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

namespace attnjit {

using Kind = Instruction::Kind;

namespace {

class TapeBuilder {
public:
  TapeBuilder(std::span<const ParamDecl> params,
              std::span<const BufferDecl> buffers, Interpreter::Mode mode)
      : params(params), buffers(buffers), mode(mode), scopes(kLoopScopes) {}

  void addRoot(const Expr &root);
  Expected<Tape> finish();

private:
  /// Code that runs equally often, and the registers of the nodes in it.
  struct Scope {
    uint32_t reduceVar = 0; ///< of a loop
    uint32_t variable = 0;  ///< register of it
    std::vector<Instruction> code;
    std::unordered_map<Expr, uint32_t> registers;
  };
  static constexpr size_t kRowScope = 0, kKeyScope = 1, kLoopScopes = 2;

  size_t homeOf(const Expr &node);
  uint32_t compile(const Expr &node);
  uint32_t compileReduce(const Expr &node, size_t home);
  Instruction readOf(const Expr &node);
  Instruction loadOf(const Expr &node);
  Instruction applyOf(const Expr &node);
  void emit(size_t home, const Expr &node, Instruction instruction);
  uint32_t newRegister(Slot initial = {.i = 0});
  void setError(ErrorKind kind, std::string message);

  std::span<const ParamDecl> params;
  std::span<const BufferDecl> buffers;
  Interpreter::Mode mode;
  /// The row, the key, then the reductions being compiled, outermost first.
  std::vector<Scope> scopes;
  Tape tape;
  size_t length = 0;
  std::optional<Error> error;
};

} // namespace

static constexpr uint32_t bit(Var var) {
  return uint32_t{1} << static_cast<unsigned>(var);
}
static constexpr uint32_t kScoreVars = bit(Var::Score) | bit(Var::Prob);
/// What changes from key to key; see Interpreter::evaluateNextKey.
static constexpr uint32_t kKeyVars =
    kScoreVars | bit(Var::Kv) | bit(Var::KvLocal);

void TapeBuilder::setError(ErrorKind kind, std::string message) {
  if (!error)
    error = Error(kind, std::move(message));
}

uint32_t TapeBuilder::newRegister(Slot initial) {
  tape.registers.push_back(initial);
  return static_cast<uint32_t>(tape.registers.size() - 1);
}

/// The innermost reduction whose variable the node waits for, else the key or
/// the row.
size_t TapeBuilder::homeOf(const Expr &node) {
  std::span<const uint32_t> waitsFor = node->freeReduceVars();
  for (size_t k = scopes.size(); k-- > kLoopScopes;)
    if (std::ranges::binary_search(waitsFor, scopes[k].reduceVar))
      return k;
  return node->vars() & kKeyVars ? kKeyScope : kRowScope;
}

void TapeBuilder::emit(size_t home, const Expr &node, Instruction instruction) {
  bool isF32 = node->type() == Type::F32;
  bool ofScore = (node->vars() & kScoreVars) != 0;
  instruction.rounds = isF32 && (!ofScore || mode == Interpreter::Mode::F32);
  instruction.tracks = isF32 && ofScore;
  scopes[home].code.push_back(instruction);
  if (++length > kMaxTapeLength)
    setError(ErrorKind::Unsupported,
             fmt::format("the expression takes more than {} instructions, its "
                         "reductions written out",
                         kMaxTapeLength));
}

Instruction TapeBuilder::readOf(const Expr &node) {
  Instruction read;
  if (node->op() == Op::SizeOf) {
    read.kind = Kind::ReadSize;
    read.index = static_cast<uint32_t>(node->size());
    return read;
  }
  if (node->op() == Op::Var) {
    read.kind = node->var() == Var::Score  ? Kind::ReadScore
                : node->var() == Var::Prob ? Kind::ReadProb
                                           : Kind::ReadPosition;
    read.index = static_cast<uint32_t>(node->var());
    return read;
  }
  read.kind = Kind::ReadParam;
  const ParamDecl &decl = node->param();
  for (; read.index < params.size(); ++read.index)
    if (params[read.index].name == decl.name)
      break;
  if (read.index == params.size())
    setError(ErrorKind::InvalidArgument,
             fmt::format("param `{}` is not among those given", decl.name));
  else if (params[read.index].type != decl.type)
    setError(ErrorKind::InvalidArgument,
             fmt::format("param `{}` is given as {}, the expression reads {}",
                         decl.name, name(params[read.index].type),
                         name(decl.type)));
  return read;
}

Instruction TapeBuilder::loadOf(const Expr &node) {
  Instruction load;
  load.kind = node->op() == Op::Load      ? Kind::Load
              : node->op() == Op::LoadMin ? Kind::LoadMin
                                          : Kind::LoadMax;
  const BufferDecl &decl = node->buffer();
  for (; load.index < buffers.size(); ++load.index)
    if (buffers[load.index].name == decl.name)
      break;
  if (load.index == buffers.size()) {
    setError(ErrorKind::InvalidArgument,
             fmt::format("buffer `{}` is not among those given", decl.name));
    return load;
  }
  const BufferDecl &given = buffers[load.index];
  if (given.element != decl.element || given.dims.size() != decl.dims.size())
    setError(ErrorKind::InvalidArgument,
             fmt::format("buffer `{}` is given as {} of rank {}, the "
                         "expression reads {} of rank {}",
                         decl.name, name(given.element), given.dims.size(),
                         name(decl.element), decl.dims.size()));
  load.rank = static_cast<uint8_t>(decl.dims.size());
  for (size_t k = 0; k < node->operands().size(); ++k)
    load.operands[k] = compile(node->operand(k));
  return load;
}

Instruction TapeBuilder::applyOf(const Expr &node) {
  Instruction apply;
  for (size_t k = 0; k < node->operands().size(); ++k)
    apply.operands[k] = compile(node->operand(k));
  Type operandType = node->operand(node->op() == Op::Where ? 1 : 0)->type();
  apply.function = opFunction(node->op(), operandType);
  if (!apply.function)
    setError(ErrorKind::Internal,
             fmt::format("`{}` has no meaning on {}", spelling(node->op()),
                         name(operandType)));
  return apply;
}

uint32_t TapeBuilder::compileReduce(const Expr &node, size_t home) {
  Op combine = combiner(node->reduceKind());
  Loop loop;
  loop.lo = node->reduceLo();
  loop.hi = node->reduceHi();
  loop.variable = newRegister();
  loop.combine = opFunction(combine, node->type());
  // Ending early would hide values from maxMagnitude.
  loop.stops = node->type() == Type::Bool && !(node->vars() & kScoreVars);
  loop.stopValue = node->reduceKind() == ReduceKind::Any;

  scopes.push_back({node->reduceVar(), loop.variable, {}, {}});
  loop.body = compile(node->operand(0));
  std::vector<Instruction> body = std::move(scopes.back().code);
  scopes.pop_back();
  loop.length = static_cast<uint32_t>(body.size());

  Instruction begin;
  begin.kind = Kind::LoopBegin;
  begin.index = static_cast<uint32_t>(tape.loops.size());
  begin.dst = newRegister();
  Instruction end = begin;
  end.kind = Kind::LoopEnd;
  tape.loops.push_back(loop);
  std::vector<Instruction> &code = scopes[home].code;
  code.push_back(begin);
  code.insert(code.end(), body.begin(), body.end());
  emit(home, node, end);
  return end.dst;
}

/// The register of `node`. Recursion is bounded by kMaxDepth.
uint32_t TapeBuilder::compile(const Expr &node) {
  if (error)
    return 0;
  size_t home = homeOf(node);
  if (auto found = scopes[home].registers.find(node);
      found != scopes[home].registers.end())
    return found->second;

  uint32_t result = 0;
  switch (node->op()) {
  case Op::Const:
    result = newRegister(toSlot(node->constant()));
    break;
  case Op::ReduceVar:
    if (home < kLoopScopes)
      setError(ErrorKind::InvalidMod,
               "a reduction variable is used outside its reduction");
    result = scopes[home].variable;
    break;
  case Op::Reduce:
    result = compileReduce(node, home);
    break;
  default: {
    Instruction instruction = arity(node->op()) == 0  ? readOf(node)
                              : arity(node->op()) < 0 ? loadOf(node)
                                                      : applyOf(node);
    instruction.dst = result = newRegister();
    emit(home, node, instruction);
    break;
  }
  }
  scopes[home].registers.emplace(node, result);
  return result;
}

void TapeBuilder::addRoot(const Expr &root) {
  if (!root)
    return setError(ErrorKind::InvalidArgument,
                    "an absent expression has no value");
  if (root->op() == Op::Invalid)
    return setError(ErrorKind::InvalidMod, root->message());
  tape.roots.push_back(compile(root));
  tape.rootTypes.push_back(root->type());
}

Expected<Tape> TapeBuilder::finish() {
  if (error)
    return fail(*std::move(error));
  tape.code = std::move(scopes[kRowScope].code);
  tape.keyBegin = tape.code.size();
  const std::vector<Instruction> &key = scopes[kKeyScope].code;
  tape.code.insert(tape.code.end(), key.begin(), key.end());
  return std::move(tape);
}

Expected<Tape> buildTape(std::span<const Expr> roots,
                         std::span<const ParamDecl> params,
                         std::span<const BufferDecl> buffers,
                         Interpreter::Mode mode) {
  TapeBuilder builder(params, buffers, mode);
  for (const Expr &root : roots)
    builder.addRoot(root);
  return builder.finish();
}

} // namespace attnjit
