//===- ReadFile.cpp - Whole files into memory -----------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "support/ReadFile.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

using namespace attnjit;
using namespace attnjit::tool;

tl::unexpected<Error> tool::failRead(const std::filesystem::path &file,
                                     int code) {
  return fail(ErrorKind::InvalidArgument,
              fmt::format("cannot read `{}`: {}", file.native(),
                          std::generic_category().message(code)));
}

Expected<size_t> tool::readFully(int fd, std::span<std::byte> bytes,
                                 const std::filesystem::path &file) {
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t count = ::read(fd, bytes.data() + done, bytes.size() - done);
    if (count == 0)
      break;
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return failRead(file, errno);
    done += static_cast<size_t>(count);
  }
  return done;
}

Expected<std::string> tool::readText(const std::filesystem::path &file,
                                     size_t limitBytes) {
  const bool isStdin = file == "-";
  FileDescriptor opened;
  if (!isStdin) {
    opened = FileDescriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened)
      return failRead(file, errno);
  }
  constexpr size_t kChunk = size_t(1) << 16;
  std::string text;
  while (text.size() < limitBytes) {
    size_t old = text.size();
    text.resize(std::min(old + kChunk, limitBytes));
    Expected<size_t> count = readFully(
        isStdin ? STDIN_FILENO : opened.get(),
        std::as_writable_bytes(std::span(text.data() + old, text.size() - old)),
        isStdin ? "<stdin>" : file);
    if (!count)
      return fail(count.error());
    bool ended = old + *count < text.size();
    text.resize(old + *count);
    if (ended)
      break;
  }
  return text;
}
