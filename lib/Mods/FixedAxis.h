//===- FixedAxis.h - Reductions along an axis of a table ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a captured table and a body over an index of one of its axes; gives the
// reduction over that axis, whose size the declaration fixes.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_MODS_FIXEDAXIS_H
#define ATTNJIT_LIB_MODS_FIXEDAXIS_H

#include "attnjit/Expr/Builder.h"

namespace attnjit::mods {

/// The fixed size of an axis of `table`, or absent.
inline std::optional<int64_t> fixedExtent(const BufferDecl &table,
                                          size_t axis) {
  if (axis >= table.dims.size() || table.dims[axis].kind != Dim::Kind::Fixed)
    return std::nullopt;
  return table.dims[axis].extent;
}

/// What a reduction over an axis of no fixed size is: an Error of `build`.
inline Expr noFixedExtent(const BufferDecl &table, size_t axis) {
  return Expr::invalid("axis " + std::to_string(axis) + " of buffer `" +
                       table.name + "` has no fixed size to reduce over");
}

/// Whether `body` holds for any index of the axis.
template <typename T, typename F>
dsl::Bool anyAlong(const dsl::Buffer<T> &table, size_t axis, F body) {
  if (auto extent = fixedExtent(table.declaration(), axis))
    return dsl::any(0, *extent, body);
  return dsl::Bool::of(noFixedExtent(table.declaration(), axis));
}

/// The sum of `body` over the axis.
template <typename T, typename F>
dsl::F32 sumAlong(const dsl::Buffer<T> &table, size_t axis, F body) {
  if (auto extent = fixedExtent(table.declaration(), axis))
    return dsl::sum(0, *extent, body);
  return dsl::F32::of(noFixedExtent(table.declaration(), axis));
}

} // namespace attnjit::mods

#endif // ATTNJIT_LIB_MODS_FIXEDAXIS_H
