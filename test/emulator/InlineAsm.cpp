//===- InlineAsm.cpp - Matching inline PTX --------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One PTX statement, perhaps in braces: an opcode and operands, each `$n`, a
// constant, an address `[$n]` or a vector `{$n, ...}`. The table says which
// instruction an opcode is and how its inputs are ordered for the handler.
//
//===----------------------------------------------------------------------===//

#include "Instruction.h"

#include <charconv>
#include <optional>
#include <vector>

namespace attnjit::emulator {

namespace {

// A shuffle's mask is its last operand in PTX and the intrinsic's first.
constexpr std::string_view kMaskFirst = "3012";

const AsmForm kForms[] = {
    {"bar.arrive", 2, "barrier.cta.arrive.aligned.count"},
    {"bar.sync", 1, "barrier.cta.sync.aligned.all"},
    {"bar.sync", 2, "barrier.cta.sync.aligned.count"},
    {"bar.warp.sync", 1, "bar.warp.sync"},
    {"barrier.arrive", 2, "barrier.cta.arrive.count"},
    {"barrier.arrive.aligned", 2, "barrier.cta.arrive.aligned.count"},
    {"barrier.sync", 1, "barrier.cta.sync.all"},
    {"barrier.sync", 2, "barrier.cta.sync.count"},
    {"barrier.sync.aligned", 1, "barrier.cta.sync.aligned.all"},
    {"barrier.sync.aligned", 2, "barrier.cta.sync.aligned.count"},
    {"cos.approx.f32", 2, "cos.approx.f"},
    {"cos.approx.ftz.f32", 2, "cos.approx.ftz.f"},
    {"cp.async.commit_group", 0, "cp.async.commit.group"},
    {"cp.async.wait_all", 0, "cp.async.wait.all"},
    {"cp.async.wait_group", 1, "cp.async.wait.group"},
    {"cvt.rn.bf16.f32", 2, "f2bf16.rn"},
    {"cvt.rn.bf16x2.f32", 3, "ff2bf16x2.rn"},
    {"cvt.rn.f16.f32", 2, "f2f16.rn"},
    {"cvt.rn.f16x2.f32", 3, "ff2f16x2.rn"},
    {"cvt.rn.relu.bf16x2.f32", 3, "ff2bf16x2.rn.relu"},
    {"cvt.rn.relu.f16x2.f32", 3, "ff2f16x2.rn.relu"},
    {"cvt.rna.tf32.f32", 2, "f2tf32.rna"},
    {"cvt.rz.bf16x2.f32", 3, "ff2bf16x2.rz"},
    {"cvt.rz.f16x2.f32", 3, "ff2f16x2.rz"},
    {"ex2.approx.f32", 2, "ex2.approx.f32"},
    {"ex2.approx.ftz.f32", 2, "ex2.approx.ftz.f32"},
    {"fence.acq_rel.cta", 0, "membar.cta"},
    {"fence.acq_rel.gpu", 0, "membar.gl"},
    {"fence.acq_rel.sys", 0, "membar.sys"},
    {"fence.sc.cta", 0, "membar.cta"},
    {"fence.sc.gpu", 0, "membar.gl"},
    {"fence.sc.sys", 0, "membar.sys"},
    {"ldmatrix.sync.aligned.m8n8.x1.shared.b16", 2,
     "ldmatrix.sync.aligned.m8n8.x1.b16"},
    {"ldmatrix.sync.aligned.m8n8.x1.trans.shared.b16", 2,
     "ldmatrix.sync.aligned.m8n8.x1.trans.b16"},
    {"ldmatrix.sync.aligned.m8n8.x2.shared.b16", 2,
     "ldmatrix.sync.aligned.m8n8.x2.b16"},
    {"ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16", 2,
     "ldmatrix.sync.aligned.m8n8.x2.trans.b16"},
    {"ldmatrix.sync.aligned.m8n8.x4.shared.b16", 2,
     "ldmatrix.sync.aligned.m8n8.x4.b16"},
    {"ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16", 2,
     "ldmatrix.sync.aligned.m8n8.x4.trans.b16"},
    {"lg2.approx.f32", 2, "lg2.approx.f"},
    {"lg2.approx.ftz.f32", 2, "lg2.approx.ftz.f"},
    {"membar.cta", 0, "membar.cta"},
    {"membar.gl", 0, "membar.gl"},
    {"membar.sys", 0, "membar.sys"},
    {"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", 4,
     "mma.m16n8k16.row.col.bf16"},
    {"mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", 4,
     "mma.m16n8k16.row.col.f32.f32"},
    {"mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32", 4,
     "mma.m16n8k4.row.col.tf32"},
    {"mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32", 4,
     "mma.m16n8k8.row.col.bf16"},
    {"mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32", 4,
     "mma.m16n8k8.row.col.f32.f32"},
    {"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", 4,
     "mma.m16n8k8.row.col.tf32"},
    {"prmt.b32", 4, "prmt"},
    {"rcp.approx.ftz.f32", 2, "rcp.approx.ftz.f"},
    {"redux.sync.add.s32", 3, "redux.sync.add"},
    {"redux.sync.add.u32", 3, "redux.sync.add"},
    {"redux.sync.and.b32", 3, "redux.sync.and"},
    {"redux.sync.max.s32", 3, "redux.sync.max"},
    {"redux.sync.max.u32", 3, "redux.sync.umax"},
    {"redux.sync.min.s32", 3, "redux.sync.min"},
    {"redux.sync.min.u32", 3, "redux.sync.umin"},
    {"redux.sync.or.b32", 3, "redux.sync.or"},
    {"redux.sync.xor.b32", 3, "redux.sync.xor"},
    {"rsqrt.approx.f32", 2, "rsqrt.approx.f"},
    {"rsqrt.approx.ftz.f32", 2, "rsqrt.approx.ftz.f"},
    {"shfl.sync.bfly.b32", 5, "shfl.sync.bfly.i32", kMaskFirst},
    {"shfl.sync.down.b32", 5, "shfl.sync.down.i32", kMaskFirst},
    {"shfl.sync.idx.b32", 5, "shfl.sync.idx.i32", kMaskFirst},
    {"shfl.sync.up.b32", 5, "shfl.sync.up.i32", kMaskFirst},
    {"sin.approx.f32", 2, "sin.approx.f"},
    {"sin.approx.ftz.f32", 2, "sin.approx.ftz.f"},
    {"sqrt.approx.f32", 2, "sqrt.approx.f"},
    {"sqrt.approx.ftz.f32", 2, "sqrt.approx.ftz.f"},
    {"stmatrix.sync.aligned.m8n8.x1.shared.b16", 2,
     "stmatrix.sync.aligned.m8n8.x1.b16"},
    {"stmatrix.sync.aligned.m8n8.x2.shared.b16", 2,
     "stmatrix.sync.aligned.m8n8.x2.b16"},
    {"stmatrix.sync.aligned.m8n8.x4.shared.b16", 2,
     "stmatrix.sync.aligned.m8n8.x4.b16"},
    {"tanh.approx.f32", 2, "tanh.approx.f32"},
};

struct Operand {
  int number = -1; ///< of `$n`; -1: a constant
  int64_t value = 0;
  bool isAddress = false;
};

struct Statement {
  std::string opcode;
  std::vector<std::vector<Operand>> operands; ///< one for a scalar
};

/// Reads the text from the left.
class Reader {
public:
  explicit Reader(std::string_view text) : rest(text) {}

