//===- LargeStrideTest.cpp - Tensors that pass 2 GB -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The elements of a small problem, spread over tens of gigabytes of address
// space that is never touched between them: offsets pass 32 bits in every
// tensor, and the results must have the same bits as those of the dense one.
//
//===----------------------------------------------------------------------===//

#include "Harness.h"

#include <cstring>
#include <sys/mman.h>

using namespace attnjit;
using namespace attnjit::test;

namespace {

/// Address space without memory behind it until it is touched.
class SparseMemory {
public:
  explicit SparseMemory(size_t bytes) : bytes(bytes) {
    data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  }
  ~SparseMemory() {
    if (isThere())
      munmap(data, bytes);
  }
  SparseMemory(const SparseMemory &) = delete;
  SparseMemory &operator=(const SparseMemory &) = delete;

  bool isThere() const { return data != MAP_FAILED; }

  void *data;
  size_t bytes;
};

/// Spreads tensors; owns their memory.
class Spreader {
public:
  /// The same elements with every axis but the last (of q, k, v, out) 2^30
  /// elements or more apart; null data where there is no address space.
  Tensor spread(const Tensor &from, bool isLastDense) {
    Tensor to = from;
    int64_t step = int64_t{1} << 30, extent = 1;
    for (int axis = from.rank; axis-- > 0;) {
      if (axis + 1 == from.rank && isLastDense) {
        to.stride[axis] = 1;
      } else {
        // Steps over the axes before, and off the powers of two.
        to.stride[axis] = std::max(step, extent) + 64;
        step = to.stride[axis];
      }
      extent += (to.shape[axis] - 1) * to.stride[axis];
    }
    memory.push_back(
        std::make_unique<SparseMemory>(extent * sizeBytes(from.dtype)));
    if (!memory.back()->isThere()) {
      to.data = nullptr;
      return to;
    }
    to.data = memory.back()->data;
    copy(from, to);
    return to;
  }

  static void copy(const Tensor &from, const Tensor &to) {
    std::vector<std::byte *> targets;
    forEachElement(
        to, [&](auto &, std::byte *address) { targets.push_back(address); });
    size_t n = 0;
    forEachElement(from, [&](auto &, std::byte *address) {
      std::memcpy(targets[n++], address, sizeBytes(from.dtype));
    });
  }

private:
  std::vector<std::unique_ptr<SparseMemory>> memory;
};

bool haveSameBits(const Tensor &x, const Tensor &y) {
  std::vector<float> values;
  forEachElement(x, [&](auto &, std::byte *address) {
    values.push_back(*reinterpret_cast<float *>(address));
  });
  size_t n = 0;
  bool same = true;
  forEachElement(y, [&](auto &, std::byte *address) {
    same &= std::memcmp(&values[n++], address, sizeof(float)) == 0;
  });
  return same;
}

} // namespace

TEST(LargeStride, OffsetsAre64Bit) {
  const ModProgram mod =
      parsed("buffer bias : f32[B, Hq, Sq, Skv]\nbuffer id : u8[Skv]\n"
             "score = score + bias[b, h, q_local, kv_local]\n"
             "mask = id[kv_local] < 200 or q % 2 == 0\n");
  Shape shape = {.B = 2, .Hkv = 2, .group = 1, .Sq = 3, .Skv = 6};
  shape.mask = MaskKind::Full;
  Problem problem(mod, shape, 1);
  std::string note = describeCase(mod, shape, 1);
  ASSERT_EQ(runAndCheck(mod, problem, note), Outcome::Ran);

  Spreader spreader;
  RunArgs args = problem.args;
  for (Tensor *tensor : {&args.q, &args.k, &args.v, &args.out})
    *tensor = spreader.spread(*tensor, /*isLastDense=*/true);
  *args.lse = spreader.spread(*args.lse, /*isLastDense=*/true);
  *args.mask = spreader.spread(*args.mask, /*isLastDense=*/true);
  for (CaptureArg &capture : args.captures)
    capture.value = spreader.spread(std::get<Tensor>(capture.value),
                                    /*isLastDense=*/false);
  for (const Tensor *tensor :
       {&args.q, &args.k, &args.v, &args.out, &*args.lse, &*args.mask})
    if (!tensor->data)
      GTEST_SKIP() << "[SKIP] no address space for sparse tensors";
  Expected<Kernel> kernel = compileKernel(mod, problem.spec());
  ASSERT_TRUE(kernel) << kernel.error().message();
  if (kernel->signature().deviceMemory)
    GTEST_SKIP() << "[SKIP] what lies between the elements would be copied";
  setCrashNote(note);
  Expected<void> done = kernel->run(args);
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_TRUE(haveSameBits(problem.args.out, args.out));
  EXPECT_TRUE(haveSameBits(*problem.args.lse, *args.lse));
}
