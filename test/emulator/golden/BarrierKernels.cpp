//===- BarrierKernels.cpp - barrier.cta, bar.warp.sync and fences ---------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each thread stores a word, and after the barrier reads that of a thread of
// another warp. A barrier that does nothing would often give the same; one of
// the wrong threads or number hangs, or gives old words.
//
//===----------------------------------------------------------------------===//

#include "GoldenKernel.h"
#include "HostileInputs.h"

#include <fmt/format.h>

namespace attnjit::golden {

namespace {

constexpr uint32_t kThreads = 128, kBlocks = 4;

/// The older name says that it is aligned.
std::string ptxName(std::string_view aligned, std::string_view rest) {
  return fmt::format("{}{}", aligned.empty() ? "barrier." : "bar.", rest);
}

/// `%NAME`: the address of word `%index` of shared memory.
std::string slotText(const char *name, const std::string &index) {
  return fmt::format("  %{} = getelementptr i32, ptr addrspace(3) @smem, i32 "
                     "{}\n",
                     name, index);
}

constexpr char kStore[] = "  store i32 %i0, ptr addrspace(3) %mine\n";
constexpr char kLoad[] = "  %o0 = load i32, ptr addrspace(3) %theirs\n";

/// Half of the block: barrier 1 or 2, for 64 threads.
constexpr char kHalf[] = "  %half = lshr i32 %tid, 6\n"
                         "  %id = add i32 %half, 1\n";

void setThreads(GoldenKernel &kernel, uint32_t threads, uint64_t seed) {
  kernel.block = {threads, 1, 1};
  kernel.grid = {kBlocks, 1, 1};
  kernel.inputs = kernel.outputs = 1;
  kernel.in = randomWords(threads * kBlocks, seed);
  kernel.sharedBytes = threads * sizeof(uint32_t);
}

/// The instruction with i32 operands, and after them a predicate.
std::string callText(const GoldenKernel &kernel, std::string_view result,
                     const std::vector<std::string> &operands,
                     bool hasPredicate) {
  std::string list, names, constraints;
  for (size_t i = 0; i < operands.size(); ++i) {
    list += fmt::format("{}i32 {}", i ? ", " : "", operands[i]);
    names += fmt::format("{}${}", i ? ", " : "", i);
    constraints += "r,";
  }
  if (kernel.isAsm)
    return fmt::format("  call void asm sideeffect \"{}{}{};\", "
                       "\"{}~{{memory}}\"({})\n",
                       kernel.form->opcode, names.empty() ? "" : " ", names,
                       constraints, list);
  return fmt::format("  {}call {} @llvm.nvvm.{}({}{})\n",
                     result == "void" ? "" : "%r = ", result,
                     kernel.instruction, list,
                     hasPredicate ? ", i1 %predicate" : "");
}

/// Reads the word of `%tid ^ other` after `barrier`.
std::string exchangeText(uint32_t other, const std::string &barrier) {
  return fmt::format("  %other = xor i32 %tid, {}\n", other) +
         slotText("mine", "%tid") + slotText("theirs", "%other") + kStore +
         barrier + kLoad;
}

constexpr uint32_t kOfBlock = 97, kOfHalf = 33, kOfWarp = 13;

void addSync(uint64_t seed, std::vector<GoldenKernel> &all) {
  for (const char *aligned : {"", ".aligned"}) {
    const std::string ptx = ptxName(aligned, "sync");
    for (GoldenKernel &kernel :
         kernelsOf(fmt::format("barrier.cta.sync{}.all", aligned), ptx)) {
      setThreads(kernel, kThreads, seed);
      kernel.body =
          exchangeText(kOfBlock, callText(kernel, "void", {"3"}, false));
      all.push_back(std::move(kernel));
    }
    for (GoldenKernel &kernel :
         kernelsOf(fmt::format("barrier.cta.sync{}.count", aligned), ptx)) {
      setThreads(kernel, kThreads, seed);
      kernel.body =
          kHalf +
          exchangeText(kOfHalf, callText(kernel, "void", {"%id", "64"}, false));
      all.push_back(std::move(kernel));
    }
  }
}

/// The lower half arrives and goes on, the upper one waits for it.
void addArrive(uint64_t seed, std::vector<GoldenKernel> &all) {
  for (const char *aligned : {"", ".aligned"})
    for (GoldenKernel &kernel :
         kernelsOf(fmt::format("barrier.cta.arrive{}.count", aligned),
                   ptxName(aligned, "arrive"))) {
      setThreads(kernel, kThreads, seed);
      kernel.body =
          fmt::format("  %other = xor i32 %tid, {}\n", kOfBlock) +
          slotText("mine", "%tid") + slotText("theirs", "%other") +
          "  %is.low = icmp ult i32 %tid, 64\n"
          "  br i1 %is.low, label %low, label %high\n"
          "low:\n" +
          kStore + callText(kernel, "void", {"2", "128"}, false) +
          "  br label %end\n"
          "high:\n" +
          fmt::format("  call void @llvm.nvvm.barrier.cta.sync{}.count(i32 2, "
                      "i32 128)\n",
                      aligned) +
          "  %read = load i32, ptr addrspace(3) %theirs\n"
          "  br label %end\n"
          "end:\n"
          "  %o0 = phi i32 [%i0, %low], [%read, %high]\n";
      all.push_back(std::move(kernel));
    }
}

/// Predicates of the blocks: any, all true, all false, all but one true.
Words predicates(uint64_t seed) {
  Words in = randomWords(kThreads * kBlocks, seed);
  for (uint32_t i = kThreads; i < in.size(); ++i)
    in[i] = (in[i] & ~1u) | (i / kThreads != 2);
  in[3 * kThreads + 77] &= ~1u;
  return in;
}

void addReductions(uint64_t seed, std::vector<GoldenKernel> &all) {
  for (const char *operation : {"and", "or", "popc"})
    for (const char *aligned : {"", ".aligned"})
      for (const char *of : {".all", ".count"})
        for (GoldenKernel &kernel : kernelsOf(
                 fmt::format("barrier.cta.red.{}{}{}", operation, aligned, of),
                 "")) {
          const bool isCount = std::string_view(of) == ".count",
                     isPopc = std::string_view(operation) == "popc";
          kernel.ptxName =
              ptxName(aligned, fmt::format("red.{}.{}", operation,
                                           isPopc ? "u32" : "pred"));
          setThreads(kernel, kThreads, seed);
          kernel.in = predicates(seed);
          kernel.body = std::string(kHalf) +
                        "  %predicate = trunc i32 %i0 to i1\n" +
                        callText(kernel, isPopc ? "i32" : "i1",
                                 isCount ? std::vector<std::string>{"%id", "64"}
                                         : std::vector<std::string>{"4"},
                                 true) +
                        (isPopc ? "  %o0 = add i32 %r, 0\n"
                                : "  %o0 = zext i1 %r to i32\n");
          all.push_back(std::move(kernel));
        }
}

void addWarpSync(uint64_t seed, std::vector<GoldenKernel> &all) {
  for (GoldenKernel &kernel : kernelsOf("bar.warp.sync", "bar.warp.sync")) {
    setThreads(kernel, 32, seed);
    kernel.body =
        exchangeText(kOfWarp, callText(kernel, "void", {"-1"}, false));
    all.push_back(std::move(kernel));
  }
}

/// What a fence orders, a barrier has to show: a word of global memory.
void addFences(uint64_t seed, std::vector<GoldenKernel> &all) {
  for (const char *scope : {"cta", "gl", "sys"})
    for (GoldenKernel &kernel : kernelsOf(fmt::format("membar.{}", scope),
                                          fmt::format("membar.{}", scope))) {
      setThreads(kernel, kThreads, seed);
      kernel.outputs = 2;
      kernel.body =
          "  store i32 %i0, ptr addrspace(1) %p.o1\n" +
          callText(kernel, "void", {}, false) +
          "  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)\n" +
          fmt::format("  %other = xor i32 %index, {}\n", kOfBlock) +
          "  %first.other = mul i32 %other, 2\n"
          "  %at.other = add i32 %first.other, 1\n"
          "  %p.other = getelementptr i32, ptr addrspace(1) %out, i32 "
          "%at.other\n"
          "  %o0 = load i32, ptr addrspace(1) %p.other\n"
          "  %o1 = add i32 %i0, 0\n";
      all.push_back(std::move(kernel));
    }
}

} // namespace

std::vector<GoldenKernel> barrierKernels(uint64_t seed) {
  std::vector<GoldenKernel> all;
  addSync(seed, all);
  addArrive(seed, all);
  addReductions(seed, all);
  addWarpSync(seed, all);
  addFences(seed, all);
  return all;
}

} // namespace attnjit::golden
