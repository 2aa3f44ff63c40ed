//===- Masks.h - Causal masks, prefixes and blocks ------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constructors of mask mods that know no more than positions and a few
// numbers. Each is also a mod of the library, under its name in snake_case;
// what its arguments are by default, the text declares.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_MODS_MASKS_H
#define ATTNJIT_MODS_MASKS_H

#include "attnjit/Expr/Builder.h"

namespace attnjit::mods {

/// Every query sees every key.
dsl::MaskMod noMask();

/// Keys up to the query's own position, itself included: kv <= q.
dsl::MaskMod causal();

/// Causal, aligned so that the last query sees the last key.
/// Rows are counted in the tensors at hand; offsets of positions do not matter.
dsl::MaskMod causalBottomRight();

/// Causal, and the first `prefix` keys for all: kv < prefix or kv <= q.
dsl::MaskMod prefixLm(const dsl::I32 &prefix = dsl::param<dsl::I32>("prefix",
                                                                    128));

/// Causal, and keys up to position `prefix` for all: kv <= prefix or kv <= q.
dsl::MaskMod
prefixLmInclusive(const dsl::I32 &prefix = dsl::param<dsl::I32>("prefix", 128));

/// Causal, and the first `prefix[b]` keys of each batch for all: kv <
/// prefix[b].
dsl::MaskMod prefixLmPerBatch(const dsl::Buffer<dsl::I32> &prefix =
                                  dsl::buffer<dsl::I32>("prefix", {dsl::B}));

/// Blocks of `block` positions see their own block whole, and those before it.
dsl::MaskMod blockCausal(const dsl::I32 &block = 32);

/// Blocks of `block` positions see only themselves.
dsl::MaskMod blockDiagonal(const dsl::I32 &block = 128);

/// Causal within chunks of `chunk` positions that start at multiples of it.
dsl::MaskMod chunkedCausal(const dsl::I32 &chunk = dsl::param<dsl::I32>("chunk",
                                                                        8192));

/// Keys from position `first[q]` on, itself included: kv >= first[q].
dsl::MaskMod keyThreshold(const dsl::Buffer<dsl::I32> &first =
                              dsl::buffer<dsl::I32>("first", {dsl::any}));

} // namespace attnjit::mods

#endif // ATTNJIT_MODS_MASKS_H
