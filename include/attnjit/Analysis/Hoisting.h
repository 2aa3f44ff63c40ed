//===- Hoisting.h - What a hook computes less than once a pair --*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a hook; gives its largest parts that do not depend on both the query
// and the key, and so are not computed for each pair:
//
//   slopes[h] * (kv - q) + table[doc[q]]
//     ->  slopes[h]               once a head
//         slopes[h] * (kv - q)    once a distance
//         table[doc[q]]           once a query
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_ANALYSIS_HOISTING_H
#define ATTNJIT_ANALYSIS_HOISTING_H

#include "attnjit/Expr/Expr.h"

#include <string_view>
#include <vector>

namespace attnjit {

/// What a value is shared by.
enum class SharedBy : uint8_t {
  Head,     ///< depends on neither position
  Query,    ///< on that of the query
  Key,      ///< on that of the key
  Distance, ///< on their difference
};

/// "head", "query", "key", "distance".
std::string_view name(SharedBy sharing);

struct SharedValue {
  Expr expr;
  SharedBy by;

  bool operator==(const SharedValue &) const = default;
};

/// The largest such parts of `hook` that compute or load something, each once,
/// operands before their users. Bodies of reductions are taken as a whole. A
/// null hook has none.
std::vector<SharedValue> findSharedValues(const Expr &hook);

} // namespace attnjit

#endif // ATTNJIT_ANALYSIS_HOISTING_H
