//===- Windows.h - Masks by the distance of query and key -----------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Constructors of windows and of the sparse patterns built on them. Whether a
// window counts the query's own key differs between libraries: each says.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_MODS_WINDOWS_H
#define ATTNJIT_MODS_WINDOWS_H

#include "attnjit/Expr/Builder.h"

namespace attnjit::mods {

/// Causal window of `window` keys with the query's own: 0 <= q - kv < window.
dsl::MaskMod
slidingWindow(const dsl::I32 &window = dsl::param<dsl::I32>("window", 1024));

/// Causal window of `window` keys and the query's own: 0 <= q - kv <= window.
dsl::MaskMod slidingWindowInclusive(
    const dsl::I32 &window = dsl::param<dsl::I32>("window", 1024));

/// Causal window of `window[h]` keys, the query's own among them, for each
/// head.
dsl::MaskMod headWindow(const dsl::Buffer<dsl::I32> &window =
                            dsl::buffer<dsl::I32>("window", {dsl::Hq}));

/// Keys at most `radius` away on either side: |q - kv| <= radius.
dsl::MaskMod
symmetricWindow(const dsl::I32 &radius = dsl::param<dsl::I32>("radius", 256));

/// Keys at most `left` before the query, bottom right aligned, later ones open.
/// The window_left of FlashInfer; with causalBottomRight, left + 1 keys.
dsl::MaskMod windowLeft(const dsl::I32 &left = dsl::param<dsl::I32>("left",
                                                                    1024));

/// Keys i - left to i + right, both included; i = q_local + Skv - Sq; -1: open.
/// The window_size of FlashAttention. Any negative side is open.
dsl::MaskMod
windowLeftRight(const dsl::I32 &left = dsl::param<dsl::I32>("left", 1024),
                const dsl::I32 &right = dsl::param<dsl::I32>("right", 0));

/// Every `step`-th key at most `radius` away on either side, from the own one
/// on.
dsl::MaskMod dilated(const dsl::I32 &step = 2,
                     const dsl::I32 &radius = dsl::param<dsl::I32>("radius",
                                                                   256));

/// Every `step`-th of the last `window` keys, counted from the query's own.
dsl::MaskMod
dilatedCausal(const dsl::I32 &step = 2,
              const dsl::I32 &window = dsl::param<dsl::I32>("window", 256));

/// Causal: the last `stride` keys, the own included, and each `stride`-th
/// before.
/// The strided pattern of the Sparse Transformer.
dsl::MaskMod strided(const dsl::I32 &stride = dsl::param<dsl::I32>("stride",
                                                                   128));

/// Causal: the first `first` keys and the last `window`, the own one included.
dsl::MaskMod streaming(const dsl::I32 &first = dsl::param<dsl::I32>("first", 4),
                       const dsl::I32 &window = dsl::param<dsl::I32>("window",
                                                                     1024));

/// |q - kv| <= radius, and marked positions that see all and are seen by all.
dsl::MaskMod longformer(
    const dsl::I32 &radius = dsl::param<dsl::I32>("radius", 256),
    const dsl::Buffer<dsl::Bool> &marked = dsl::buffer<dsl::Bool>("marked",
                                                                  {dsl::any}));

} // namespace attnjit::mods

#endif // ATTNJIT_MODS_WINDOWS_H