  bool take(char c) {
    skipSpace();
    if (rest.empty() || rest[0] != c)
      return false;
    rest.remove_prefix(1);
    return true;
  }
  bool atEnd() {
    skipSpace();
    return rest.empty();
  }
  std::string_view word() {
    skipSpace();
    size_t length = rest.find_first_of(" \t\n;,{}[]");
    std::string_view taken = rest.substr(0, length);
    rest.remove_prefix(taken.size());
    return taken;
  }

private:
  void skipSpace() {
    size_t first = rest.find_first_not_of(" \t\n");
    rest.remove_prefix(first == rest.npos ? rest.size() : first);
  }
  std::string_view rest;
};

std::optional<Operand> readScalar(Reader &reader, bool isAddress) {
  std::string_view word = reader.word();
  Operand operand;
  operand.isAddress = isAddress;
  const bool isNumbered = word.starts_with('$');
  int base = 10;
  if (isNumbered)
    word.remove_prefix(1);
  else if (word.starts_with("0x")) {
    word.remove_prefix(2);
    base = 16;
  }
  int64_t value = 0;
  auto [end, error] =
      std::from_chars(word.data(), word.data() + word.size(), value, base);
  if (word.empty() || error != std::errc() || end != word.data() + word.size())
    return {};
  (isNumbered ? operand.number = static_cast<int>(value),
   0          : operand.value = value);
  return operand;
}

std::optional<std::vector<Operand>> readOperand(Reader &reader) {
  std::vector<Operand> parts;
  const bool isVector = reader.take('{');
  const bool isAddress = !isVector && reader.take('[');
  do {
    std::optional<Operand> part = readScalar(reader, isAddress);
    if (!part)
      return {};
    parts.push_back(*part);
  } while (isVector && reader.take(','));
  if ((isVector && !reader.take('}')) || (isAddress && !reader.take(']')))
    return {};
  return parts;
}

/// Without qualifiers that say nothing about the result.
std::string normalized(std::string_view opcode) {
  std::string text(opcode);
  for (std::string_view hint :
       {".L2::64B", ".L2::128B", ".L2::256B", "::cta", ".cta."})
    if (size_t at = text.find(hint);
        at != text.npos && !(hint == ".cta." && !text.starts_with("barrier")))
      text.replace(at, hint.size(), hint == ".cta." ? "." : "");
  return text;
}

std::optional<Statement> readStatement(std::string_view text) {
  Reader reader(text);
  Statement statement;
  const bool isBraced = reader.take('{');
  statement.opcode = normalized(reader.word());
  if (!reader.atEnd() && !reader.take(';')) {
    do {
      auto operand = readOperand(reader);
      if (!operand)
        return {};
      statement.operands.push_back(std::move(*operand));
    } while (reader.take(','));
    reader.take(';');
  }
  if ((isBraced && !reader.take('}')) || !reader.atEnd())
    return {};
  return statement;
}

/// cp.async names its size in an operand: `[target], [source], 16{, size}`.
std::optional<std::string> copyInstruction(Statement &statement) {
  if (!statement.opcode.starts_with("cp.async.c") ||
      statement.operands.size() < 3 || statement.operands.size() > 4)
    return {};
  const Operand size = statement.operands[2][0];
  if (size.number != -1)
    return {};
  statement.operands.erase(statement.operands.begin() + 2);
  return statement.opcode + "." + std::to_string(size.value) +
         (statement.operands.size() == 3 ? ".s" : "");
}

} // namespace

std::span<const AsmForm> asmForms() { return kForms; }

bool matchInlineAsm(std::string_view text, int outputCount, MatchedAsm &match) {
  std::optional<Statement> statement = readStatement(text);
  if (!statement)
    return false;
  std::string_view order;
  match.instruction = nullptr;
  match.form = nullptr;
  if (auto copy = copyInstruction(*statement))
    match.instruction = findInstruction(*copy);
  for (const AsmForm &form : kForms)
    if (form.opcode == statement->opcode &&
        form.operands == static_cast<int>(statement->operands.size())) {
      match.instruction = findInstruction(form.instruction);
      match.form = &form;
      order = form.order;
    }
  if (!match.instruction)
    return false;

  // The first operand is the result, where there is one.
  using From = MatchedAsm::From;
  std::vector<MatchedAsm::Operand> inputs;
  for (size_t i = outputCount > 0 ? 1 : 0; i < statement->operands.size(); ++i)
    for (const Operand &part : statement->operands[i]) {
      if (part.number < 0)
        inputs.push_back({From::Immediate, part.value, part.isAddress});
      else if (part.number < outputCount)
        inputs.push_back({From::Tied, part.number, part.isAddress});
      else
        inputs.push_back(
            {From::Input, part.number - outputCount, part.isAddress});
    }
  if (inputs.size() > MatchedAsm::kMaxOperands ||
      (!order.empty() && order.size() != inputs.size()))
    return false;
  match.operandCount = static_cast<int>(inputs.size());
  for (int i = 0; i < match.operandCount; ++i)
    match.operands[i] = inputs[order.empty() ? i : order[i] - '0'];
  return true;
}

} // namespace attnjit::emulator
