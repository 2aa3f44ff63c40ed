//===- Ptxas.cpp - NVIDIA's assembler, where it is found ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Its input and output are files of a directory that nobody else can enter,
// which is removed at the end.
//
//===----------------------------------------------------------------------===//

#include "Ptxas.h"

#include "attnjit/Support/AtomicFile.h"
#include "attnjit/Support/FileDescriptor.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <vector>

extern char **environ;

namespace attnjit {

namespace fs = std::filesystem;

static bool isProgram(const fs::path &file) {
  std::error_code error;
  return fs::is_regular_file(file, error) && ::access(file.c_str(), X_OK) == 0;
}

static std::string_view variable(const char *name) {
  const char *value = ::secure_getenv(name);
  return value ? value : "";
}

std::optional<fs::path> findPtxas() {
  std::vector<fs::path> directories;
  std::string_view path = variable("PATH");
  while (!path.empty()) {
    const size_t end = std::min(path.find(':'), path.size());
    // An empty entry means the working directory, where nobody's ptxas is.
    if (fs::path directory = path.substr(0, end); directory.is_absolute())
      directories.push_back(std::move(directory));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  for (const char *name : {"CUDA_HOME", "CUDA_PATH"})
    if (fs::path home = variable(name); home.is_absolute())
      directories.push_back(home / "bin");
  directories.emplace_back("/usr/local/cuda/bin");
  for (const fs::path &directory : directories)
    if (fs::path file = directory / "ptxas"; isProgram(file))
      return file;
  return std::nullopt;
}

namespace {
/// A new directory, removed with all in it at the end.
class ScratchDirectory {
public:
  ScratchDirectory() {
    std::error_code error;
    fs::path base = fs::temp_directory_path(error);
    if (error)
      base = "/tmp";
    std::string pattern = base / "attnjit-ptxas-XXXXXX";
    if (::mkdtemp(pattern.data()))
      directory = pattern;
  }
  ~ScratchDirectory() {
    std::error_code ignored;
    if (!directory.empty())
      fs::remove_all(directory, ignored);
  }
  ScratchDirectory(const ScratchDirectory &) = delete;
  ScratchDirectory &operator=(const ScratchDirectory &) = delete;

  const fs::path &path() const { return directory; }

private:
  fs::path directory;
};
} // namespace

static tl::unexpected<Error> noRun(const fs::path &ptxas, const char *what,
                                   int error) {
  return fail(ErrorKind::Environment,
              fmt::format("cannot run `{}`: {}: {}", ptxas.string(), what,
                          std::strerror(error)));
}

/// Everything up to the end of the file.
static std::string readAll(int fd) {
  std::string text;
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::read(fd, buffer, sizeof(buffer));
    if (count > 0)
      text.append(buffer, static_cast<size_t>(count));
    else if (count == 0 || errno != EINTR)
      return text;
  }
}

/// Runs a program; gives its exit status and what it has written.
static Expected<int> runProgram(const fs::path &program,
                                std::vector<std::string> arguments,
                                std::string &output) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return noRun(program, "pipe", errno);
  FileDescriptor reading(ends[0]), writing(ends[1]);
  std::vector<char *> argv = {const_cast<char *>(program.c_str())};
  for (std::string &argument : arguments)
    argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
                                     O_RDONLY, 0);
  for (int fd : {STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_adddup2(&actions, writing.get(), fd);
  pid_t child = 0;
  const int error = ::posix_spawn(&child, program.c_str(), &actions, nullptr,
                                  argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error)
    return noRun(program, "posix_spawn", error);
  writing = FileDescriptor();
  output = readAll(reading.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR)
      return noRun(program, "waitpid", errno);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

Expected<std::string> runPtxas(const fs::path &ptxas, std::string_view ptx,
                               std::string_view sm) {
  const ScratchDirectory scratch;
  if (scratch.path().empty())
    return noRun(ptxas, "mkdtemp", errno);
  const fs::path input = scratch.path() / "kernel.ptx",
                 output = scratch.path() / "kernel.cubin";
  if (auto written = writeFileAtomically(input, ptx); !written)
    return fail(written.error());
  std::string said;
  Expected<int> status = runProgram(
      ptxas,
      {fmt::format("-arch={}", sm), "-o", output.string(), input.string()},
      said);
  if (!status)
    return fail(status.error());
  while (!said.empty() && (said.back() == '\n' || said.back() == ' '))
    said.pop_back();
  if (*status != 0)
    return fail(ErrorKind::Internal,
                fmt::format("`{}` refuses a kernel for {} (exit status {}): {}",
                            ptxas.string(), sm, *status, said));
  std::ifstream file(output, std::ios::binary);
  std::string cubin((std::istreambuf_iterator<char>(file)),
                    std::istreambuf_iterator<char>());
  if (!file || cubin.empty())
    return fail(ErrorKind::Environment,
                fmt::format("`{}` has written no cubin", ptxas.string()));
  return cubin;
}

} // namespace attnjit
