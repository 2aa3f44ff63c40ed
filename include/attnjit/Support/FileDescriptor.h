//===- FileDescriptor.h - Owner of a POSIX file descriptor ----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Closes a file descriptor when it goes out of scope.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_SUPPORT_FILEDESCRIPTOR_H
#define ATTNJIT_SUPPORT_FILEDESCRIPTOR_H

#include <unistd.h>

#include <utility>

namespace attnjit {

/// Owns a file descriptor, or none (negative). Movable.
class FileDescriptor {
public:
  FileDescriptor() = default;
  /// Takes what `open` and its kin return.
  explicit FileDescriptor(int fd) : fd(fd) {}
  FileDescriptor(FileDescriptor &&other) noexcept
      : fd(std::exchange(other.fd, -1)) {}
  FileDescriptor &operator=(FileDescriptor &&other) noexcept {
    std::swap(fd, other.fd);
    return *this;
  }
  ~FileDescriptor() {
    if (fd >= 0)
      ::close(fd);
  }

  explicit operator bool() const { return fd >= 0; }
  int get() const { return fd; }
  /// Gives the descriptor away.
  int release() { return std::exchange(fd, -1); }

private:
  int fd = -1;
};

} // namespace attnjit

#endif // ATTNJIT_SUPPORT_FILEDESCRIPTOR_H
