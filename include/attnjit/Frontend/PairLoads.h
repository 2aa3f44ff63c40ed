//===- PairLoads.h - Loads that each pair does ------------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a region of `attn.forward`; gives its loads that walk along one axis
// with the key, whatever the query makes of the others: bias[h, q, kv],
// bias[doc[q], kv + offset]. A kernel with queries in lanes reads them for
// several keys at once.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_FRONTEND_PAIRLOADS_H
#define ATTNJIT_FRONTEND_PAIRLOADS_H

#include "attnjit/Dialect/Attn/IR/Attn.h"

namespace attnjit {

/// A load whose subscript of `keyAxis` is `kv` or `kv_local`, plus what is the
/// same for all pairs of a head; no other subscript depends on the key, and
/// one of them depends on the query.
struct PairLoad {
  attn::LoadOp op;
  unsigned keyAxis;
};

/// The pair loads of a region's block, in order; those inside of reductions are
/// left out.
llvm::SmallVector<PairLoad> findPairLoads(mlir::Region &region);

} // namespace attnjit

#endif // ATTNJIT_FRONTEND_PAIRLOADS_H
