//===- CopyKernels.cpp - cp.async, ldmatrix, stmatrix ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "GoldenKernel.h"
#include "HostileInputs.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace attnjit::golden {

namespace {

constexpr uint32_t kLanes = 32, kRowBytes = 16;

/// `%NAME`: 16 bytes of shared memory, number `row`, of all bits set.
std::string rowText(const char *name, const char *row) {
  return fmt::format(
      "  %at.{0} = mul i32 {1}, 16\n"
      "  %{0} = getelementptr i8, ptr addrspace(3) @smem, i32 %at.{0}\n"
      "  store <4 x i32> splat (i32 -1), ptr addrspace(3) %{0}, align 16\n",
      name, row);
}

/// Results from `first` on are the row's words.
std::string loadText(const char *name, int first) {
  std::string text =
      fmt::format("  %{0}.v = load <4 x i32>, ptr addrspace(3) %{0}, align "
                  "16\n",
                  name);
  for (int i = 0; i < 4; ++i)
    text += fmt::format("  %o{} = extractelement <4 x i32> %{}.v, i32 {}\n",
                        first + i, name, i);
  return text;
}

//===--- cp.async ---------------------------------------------------------===//

struct Copy {
  bool isAsm;
  std::string_view cache; ///< "ca", "cg"
  int bytes;
  bool hasSize;

