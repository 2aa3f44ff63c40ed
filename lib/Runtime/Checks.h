//===- Checks.h - The parts of checkRunArgs ---------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the argument checks share. Private to lib/Runtime.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_RUNTIME_CHECKS_H
#define ATTNJIT_LIB_RUNTIME_CHECKS_H

#include "attnjit/Runtime/Kernel.h"
#include "attnjit/Runtime/TensorChecks.h"

#include <fmt/format.h>

#include <string_view>

namespace attnjit {

/// An InvalidArgument error with a formatted message.
template <typename... Ts>
tl::unexpected<Error> badArgument(fmt::format_string<Ts...> format,
                                  Ts &&...values) {
  return fail(ErrorKind::InvalidArgument,
              fmt::format(format, std::forward<Ts>(values)...));
}

/// That the captured values of a run fit the declarations.
Expected<void> checkCaptures(const KernelSignature &signature,
                             const RunArgs &args, const RunSizes &sizes);

/// Lowest and highest position of an OffsetArg's values; {0, 0} where B is 0.
/// Nothing where they lie in a GPU's memory.
struct OffsetRange {
  int32_t low = 0, high = 0;
};
std::optional<OffsetRange> offsetRange(const KernelSignature &signature,
                                       const OffsetArg &offset, int64_t B);

/// The value of a Size in this run.
int64_t sizeValue(Size size, const RunSizes &sizes);

/// The value that is given for `name`, or null.
const CaptureArg *findCapture(const RunArgs &args, std::string_view name);

/// `value` as the type of a param: i32 converts to f32, nothing else converts.
std::optional<Scalar> convertScalar(const Scalar &value, Type type);

} // namespace attnjit

#endif // ATTNJIT_LIB_RUNTIME_CHECKS_H
