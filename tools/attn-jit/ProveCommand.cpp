//===- ProveCommand.cpp - attn-jit prove ----------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a mod and a claim about it; gives a proof, a counterexample, or
// neither: exit status 0, 1, 3.
//
//===----------------------------------------------------------------------===//

#include "Command.h"
#include "CommonOptions.h"
#include "ProblemOptions.h"
#include "Proof.h"

#include "support/ModFile.h"
#include "support/ProcessClock.h"

#include "attnjit/Analysis/SplitMask.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

using namespace attnjit;
using namespace attnjit::tool;

/// Where no shape is asked for, counterexamples are looked for in this one.
static constexpr Shape kSmallShape = {
    .B = 2, .Hq = 4, .Hkv = 2, .Sq = 80, .Skv = 80, .D = 64, .Dv = 64};

namespace {

class ProveCommand final : public Command {
public:
  CLI::App *declare(CLI::App &app) override;
  Expected<int> run(const ProcessClock &clock) override;

private:
  Expected<std::vector<ClaimResult>> prove();
  Expected<ClaimResult> compare(const LoadedMod &mod, const std::string &other,
                                bool equal);

  CommonOptions common;
  ProblemOptions options;
  bool causal = false, neverEmpty = false, inBounds = false;
  std::optional<int32_t> window;
  std::string implied, equal;
  bool shapeIsGiven = false;
  Trace trace;
};

} // namespace

CLI::App *ProveCommand::declare(CLI::App &app) {
  CLI::App *command = app.add_subcommand(
      "prove", "Prove a claim about a mask: exit status 0 where it is proven, "
               "1 where it is false, 3 where neither is found");
  options.declare(*command, /*defaultD=*/64);
  CLI::Option_group *claim = command->add_option_group("claim");
  claim->add_flag("--causal", causal, "No query keeps a key after it");
  claim
      ->add_option("--window", window,
                   "Every key that is kept is fewer than N positions from the "
                   "query")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  claim->add_flag("--never-empty", neverEmpty, "Every query keeps a key");
  claim->add_flag("--in-bounds", inBounds,
                  "No subscript lies outside of its buffer");
  claim
      ->add_option("--implies", implied,
                   "The other mod keeps all that this does")
      ->type_name("OTHER");
  claim->add_option("--equals", equal, "Both mods keep the same")
      ->type_name("OTHER");
  claim->require_option(1);
  common.declare(*command);
  return command;
}

static Expr maskOf(const ModProgram &mod) {
  const Expr mask = inferMask(mod).mask();
  return mask ? mask : Expr::boolean(true);
}

/// The buffers whose contents the user gave.
static std::vector<std::string>
givenBuffers(const ModProgram &mod, const std::vector<Setting> &settings) {
  std::vector<std::string> names;
  for (const Setting &setting : settings)
    if (mod.bufferOrdinal(setting.name) >= 0)
      names.push_back(setting.name);
  return names;
}

/// Both masks in one mod, so that one problem has the captures of both.
static Expected<ModProgram> joined(const ModProgram &mod,
                                   const ModProgram &other) {
  ModParts parts;
  parts.mask = Expr::make(Op::And, {maskOf(mod), maskOf(other)});
  parts.params = mod.params();
  parts.buffers = mod.buffers();
  for (const ParamDecl &decl : other.params())
    if (mod.paramOrdinal(decl.name) < 0)
      parts.params.push_back(decl);
  for (const BufferDecl &decl : other.buffers())
    if (mod.bufferOrdinal(decl.name) < 0)
      parts.buffers.push_back(decl);
  return ModProgram::create(std::move(parts));
}

Expected<ClaimResult> ProveCommand::compare(const LoadedMod &mod,
                                            const std::string &name,
                                            bool equal) {
  Expected<LoadedMod> other = loadMod(name, mod.settings);
  if (!other)
    return fail(other.error());
  Expected<ModProgram> both = joined(mod.program, other->program);
  if (!both)
    return fail(Error(both.error()).in(fmt::format("with `{}`", name)));
  options.request.settings = other->settings;
  Expected<Problem> problem = Problem::create(*both, options.request);
  if (!problem)
    return fail(problem.error());
  const ProofProblem at = {*both, *problem, shapeIsGiven,
                           givenBuffers(*both, other->settings)};
  const Expr mine = maskOf(withParams(mod.program, *problem));
  const Expr its = maskOf(withParams(other->program, *problem));
  const Expr broken =
      equal ? Expr::make(Op::Xor, {mine, its})
            : Expr::make(Op::And, {mine, Expr::make(Op::Not, {its})});
  return proveNever(equal ? fmt::format("keeps the same as {}", name)
                          : fmt::format("{} keeps all that it keeps", name),
                    broken, at);
}

