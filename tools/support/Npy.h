//===- Npy.h - NumPy's .npy files -----------------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reads and writes arrays of up to four axes in NumPy's format, versions 1.0
// to 3.0. Files are not trusted: whatever one holds, reading gives an array or
// an Error, and allocates no more than the file is long.
//
// bfloat16 is not a type of NumPy: the package ml_dtypes writes it as two
// opaque bytes (`<V2`); other writers store its bits as uint16.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_TOOLS_SUPPORT_NPY_H
#define ATTNJIT_TOOLS_SUPPORT_NPY_H

#include "support/Array.h"

#include "attnjit/Support/Error.h"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace attnjit::tool {

/// What the header of a file says.
struct NpyHeader {
  std::string descr; ///< NumPy's name of the element type: "<f4"
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};

/// Parses the text of a header, a Python dictionary.
Expected<NpyHeader> parseNpyHeader(std::string_view text);

/// The element type of that name; uint16 is BF16 where `uint16AsBf16`.
Expected<DType> parseNpyType(std::string_view descr, bool uint16AsBf16);

struct NpyOptions {
  /// Whether uint16 elements are the bits of bfloat16 numbers.
  bool uint16AsBf16 = false;
};

/// Reads a regular file. Errors name it, what it is and what it should be:
/// another format, a header that is cut off or malformed, an element type that
/// attn-jit does not have, Fortran order, more than four axes, contents that
/// are shorter or longer than the shape says.
Expected<Array> readNpy(const std::filesystem::path &file,
                        const NpyOptions &options = {});

/// Writes a contiguous tensor at once: the file is whole, or as it was before.
Expected<void> writeNpy(const std::filesystem::path &file, const Array &array);

} // namespace attnjit::tool

#endif // ATTNJIT_TOOLS_SUPPORT_NPY_H
