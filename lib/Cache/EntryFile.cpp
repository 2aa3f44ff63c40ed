//===- EntryFile.cpp - Files of a cache directory -------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a directory's descriptor and a name, gives the file's bytes. The file
// is read, not mapped: it may be truncated meanwhile, which would be a signal
// in a mapping and is a short read here.
//
//===----------------------------------------------------------------------===//

#include "EntryFile.h"

#include "Entry.h"
#include "attnjit/Support/AtomicFile.h"
#include "attnjit/Support/FileDescriptor.h"

#include <fmt/format.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <memory>
#include <system_error>

namespace attnjit::cache {

/// A store takes milliseconds; ten minutes also cover a stopped process and
/// clocks that differ between machines.
static constexpr int64_t kStaleSeconds = 600;

static tl::unexpected<Error> reject(std::string message) {
  return fail(ErrorKind::Environment, std::move(message));
}

static tl::unexpected<Error> rejectErrno(int code) {
  return reject("cannot be read: " + std::generic_category().message(code));
}

static Expected<void> checkStatus(const struct stat &status) {
  if (!S_ISREG(status.st_mode))
    return reject("this is no regular file");
  if (status.st_uid != ::geteuid())
    return reject(fmt::format("is owned by user {}, should be owned by {}",
                              status.st_uid, ::geteuid()));
  if (status.st_mode & (S_IWGRP | S_IWOTH))
    return reject(fmt::format("has mode {:04o}, should not be writable by "
                              "group or others",
                              status.st_mode & 07777));
  if (static_cast<uint64_t>(status.st_size) > kMaxEntryBytes)
    return reject(
        fmt::format("{} bytes are too many for an entry", status.st_size));
  return {};
}

/// Fills `bytes`; fewer where the file ends before.
static Expected<void> readAll(int fd, std::vector<std::byte> &bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t count = ::read(fd, bytes.data() + done, bytes.size() - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return rejectErrno(errno);
    if (count == 0)
      break;
    done += static_cast<size_t>(count);
  }
  bytes.resize(done);
  return {};
}

Expected<std::optional<std::vector<std::byte>>>
readEntryFile(int directoryFd, const std::string &name) {
  // O_NONBLOCK: opening a pipe that someone put there must not wait.
  FileDescriptor file(::openat(directoryFd, name.c_str(),
                               O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) {
    if (errno == ENOENT)
      return std::nullopt;
    if (errno == ELOOP)
      return reject("this is a symbolic link");
    return rejectErrno(errno);
  }
  struct stat status;
  if (::fstat(file.get(), &status) != 0)
    return rejectErrno(errno);
  if (Expected<void> trusted = checkStatus(status); !trusted)
    return fail(std::move(trusted.error()));
  std::vector<std::byte> bytes(static_cast<size_t>(status.st_size));
  if (Expected<void> read = readAll(file.get(), bytes); !read)
    return fail(std::move(read.error()));
  return bytes;
}

Listing listDirectory(int directoryFd) {
  Listing listing;
  // A descriptor of its own: the position in a directory is shared between
  // duplicates.
  FileDescriptor fd(
      ::openat(directoryFd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd)
    return listing;
  std::unique_ptr<DIR, int (*)(DIR *)> stream(::fdopendir(fd.get()),
                                              ::closedir);
  if (!stream)
    return listing;
  fd.release();
  int64_t now = ::time(nullptr);
  while (const dirent *found = ::readdir(stream.get())) {
    std::string name = found->d_name;
    bool temporary = name.starts_with(kTemporaryPrefix);
    struct stat status;
    if ((!temporary && !isEntryName(name)) ||
        ::fstatat(directoryFd, name.c_str(), &status, AT_SYMLINK_NOFOLLOW))
      continue;
    FileInfo info = {std::move(name), status.st_size, status.st_mtim.tv_sec,
                     status.st_mtim.tv_nsec};
    if (!temporary)
      listing.entries.push_back(std::move(info));
    else if (now - info.lastUsedUnixSeconds > kStaleSeconds)
      listing.staleTemporaries.push_back(std::move(info));
  }
  std::ranges::sort(listing.entries, {}, &FileInfo::name);
  std::ranges::sort(listing.staleTemporaries, {}, &FileInfo::name);
  return listing;
}

} // namespace attnjit::cache