Expected<std::vector<ClaimResult>> ProveCommand::prove() {
  Expected<LoadedMod> mod = trace.time(
      "parse", [&] { return loadMod(options.mod, options.request.settings); });
  if (!mod)
    return fail(mod.error());
  auto one =
      [](Expected<ClaimResult> result) -> Expected<std::vector<ClaimResult>> {
    if (!result)
      return fail(result.error());
    return std::vector<ClaimResult>{std::move(*result)};
  };
  if (!implied.empty())
    return one(compare(*mod, implied, false));
  if (!equal.empty())
    return one(compare(*mod, equal, true));

  options.request.settings = mod->settings;
  Expected<Problem> problem = Problem::create(mod->program, options.request);
  if (!problem)
    return fail(problem.error());
  const ModProgram program = withParams(mod->program, *problem);
  const ProofProblem at = {program, *problem, shapeIsGiven,
                           givenBuffers(mod->program, mod->settings)};
  const Expr mask = maskOf(program);
  const Expr q = Expr::var(Var::Q), kv = Expr::var(Var::Kv);
  if (causal)
    return one(proveNever(
        "no query keeps a key after it",
        Expr::make(Op::And, {mask, Expr::make(Op::Lt, {q, kv})}), at));
  if (window) {
    const Expr n = Expr::i32(*window);
    const Expr far = Expr::make(
        Op::Or, {Expr::make(Op::Ge, {Expr::make(Op::Sub, {q, kv}), n}),
                 Expr::make(Op::Ge, {Expr::make(Op::Sub, {kv, q}), n})});
    return one(proveNever(
        fmt::format("keys kept are fewer than {} positions from the query",
                    *window),
        Expr::make(Op::And, {mask, far}), at));
  }
  if (neverEmpty)
    return one(proveNeverEmpty(mask, at));
  return proveInBounds(at);
}

static Json jsonOf(const ClaimResult &result) {
  Json example;
  if (result.counterexample) {
    const Counterexample &at = *result.counterexample;
    example = {{"b", at.b},
               {"h", at.h},
               {"q", at.q},
               {"kv", at.kv ? Json(*at.kv) : Json()},
               {"values", at.values}};
  }
  return {{"claim", result.claim},
          {"verdict", name(result.verdict)},
          {"scope", result.scope},
          {"counterexample", example}};
}

static std::string textOf(const ClaimResult &result) {
  std::string text = fmt::format(
      "{}: {}\n  {} {}\n", name(result.verdict), result.claim,
      result.verdict == Verdict::Undecided ? "because" : "for", result.scope);
  if (!result.counterexample)
    return text;
  const Counterexample &at = *result.counterexample;
  text += fmt::format("  at b = {}, h = {}, q = {}", at.b, at.h, at.q);
  if (at.kv)
    text += fmt::format(", kv = {}", *at.kv);
  for (const std::string &value : at.values)
    text += fmt::format(", {}", value);
  return text + "\n";
}

Expected<int> ProveCommand::run(const ProcessClock &clock) {
  options.request.contents = Contents::MaskOnly;
  shapeIsGiven = options.request.shape.has_value();
  if (!shapeIsGiven)
    options.request.shape = kSmallShape;
  Expected<std::vector<ClaimResult>> results =
      trace.time("prove", [&] { return prove(); });
  if (!results)
    return fail(results.error());
  // One that is false decides, then one that is not decided.
  Verdict all = Verdict::Proven;
  Json claims = Json::array();
  for (const ClaimResult &result : *results) {
    claims.push_back(jsonOf(result));
    if (result.verdict == Verdict::False ||
        (result.verdict == Verdict::Undecided && all == Verdict::Proven))
      all = result.verdict;
  }
  const TimingReport timing = {clock, trace.stages(), {}, clock.sinceExecMs()};
  if (common.timing)
    timing.print();
  if (common.json) {
    Json json = {{"verdict", name(all)}, {"claims", claims}};
    if (common.timing)
      json["timing"] = timing.json();
    printJson(json);
  } else {
    std::string text;
    for (const ClaimResult &result : *results)
      text += textOf(result);
    if (results->empty())
      text = "proven: the mod reads no buffer\n";
    std::fputs(text.c_str(), stdout);
  }
  return all == Verdict::Proven  ? kSuccess
         : all == Verdict::False ? kFailure
                                 : kUndecided;
}

std::unique_ptr<Command> tool::makeProveCommand() {
  return std::make_unique<ProveCommand>();
}
