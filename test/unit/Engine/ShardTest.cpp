//===- ShardTest.cpp - Kernels on a part of a problem ---------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The ABI lets a caller compute some batch entries and heads of a larger
// problem. Mods and dropout see the larger one: a shard has the bits of the
// whole.
//
//===----------------------------------------------------------------------===//

#include "EngineTesting.h"

#include "ObjectLoader.h"
#include "attnjit/Reference/Signature.h"
#include "attnjit/Target/CPU/Prefill.h"

#include <algorithm>
#include <cstdlib>

using namespace attnjit;

namespace {

constexpr int64_t kB = 2, kHq = 4, kHkv = 2, kSq = 5, kSkv = 9, kD = 8;

class ShardTest : public testing::Test {
protected:
  void SetUp() override {
    for (auto *tensor : {&q, &k, &v})
      for (size_t n = 0; n < tensor->size(); ++n)
        (*tensor)[n] = static_cast<float>((n * 37 + 11) % 19) / 19 - 0.5f;
  }

  /// Computes `batches` entries from b on and `heads` query heads from h on of
  /// the whole problem into their place in `out`.
  void compute(std::string_view text, int64_t b, int64_t batches, int64_t h,
               int64_t heads, std::vector<float> &out) {
    const ModProgram mod = parseText(text);
    AttentionSpec spec = AttentionSpec::of(kD);
    spec.dropout = true;
    auto object = Engine::emit(mod, spec, TargetSpec(), Stage::Obj);
    ASSERT_TRUE(object) << object.error().message();
    auto loaded = loadObject(*object, "attnjit_prefill",
                             /*hasCost=*/false);
    ASSERT_TRUE(loaded) << loaded.error().message();

    const int64_t group = kHq / kHkv;
    auto part = [&](std::vector<float> &data, int64_t all, int64_t first,
                    int64_t count, int64_t S) {
      Tensor tensor =
          Tensor::contiguous(data.data() + (b * all + first) * S * kD,
                             DType::F32, {batches, count, S, kD});
      tensor.stride[0] = all * S * kD;
      return tensor;
    };
    RunArgs args;
    args.q = part(q, kHq, h, heads, kSq);
    args.k = part(k, kHkv, h / group, heads / group, kSkv);
    args.v = part(v, kHkv, h / group, heads / group, kSkv);
    args.out = part(out, kHq, h, heads, kSq);
    args.dropout = DropoutArg{0.5, 3, 4};
    const PrefillSchedule schedule =
        PrefillSchedule::choose(spec, TargetSpec());
    const KernelSignature signature = signatureOf(mod, spec);
    auto sizes = checkRunArgs(signature, args);
    ASSERT_TRUE(sizes) << sizes.error().message();

    AttnJitKernelArgs abi;
    std::vector<uint64_t> params;
    std::vector<AttnJitBuffer> buffers;
    fillKernelArgs(signature, args, *sizes, abi, params, buffers);
    abi.B_global = kB;
    abi.Hq_global = kHq;
    abi.b_offset = b;
    abi.h_offset = h;
    abi.workspace_bytes = cpu::PrefillWorkspace::layout(spec, schedule).bytes;
    abi.workspace = std::aligned_alloc(64, abi.workspace_bytes);
    abi.item_queries = schedule.blockQ;
    abi.work_end =
        batches * heads * ((kSq + schedule.blockQ - 1) / schedule.blockQ);
    loaded->entry(&abi);
    std::free(abi.workspace);
  }

  std::vector<float> q = std::vector<float>(kB * kHq * kSq * kD);
  std::vector<float> k = std::vector<float>(kB * kHkv * kSkv * kD), v = k;
};

TEST_F(ShardTest, HasTheBitsOfTheWhole) {
  for (std::string_view text :
       {"",
        "score = score * (h + 1) + b * kv / 9.0\nprob = prob * (h + b + 1)\n",
        "prob = prob * prob + Hq_global\n"}) {
    std::vector<float> whole(q.size()), shards(q.size());
    compute(text, 0, kB, 0, kHq, whole);
    for (int64_t b = 0; b < kB; ++b)
      for (int64_t h = 0; h < kHq; h += 2)
        compute(text, b, 1, h, 2, shards);
    EXPECT_EQ(shards, whole) << text;
    // And heads differ: some weight is dropped in one and kept in another.
    EXPECT_FALSE(std::equal(whole.begin(), whole.begin() + kSq * kD,
                            whole.begin() + kHq * kSq * kD));
  }
}

} // namespace
