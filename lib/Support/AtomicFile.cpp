//===- AtomicFile.cpp - Whole files, written at once ----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes bytes and a destination, gives a file that holds all of them or an
// Error and the file that was there before.
//
//===----------------------------------------------------------------------===//

#include "attnjit/Support/AtomicFile.h"

#include "attnjit/Support/FileDescriptor.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <ctime>
#include <optional>
#include <system_error>

namespace attnjit {

static tl::unexpected<Error> failWrite(std::string_view file, int code) {
  return fail(ErrorKind::Environment,
              fmt::format("cannot write `{}`: {}", file,
                          std::generic_category().message(code)));
}

/// A name that no other process or thread picks. Process numbers would not
/// do: containers that share a directory have the same ones.
static std::string makeTemporaryName() {
  uint64_t bits = 0;
  if (::getrandom(&bits, sizeof(bits), 0) != sizeof(bits)) {
    static std::atomic<uint64_t> counter = 0;
    bits = static_cast<uint64_t>(::getpid()) << 32 ^ ++counter ^
           static_cast<uint64_t>(::time(nullptr)) << 20;
  }
  return fmt::format("{}{:016x}", kTemporaryPrefix, bits);
}

/// Zero, or the errno of the failure.
static int writeAll(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR)
        continue;
      return errno;
    }
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return 0;
}

/// Zero, or the errno of the failure; the temporary file is gone either way.
/// `exactMode` is set whatever the umask.
static int replaceAt(int directoryFd, const std::string &name,
                     std::span<const std::byte> bytes, mode_t mode,
                     std::optional<mode_t> exactMode) {
  std::string temporary;
  FileDescriptor file;
  constexpr int kAttempts = 16;
  for (int attempt = 0; !file; ++attempt) {
    temporary = makeTemporaryName();
    file = FileDescriptor(
        ::openat(directoryFd, temporary.c_str(),
                 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!file && (errno != EEXIST || attempt == kAttempts))
      return errno;
  }
  int code = writeAll(file.get(), bytes);
  if (code == 0 && exactMode && ::fchmod(file.get(), *exactMode) != 0)
    code = errno;
  // Some file systems report a full disk only here.
  if (::close(file.release()) != 0 && code == 0)
    code = errno;
  if (code == 0 && ::renameat(directoryFd, temporary.c_str(), directoryFd,
                              name.c_str()) != 0)
    code = errno;
  if (code != 0)
    ::unlinkat(directoryFd, temporary.c_str(), 0);
  return code;
}

Expected<void> writeFileAtomicallyAt(int directoryFd, const std::string &name,
                                     std::span<const std::byte> bytes,
                                     mode_t mode) {
  if (int code = replaceAt(directoryFd, name, bytes, mode, std::nullopt))
    return failWrite(name, code);
  return {};
}

Expected<void> writeFileAtomically(const std::filesystem::path &file,
                                   std::span<const std::byte> bytes) {
  std::optional<mode_t> exactMode;
  std::filesystem::path target = file;
  struct stat status;
  if (::stat(file.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) {
      FileDescriptor out(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
      int code = out ? writeAll(out.get(), bytes) : errno;
      if (code)
        return failWrite(file.native(), code);
      return {};
    }
    exactMode = status.st_mode & 0777;
    std::error_code error;
    target = std::filesystem::canonical(file, error);
    if (error)
      return failWrite(file.native(), error.value());
  }
  if (!target.has_filename())
    return failWrite(file.native(), EISDIR);
  std::filesystem::path directory =
      target.has_parent_path() ? target.parent_path() : ".";
  FileDescriptor parent(
      ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  int code = parent ? replaceAt(parent.get(), target.filename().native(), bytes,
                                0666, exactMode)
                    : errno;
  if (code)
    return failWrite(file.native(), code);
  return {};
}

Expected<void> writeFileAtomically(const std::filesystem::path &file,
                                   std::string_view text) {
  return writeFileAtomically(file, std::as_bytes(std::span(text)));
}

} // namespace attnjit
