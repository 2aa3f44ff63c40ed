//===- ProblemOptions.cpp - Options that describe a problem ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ProblemOptions.h"

#include "CommonOptions.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

using namespace attnjit;
using namespace attnjit::tool;

void tool::declareMod(CLI::App &app, std::string &mod) {
  app.add_option("MOD", mod, kModHelp)->required();
}

void tool::declareSettings(CLI::App &app, std::vector<Setting> &settings) {
  app.add_option_function<std::vector<std::string>>(
         "--set",
         [&settings](const std::vector<std::string> &texts) {
           for (const std::string &text : texts) {
             Expected<Setting> setting = Setting::parse(text);
             // How CLI11 is told.
             if (!setting)
               throw CLI::ValidationError("--set", setting.error().message());
             settings.push_back(*setting);
           }
         },
         "Value of a param or const, or the .npy file of a buffer")
      ->type_name("NAME=VALUE|NAME=FILE.npy")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void tool::declareDType(CLI::App &app, std::optional<DType> &dtype) {
  addParsed(
      app, "--dtype", "Element type of q, k, v and out",
      [&dtype](const std::string &text) -> Expected<void> {
        dtype = parseDType(text);
        if (dtype == DType::F32 || dtype == DType::F16 || dtype == DType::BF16)
          return {};
        return fail(ErrorKind::InvalidArgument,
                    fmt::format("`{}`; it should be f32, f16 or bf16", text));
      })
      ->type_name("f32|f16|bf16");
}

void tool::declareTarget(CLI::App &app, std::string &target) {
  app.add_option("--target", target, "The machine to compile for")
      ->type_name("host|x86-64-v3|x86-64-v4|cuda|sm_80|...")
      ->capture_default_str();
}

void tool::declareThreads(CLI::App &app, int &threads) {
  app.add_option("--threads", threads, "Threads to run on; 0: one per core")
      ->type_name("N")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

/// "M,N", both 1 or more.
static Expected<TileSize> parseTile(const std::string &text) {
  const size_t comma = text.find(',');
  std::optional<int64_t> q, kv;
  if (comma != std::string::npos) {
    q = parseInteger<int64_t>(std::string_view(text).substr(0, comma));
    kv = parseInteger<int64_t>(std::string_view(text).substr(comma + 1));
  }
  if (!q || !kv || *q < 1 || *kv < 1)
    return fail(ErrorKind::InvalidArgument,
                fmt::format("`{}`; it should be two sizes of 1 or more, as "
                            "64,128: queries and keys of a tile",
                            text));
  return TileSize{*q, *kv};
}

void tool::declareTile(CLI::App &app, std::optional<TileSize> &tile) {
  addParsed(app, "--tile",
            "Queries and keys of a tile; those of the kernel unless given",
            [&tile](const std::string &text) -> Expected<void> {
              Expected<TileSize> parsed = parseTile(text);
              if (!parsed)
                return fail(parsed.error());
              tile = *parsed;
              return {};
            })
      ->type_name("M,N");
}

void tool::declarePlane(CLI::App &app, PlaneChoice &choice) {
  app.add_option("--batch", choice.b, "The batch entry that is looked at")
      ->type_name("B")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--head", choice.h, "The query head that is looked at")
      ->type_name("H")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
}

CLI::Option *ProblemOptions::declare(CLI::App &app,
                                     std::optional<int64_t> defaultD) {
  declareMod(app, mod);
  CLI::Option *shape =
      addParsed(app, "--shape",
                "Random tensors of this shape; B is 1 unless given, Hkv is Hq, "
                "Skv is Sq, Dv is D",
                [this, defaultD](const std::string &text) -> Expected<void> {
                  Expected<Shape> parsed = Shape::parse(text, defaultD);
                  if (!parsed)
                    return fail(parsed.error());
                  request.shape = *parsed;
                  return {};
                });
  shape->type_name("B=1,Hq=32,Hkv=8,Sq=2048,Skv=2048,D=128");
  app.add_option("--random-seed", request.randomSeed, "Seed of random tensors")
      ->type_name("N")
      ->capture_default_str();
  declareSettings(app, request.settings);
  app.add_option("--q-offset", request.qOffset,
                 "Added to the positions of queries: a number, or a .npy file "
                 "of i32[B]")
      ->type_name("N|FILE");
  app.add_option("--kv-offset", request.kvOffset,
                 "Added to the positions of keys, likewise")
      ->type_name("N|FILE");
  declareThreads(app, threads);
  return shape;
}

void ProblemOptions::declareKernelOptions(CLI::App &app) {
  declareDType(app, request.dtype);
  app.add_option("--scale", request.scale,
                 "Factor of q k^T; 1/sqrt(D) unless given")
      ->type_name("X");
  app.add_option("--mask", request.mask,
                 "Mask tensor, bool, broadcast to [B, Hq, Sq, Skv]; true "
                 "attends")
      ->type_name("FILE.npy");
  CLI::Option *rate =
      app.add_option("--dropout", dropoutRate, "Rate of dropout, in [0, 1)")
          ->type_name("RATE");
  app.add_option("--dropout-seed", dropoutSeed,
                 "What the dropped elements depend on")
      ->type_name("N")
      ->needs(rate);
  app.add_option("--dropout-offset", dropoutOffset,
                 "And this, for the next step of the same seed")
      ->type_name("N")
      ->needs(rate);
}

void ProblemOptions::finish() {
  if (dropoutRate)
    request.dropout = DropoutArg{*dropoutRate, dropoutSeed, dropoutOffset};
}

Expected<LoadedProblem> ProblemOptions::load(Trace &trace) {
  Expected<LoadedMod> loaded =
      trace.time("parse", [&] { return loadMod(mod, request.settings); });
  if (!loaded)
    return fail(loaded.error());
  request.settings = loaded->settings;
  Expected<Problem> problem = trace.time("make tensors", [&] {
    return Problem::create(loaded->program, request);
  });
  if (!problem)
    return fail(problem.error());
  return LoadedProblem{std::move(*loaded), std::move(*problem)};
}
