//===- Peers.cpp - The other implementations ------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Peers.h"

#include "attnjit/Support/AtomicFile.h"

using namespace attnjit;
using namespace attnjit::gpucheck;

namespace fs = std::filesystem;

Peers::Peers(const fs::path &script, const PeerFiles &files,
             const std::vector<BenchCase> &cases) {
  if (script.empty()) {
    reason = "not asked for";
    return;
  }
  Json list = Json::array();
  for (const BenchCase &benchCase : cases)
    list.push_back(benchCase.peerCase);
  if (Expected<void> ok = writeFileAtomically(files.cases, list.dump()); !ok) {
    reason = ok.error().message();
    return;
  }
  Expected<tool::ChildProcess> started = tool::ChildProcess::start(
      {"python3", "-u", script.native(), files.cases.native(), "--serve",
       "--log", files.log.native()},
      tool::ChildProcess::Errors::Drop);
  if (started)
    process.emplace(std::move(*started));
  else
    reason = started.error().message();
}

Json Peers::stop(std::string why) {
  reason = std::move(why);
  process.reset();
  return {{"reason", reason}};
}

Json Peers::answer(double seconds) {
  Expected<std::string> line = process->readLine(seconds);
  if (!line)
    return stop(line.error().message());
  Json json = parseOutput(*line);
  if (json.is_null())
    return stop("its answer is no JSON object: " + *line);
  // What the script says when it cannot work at all.
  if (json.contains("reason"))
    return stop(json["reason"].dump());
  return json;
}

Json Peers::waitUntilReady(double seconds) {
  return process ? answer(seconds) : stop(reason);
}

Json Peers::measure(size_t index, double seconds) {
  if (!process)
    return stop(reason);
  if (Expected<void> ok = process->writeLine(Json{{"case", index}}.dump()); !ok)
    return stop(ok.error().message());
  return answer(seconds);
}
