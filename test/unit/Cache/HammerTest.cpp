//===- HammerTest.cpp - Many processes and threads at one directory -------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Whatever others store, prune and clear meanwhile, a load gives a payload
// that somebody stored under that key, or nothing, and never a warning.
//
//===----------------------------------------------------------------------===//

#include "CacheTesting.h"

#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <thread>

namespace attnjit {
namespace {

using HammerTest = CacheTesting;

constexpr int kKeys = 3;

/// A payload that tells its key and author: any mixture of two shows.
std::vector<std::byte> payloadOf(int key, int author, size_t length) {
  std::vector<std::byte> payload(length,
                                 static_cast<std::byte>(16 * key + author));
  return payload;
}

bool isPayloadOf(int key, const std::vector<std::byte> &payload) {
  return !payload.empty() && static_cast<int>(payload[0]) / 16 == key &&
         std::ranges::count(payload, payload[0]) ==
             static_cast<std::ptrdiff_t>(payload.size());
}

/// Number of loads that gave something else than a stored payload.
int hammer(const DiskCache &cache, int author, int rounds) {
  std::mt19937_64 random(static_cast<uint64_t>(author));
  int wrong = 0;
  for (int round = 0; round < rounds; ++round) {
    int key = static_cast<int>(random() % kKeys);
    std::string name = "key " + std::to_string(key);
    switch (random() % 16) {
    case 0:
      cache.prune(20'000);
      break;
    case 1:
      cache.clear();
      break;
    case 2:
      cache.list();
      break;
    case 3:
    case 4:
    case 5:
    case 6:
      cache.store(name, payloadOf(key, author, 1 + random() % 20'000));
      break;
    default:
      if (auto payload = cache.load(name))
        wrong += !isPayloadOf(key, *payload);
      break;
    }
  }
  return wrong;
}

TEST_F(HammerTest, ProcessesShareADirectory) {
  constexpr int kProcesses = 4;
  std::vector<pid_t> children;
  for (int author = 0; author < kProcesses; ++author) {
    pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      // The directory is created by whoever comes first.
      Expected<DiskCache> cache =
          DiskCache::open(optionsFor(scratch / "one" / "two"));
      int wrong = cache ? hammer(*cache, author, 1500) : 100;
      ::_exit(wrong || !warnings.empty() ? 1 : 0);
    }
    children.push_back(child);
  }
  for (pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0)
        << "status " << status;
  }
}

TEST_F(HammerTest, ThreadsShareAnObject) {
  DiskCache cache = openCache();
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int author = 0; author < 4; ++author)
    threads.emplace_back([&, author] { wrong += hammer(cache, author, 1500); });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_THAT(warnings, testing::IsEmpty());
}

} // namespace
} // namespace attnjit
