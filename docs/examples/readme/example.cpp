#include <attnjit/attnjit.h>
#include <cstdio>
#include <vector>
using namespace attnjit;
using namespace attnjit::dsl;

int main() {
  auto window = param<I32>("window", 4); // run-time: any value, one kernel
  auto mod = ModBuilder("capped_window")
                 .score(50 * tanh(score / 50))
                 .mask(q >= kv && q - kv < window)
                 .build();
  auto engine = Engine::create();
  if (!mod || !engine)
    return 1;
  auto kernel = engine->compile(*mod, AttentionSpec::of(/*headDim=*/64));

  std::vector<float> ones(8 * 100 * 64, 1), values(ones.size()),
      out(ones.size());
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = i / 64 % 100; // the value of key j is j, in every head
  auto tensor = [](std::vector<float> &data) { // [B, H, S, D]
    return Tensor::contiguous(data.data(), DType::F32, {1, 8, 100, 64});
  };
  RunArgs args;
  args.q = args.k = tensor(ones);
  args.v = tensor(values);
  args.out = tensor(out);
  if (!kernel || !kernel->run(args))
    return 1;
  std::printf("the last query sees keys 96 to 99, mean %g\n", out.back());
}