  std::string instruction() const {
    return fmt::format("cp.async.{}.shared.global.{}{}", cache, bytes,
                       hasSize ? ".s" : "");
  }
  /// From the word's place in the input to the row.
  std::string text(const char *row, int word) const {
    if (isAsm)
      return fmt::format(
          "  %{0}.address = ptrtoint ptr addrspace(3) %{0} to i32\n"
          "  call void asm sideeffect \"cp.async.{1}.shared.global [$0], [$1], "
          "{2}{3};\", \"r,l{4},~{{memory}}\"(i32 %{0}.address, ptr "
          "addrspace(1) %p.i{5}{6})\n",
          row, cache, bytes, hasSize ? ", $2" : "", hasSize ? ",r" : "", word,
          hasSize ? ", i32 %i4" : "");
    return fmt::format("  call void @llvm.nvvm.{}(ptr addrspace(3) %{}, ptr "
                       "addrspace(1) %p.i{}{})\n",
                       instruction(), row, word, hasSize ? ", i32 %i4" : "");
  }
};

constexpr char kCommit[] = "  call void @llvm.nvvm.cp.async.commit.group()\n";
constexpr char kWaitAll[] = "  call void @llvm.nvvm.cp.async.wait.all()\n";
constexpr Copy kPlain = {false, "cg", 16, false};

/// Each thread has eight words: the source, and in the fifth a size from 0 up
/// to what is copied.
Words copyInputs(uint32_t bytes, uint64_t seed) {
  Words in = randomWords(8 * kLanes, seed);
  for (uint32_t lane = 0; lane < kLanes; ++lane)
    in[8 * lane + 4] = lane % (bytes + 1);
  return in;
}

void addCopies(uint64_t seed, std::vector<GoldenKernel> &all) {
  for (bool isAsm : {false, true})
    for (bool hasSize : {false, true})
      for (auto [cache, bytes] :
           {std::pair{"ca", 4}, {"ca", 8}, {"ca", 16}, {"cg", 16}}) {
        const Copy copy = {isAsm, cache, bytes, hasSize};
        GoldenKernel kernel = {
            .instruction = copy.instruction(),
            .isAsm = isAsm,
            .ptxName = fmt::format("cp.async.{}.shared.global", cache)};
        kernel.inputs = 8;
        kernel.outputs = 4;
        kernel.in = copyInputs(bytes, seed);
        kernel.sharedBytes = kLanes * kRowBytes;
        kernel.body = rowText("row", "%tid") + copy.text("row", 0) + kWaitAll +
                      loadText("row", 0);
        all.push_back(std::move(kernel));
      }
}

/// Two groups; the first is there when all but one are.
std::string groupsText(const std::string &commit, const std::string &wait1) {
  return "  %tid2 = add i32 %tid, 32\n" + rowText("one", "%tid") +
         rowText("two", "%tid2") + kPlain.text("one", 0) + commit +
         kPlain.text("two", 4) + commit + wait1 + loadText("one", 0) +
         kWaitAll + loadText("two", 4);
}

void addGroups(uint64_t seed, std::vector<GoldenKernel> &all) {
  for (const char *instruction :
       {"cp.async.commit.group", "cp.async.wait.all", "cp.async.wait.group"})
    for (GoldenKernel &kernel : kernelsOf(instruction, "")) {
      const std::string_view name = instruction;
      const bool isCommit = name.ends_with("commit.group"),
                 isWait = name.ends_with("wait.group");
      kernel.ptxName = isCommit ? "cp.async.commit_group"
                       : isWait ? "cp.async.wait_group"
                                : "cp.async.wait_all";
      const std::string text =
          kernel.isAsm ? fmt::format("  call void asm sideeffect \"{}{};\", "
                                     "\"~{{memory}}\"()\n",
                                     kernel.ptxName, isWait ? " 1" : "")
                       : fmt::format("  call void @llvm.nvvm.{}({})\n",
                                     instruction, isWait ? "i32 1" : "");
      kernel.inputs = kernel.outputs = 8;
      kernel.in = randomWords(8 * kLanes, seed);
      kernel.sharedBytes = 2 * kLanes * kRowBytes;
      kernel.body = groupsText(
          isCommit ? text : kCommit,
          isWait     ? text
          : isCommit ? "  call void @llvm.nvvm.cp.async.wait.group(i32 1)\n"
                     : text);
      all.push_back(std::move(kernel));
    }
}

//===--- ldmatrix, stmatrix -----------------------------------------------===//

constexpr char kSyncWarp[] = "  call void @llvm.nvvm.bar.warp.sync(i32 -1)\n";

std::string listOf(int count, const char *format, const char *between = ", ") {
  std::vector<std::string> parts(count);
  for (int i = 0; i < count; ++i)
    parts[i] = fmt::format(fmt::runtime(format), i);
  return fmt::format("{}", fmt::join(parts, between));
}

/// Stores `%i0` to `%i3` to the thread's row, then loads matrices from rows
/// that `%i4` names.
std::string loadMatrixText(const GoldenKernel &kernel, int count) {
  std::string text = rowText("row", "%tid");
  for (int i = 0; i < 4; ++i)
    text += fmt::format(
        "  %word{0} = getelementptr i32, ptr addrspace(3) %row, i32 {0}\n"
        "  store i32 %i{0}, ptr addrspace(3) %word{0}\n",
        i);
  text += kSyncWarp;
  text += "  %at.from = mul i32 %i4, 16\n"
          "  %from = getelementptr i8, ptr addrspace(3) @smem, i32 %at.from\n";
  const std::string type =
      count == 1 ? "i32" : "{" + listOf(count, "i32") + "}";
  if (kernel.isAsm)
    text +=
        fmt::format("  %from.address = ptrtoint ptr addrspace(3) %from to i32\n"
                    "  %r = call {} asm sideeffect \"{} {{{}}}, [${}];\", "
                    "\"{},r,~{{memory}}\"(i32 %from.address)\n",
                    type, kernel.form->opcode, listOf(count, "${}"), count,
                    listOf(count, "=r", ","));
  else
    text += fmt::format("  %r = call {} @llvm.nvvm.{}.p3(ptr addrspace(3) "
                        "%from)\n",
                        type, kernel.instruction);
  for (int i = 0; i < count; ++i)
    text += count == 1
                ? "  %o0 = add i32 %r, 0\n"
                : fmt::format("  %o{0} = extractvalue {1} %r, {0}\n", i, type);
  return text;
}

/// Stores matrices to rows that `%i4` names, each row to one place.
std::string storeMatrixText(const GoldenKernel &kernel, int count) {
  std::string text = rowText("row", "%tid");
  text += kSyncWarp;
  text += "  %at.to = mul i32 %i4, 16\n"
          "  %to = getelementptr i8, ptr addrspace(3) @smem, i32 %at.to\n";
  if (kernel.isAsm) {
    std::vector<std::string> registers;
    for (int i = 1; i <= count; ++i)
      registers.push_back(fmt::format("${}", i));
    text += fmt::format(
        "  %to.address = ptrtoint ptr addrspace(3) %to to i32\n"
        "  call void asm sideeffect \"{} [$0], {{{}}};\", \"r,{},~{{memory}}\""
        "(i32 %to.address, {})\n",
        kernel.form->opcode, fmt::join(registers, ", "),
        listOf(count, "r", ","), listOf(count, "i32 %i{}"));
  } else {
    text += fmt::format("  call void @llvm.nvvm.{}.p3(ptr addrspace(3) %to, "
                        "{})\n",
                        kernel.instruction, listOf(count, "i32 %i{}"));
  }
  return text + kSyncWarp + loadText("row", 0);
}

void addMatrices(bool isStore, uint64_t seed, std::vector<GoldenKernel> &all) {
  const char *verb = isStore ? "stmatrix" : "ldmatrix";
  for (int count : {1, 2, 4})
    for (const char *form : {"", ".trans"})
      for (GoldenKernel &kernel : kernelsOf(
               fmt::format("{}.sync.aligned.m8n8.x{}{}.b16", verb, count, form),
               fmt::format("{}.sync.aligned.m8n8.x{}{}.shared.b16", verb, count,
                           form),
               isStore ? 90 : 80)) {
        kernel.inputs = 5;
        kernel.in = randomWords(5 * kLanes, seed);
        for (uint32_t lane = 0; lane < kLanes; ++lane)
          kernel.in[5 * lane + 4] = (5 * lane + 3) % kLanes;
        kernel.sharedBytes = kLanes * kRowBytes;
        kernel.outputs = isStore ? 4 : count;
        kernel.body = isStore ? storeMatrixText(kernel, count)
                              : loadMatrixText(kernel, count);
        all.push_back(std::move(kernel));
      }
}

} // namespace

std::vector<GoldenKernel> copyKernels(uint64_t seed) {
  std::vector<GoldenKernel> all;
  addCopies(seed, all);
  addGroups(seed, all);
  return all;
}

std::vector<GoldenKernel> matrixCopyKernels(uint64_t seed) {
  std::vector<GoldenKernel> all;
  addMatrices(false, seed, all);
  addMatrices(true, seed, all);
  return all;
}

} // namespace attnjit::golden
