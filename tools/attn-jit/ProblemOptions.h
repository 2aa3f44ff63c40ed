//===- ProblemOptions.h - Options that describe a problem -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// MOD, --shape, --set and the like, for the subcommands that run something.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_ATTNJIT_PROBLEMOPTIONS_H
#define ATTNJIT_TOOLS_ATTNJIT_PROBLEMOPTIONS_H

#include "support/MaskPlane.h"
#include "support/ModFile.h"
#include "support/Problem.h"

#include "attnjit/Spec/TargetSpec.h"
#include "attnjit/Support/Trace.h"

#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
} // namespace CLI

namespace attnjit::tool {

/// MOD, the same everywhere.
void declareMod(CLI::App &app, std::string &mod);
/// --set, the same everywhere.
void declareSettings(CLI::App &app, std::vector<Setting> &settings);
/// --dtype f32|f16|bf16.
void declareDType(CLI::App &app, std::optional<DType> &dtype);
/// --target; which names there are, the library knows.
void declareTarget(CLI::App &app, std::string &target);
/// --batch and --head.
void declarePlane(CLI::App &app, PlaneChoice &choice);
/// --tile.
void declareTile(CLI::App &app, std::optional<TileSize> &tile);
/// --threads; 0 stands for all cores.
void declareThreads(CLI::App &app, int &threads);

/// D where --shape does not give it, for commands about masks: few ask for it.
inline constexpr int64_t kDefaultD = 64;

/// A mod, and the problem that it is to solve, which refers to the mod's
/// declarations: they lie in vectors, so that both may be moved.
struct LoadedProblem {
  LoadedMod mod;
  Problem problem;
};

/// A problem as options describe it.
struct ProblemOptions {
  std::string mod;
  ProblemRequest request;
  int threads = 0;

  /// MOD, --shape, --random-seed, --set, --q-offset, --kv-offset, --threads.
  /// Without --shape on the command line D may be missing where `defaultD` is
  /// given. Gives the option --shape.
  CLI::Option *declare(CLI::App &app,
                       std::optional<int64_t> defaultD = std::nullopt);
  /// --dtype, --scale, --mask and --dropout*: what a kernel takes besides.
  void declareKernelOptions(CLI::App &app);
  /// To be called when the command line has been read.
  void finish();
  /// Reads the mod and makes the tensors; both are steps of `trace`. What
  /// settings make of consts of the mod is then no longer in `request`.
  Expected<LoadedProblem> load(Trace &trace);

private:
  std::optional<double> dropoutRate;
  uint64_t dropoutSeed = 0, dropoutOffset = 0;
};

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_ATTNJIT_PROBLEMOPTIONS_H
