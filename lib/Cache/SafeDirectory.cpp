//===- SafeDirectory.cpp - A directory to execute code from ---------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a path, gives a checked directory descriptor. The path is walked one
// component at a time from the root, each opened relative to the one before
// and checked through its descriptor, so that nothing can be exchanged between
// a check and its use.
//
//===----------------------------------------------------------------------===//

#include "SafeDirectory.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <climits>
#include <deque>
#include <string>
#include <system_error>

namespace attnjit::cache {

/// As the kernel: a chain of more links is taken for a loop.
static constexpr int kMaxLinks = 40;

static tl::unexpected<Error> refuse(const std::filesystem::path &at,
                                    std::string_view reason) {
  return fail(ErrorKind::Environment,
              fmt::format("`{}` {}", at.native(), reason));
}

static tl::unexpected<Error> refuseErrno(const std::filesystem::path &at,
                                         std::string_view action, int code) {
  return refuse(at, fmt::format("cannot be {}: {}", action,
                                std::generic_category().message(code)));
}

static bool isTrusted(uid_t owner) {
  return owner == 0 || owner == ::geteuid();
}

static Expected<void> checkOnTheWay(const std::filesystem::path &at,
                                    const struct stat &status) {
  if (!isTrusted(status.st_uid))
    return refuse(at, fmt::format("is owned by user {}; it should be owned by "
                                  "user {} or root, for code is executed from "
                                  "below it",
                                  status.st_uid, ::geteuid()));
  bool othersWrite = status.st_mode & (S_IWGRP | S_IWOTH);
  if (othersWrite && !(status.st_mode & S_ISVTX))
    return refuse(at, fmt::format("has mode {:04o}; it should not be writable "
                                  "by group or others, for code is executed "
                                  "from below it",
                                  status.st_mode & 07777));
  return {};
}

static Expected<void> checkFinal(const std::filesystem::path &at,
                                 const struct stat &status) {
  if (status.st_uid != ::geteuid())
    return refuse(at, fmt::format("is owned by user {}; a cache directory "
                                  "should be owned by user {}",
                                  status.st_uid, ::geteuid()));
  if ((status.st_mode & 0777) != 0700)
    return refuse(at, fmt::format("has mode {:04o}; a cache directory should "
                                  "have mode 0700",
                                  status.st_mode & 07777));
  return {};
}

namespace {
/// The walk: where it stands, and what is still to come.
class Walk {
public:
  explicit Walk(const std::filesystem::path &path) { push(path); }

  Expected<FileDescriptor> run();

private:
  void push(const std::filesystem::path &path);
  Expected<void> restart();
  Expected<void> step();
  Expected<void> follow(const FileDescriptor &link,
                        const std::filesystem::path &at);
  Expected<FileDescriptor> openOrCreate(const std::string &name,
                                        const std::filesystem::path &at);

  std::deque<std::string> pending;
  FileDescriptor current;
  struct stat status = {};
  std::filesystem::path position;
  int links = 0;
};
} // namespace

/// Puts the components of `path` in front of what is pending.
void Walk::push(const std::filesystem::path &path) {
  auto where = pending.begin();
  for (const std::filesystem::path &component : path.relative_path()) {
    if (component.empty() || component == ".")
      continue;
    where = pending.insert(where, component.native()) + 1;
  }
}

Expected<void> Walk::restart() {
  position = "/";
  current = FileDescriptor(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!current || ::fstat(current.get(), &status) != 0)
    return refuseErrno(position, "opened", errno);
  return checkOnTheWay(position, status);
}

/// Opens the next component, whatever it is, without following a link.
Expected<FileDescriptor> Walk::openOrCreate(const std::string &name,
                                            const std::filesystem::path &at) {
  constexpr int kFlags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  FileDescriptor next(::openat(current.get(), name.c_str(), kFlags));
  if (!next && errno == ENOENT) {
    // Another process may create it at the same moment: then it is there.
    if (::mkdirat(current.get(), name.c_str(), 0700) != 0 && errno != EEXIST)
      return refuseErrno(at, "created", errno);
    next = FileDescriptor(::openat(current.get(), name.c_str(), kFlags));
  }
  if (!next)
    return refuseErrno(at, "opened", errno);
  return next;
}

/// Replaces a symbolic link by what it says.
Expected<void> Walk::follow(const FileDescriptor &link,
                            const std::filesystem::path &at) {
  struct stat linkStatus;
  if (::fstat(link.get(), &linkStatus) != 0)
    return refuseErrno(at, "read", errno);
  if (!isTrusted(linkStatus.st_uid))
    return refuse(at, fmt::format("is a symbolic link of user {}; it should "
                                  "belong to user {} or root",
                                  linkStatus.st_uid, ::geteuid()));
  if (++links > kMaxLinks)
    return refuseErrno(at, "opened", ELOOP);
  char target[PATH_MAX];
  ssize_t size = ::readlinkat(link.get(), "", target, sizeof(target));
  if (size < 0)
    return refuseErrno(at, "read", errno);
  std::filesystem::path targetPath(
      std::string_view(target, static_cast<size_t>(size)));
  push(targetPath);
  return targetPath.is_absolute() ? restart() : Expected<void>();
}

Expected<void> Walk::step() {
  std::string name = std::move(pending.front());
  pending.pop_front();
  std::filesystem::path at = position / name;
  Expected<FileDescriptor> next = openOrCreate(name, at);
  if (!next)
    return fail(std::move(next.error()));
  struct stat nextStatus;
  if (::fstat(next->get(), &nextStatus) != 0)
    return refuseErrno(at, "read", errno);
  if (S_ISLNK(nextStatus.st_mode))
    return follow(*next, at);
  if (!S_ISDIR(nextStatus.st_mode))
    return refuse(at, "is no directory");
  current = std::move(*next);
  status = nextStatus;
  position = name == ".." ? position.parent_path() : at;
  return pending.empty() ? Expected<void>() : checkOnTheWay(position, status);
}

Expected<FileDescriptor> Walk::run() {
  Expected<void> done = restart();
  while (done && !pending.empty())
    done = step();
  if (done)
    done = checkFinal(position, status);
  if (!done)
    return fail(std::move(done.error()));
  // What was walked with O_PATH can be passed through, but not listed.
  FileDescriptor directory(
      ::openat(current.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory)
    return refuseErrno(position, "opened", errno);
  return directory;
}

Expected<FileDescriptor> openSafeDirectory(const std::filesystem::path &path) {
  if (!path.is_absolute())
    return refuse(path, "is no absolute path");
  return Walk(path).run();
}

} // namespace attnjit::cache
