//===- Peers.h - The other implementations --------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Talks to tools/bench/gpu_peers.py, which stays for the whole benchmark: its
// compilations run while other things are done, and it measures a case when it
// is told to, between two measurements of ours. Where Python, PyTorch or the
// script fails, there is a reason and no figure.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_GPUCHECK_PEERS_H
#define ATTNJIT_TOOLS_GPUCHECK_PEERS_H

#include "BenchCases.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace attnjit::gpucheck {

/// Files that the script is given.
struct PeerFiles {
  std::filesystem::path cases; ///< written here
  std::filesystem::path log;   ///< written by the script
};

class Peers {
public:
  /// Starts the script, where there is one.
  Peers(const std::filesystem::path &script, const PeerFiles &files,
        const std::vector<BenchCase> &cases);

  /// Waits until the script has compiled what it will measure. Gives what it
  /// says of itself, {"reason"} where it is not there.
  Json waitUntilReady(double seconds);

  /// What the script says of a case: {"peers": {NAME: {"ms"} | {"reason"}},
  /// ...}; {"reason"} where it says nothing.
  Json measure(size_t index, double seconds);

private:
  Json answer(double seconds);
  /// Nothing more is asked.
  Json stop(std::string why);

  std::optional<tool::ChildProcess> process;
  std::string reason; ///< why there is no process
};

} // namespace attnjit::gpucheck

#endif // ATTNJIT_TOOLS_GPUCHECK_PEERS_H
