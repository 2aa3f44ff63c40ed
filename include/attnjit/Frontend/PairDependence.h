//===- PairDependence.h - How values depend on a pair -----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes a region of `attn.forward`; finds what a kernel can compute for many
// pairs at once: loads that walk along one axis with the key, whatever the
// query makes of the others, and values that depend on the distance of key and
// query alone.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_FRONTEND_PAIRDEPENDENCE_H
#define ATTNJIT_FRONTEND_PAIRDEPENDENCE_H

#include "attnjit/Dialect/Attn/IR/Attn.h"

namespace attnjit {

/// A load whose subscript of `keyAxis` is `kv` or `kv_local`, plus what is the
/// same for all pairs of a head; no other subscript depends on the key, and
/// one of them depends on the query: bias[h, q, kv].
struct PairLoad {
  attn::LoadOp op;
  unsigned keyAxis;
};

/// The pair loads of a region's block, in order; those inside of reductions are
/// left out.
llvm::SmallVector<PairLoad> findPairLoads(mlir::Region &region);

/// Values of a region's block that are the same for all pairs of a head with
/// the same `kv - q`, in order: of those, the ones that other operations or the
/// region's end use, and that take at least `leastCost` operations, 1 to 5; a
/// load counts as 5.
///
/// Rows of a tile share them: (q + 1, kv + 1) has the value of (q, kv).
llvm::SmallVector<mlir::Value> findDistanceValues(mlir::Region &region,
                                                  int leastCost = 5);

} // namespace attnjit

#endif // ATTNJIT_FRONTEND_PAIRDEPENDENCE_H
