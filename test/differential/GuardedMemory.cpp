//===- GuardedMemory.cpp - Memory whose ends cannot be passed -------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Pages of mmap without access rights, and a signal handler that says which
// case was running.
//
//===----------------------------------------------------------------------===//

#include "GuardedMemory.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/mman.h>
#include <unistd.h>

using namespace attnjit::test;

GuardedMemory::GuardedMemory(size_t size, Flush flush) : bytes(size) {
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const size_t inside = (size + page - 1) / page * page;
  mappedBytes = inside + 2 * page;
  void *mapped =
      mmap(nullptr, mappedBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) {
    std::perror("mmap");
    std::abort();
  }
  mapping = static_cast<std::byte *>(mapped);
  std::byte *first = mapping + page;
  if (inside != 0) {
    if (mprotect(first, inside, PROT_READ | PROT_WRITE) != 0) {
      std::perror("mprotect");
      std::abort();
    }
    std::memset(first, kCanary, inside);
  }
  begin = flush == Flush::End ? first + inside - size : first;
}

GuardedMemory::~GuardedMemory() { munmap(mapping, mappedBytes); }

//===----------------------------------------------------------------------===//
// Crash notes
//===----------------------------------------------------------------------===//

static std::string &crashNote() {
  static std::string note;
  return note;
}

/// Writes with async-signal-safe calls alone, then dies of the same signal.
static void reportCrash(int signal) {
  auto say = [](const char *text, size_t length) {
    [[maybe_unused]] ssize_t written = write(STDERR_FILENO, text, length);
  };
  const char head[] = "\nmemory outside of a tensor was accessed, or worse:\n";
  say(head, sizeof(head) - 1);
  say(crashNote().data(), crashNote().size());
  say("\n", 1);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void attnjit::test::setCrashNote(std::string note) {
  static const bool installed = [] {
    for (int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL})
      std::signal(signal, reportCrash);
    return true;
  }();
  static_cast<void>(installed);
  crashNote() = std::move(note);
}
