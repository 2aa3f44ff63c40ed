//===- Error.h - Errors as values -----------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one error type of the library, and `Expected<T>`: a value or an Error.
// The library never throws, prints, aborts or exits.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_SUPPORT_ERROR_H
#define ATTNJIT_SUPPORT_ERROR_H

#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace attnjit {

/// What went wrong, as far as a caller may want to react to it.
enum class ErrorKind {
  InvalidMod,      ///< A mod program breaks a rule of the language.
  InvalidArgument, ///< A tensor, size, option or captured value is wrong.
  Unsupported,     ///< Well-formed, but this target cannot do it (yet).
  Environment,     ///< Disk, driver, memory: the machine said no.
  Internal,        ///< A bug of attn-jit; please report it.
};

/// An error: its kind, and one message that names the thing, what it is and
/// what it should be. Lower case, no full stop, code in backticks.
class Error {
public:
  Error(ErrorKind kind, std::string message)
      : kindValue(kind), messageText(std::move(message)) {}

  ErrorKind kind() const { return kindValue; }
  const std::string &message() const { return messageText; }

  /// The same error with `context: ` in front of its message.
  Error in(std::string_view context) && {
    return Error(kindValue, std::string(context) + ": " + messageText);
  }

private:
  ErrorKind kindValue;
  std::string messageText;
};

/// A value or an Error.
template <typename T> using Expected = tl::expected<T, Error>;

/// What a function that returns `Expected<T>` returns to fail:
/// `return fail(ErrorKind::InvalidArgument, "...")`.
inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error(kind, std::move(message)));
}

/// Passes on the error of another Expected.
inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}

} // namespace attnjit

#endif // ATTNJIT_SUPPORT_ERROR_H
