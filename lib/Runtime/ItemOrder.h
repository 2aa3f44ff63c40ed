//===- ItemOrder.h - In which order work items run --------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the costs of work items; gives an order in which threads that take one
// after the other finish together. Results do not depend on it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_RUNTIME_ITEMORDER_H
#define ATTNJIT_LIB_RUNTIME_ITEMORDER_H

#include <cstdint>
#include <span>

namespace attnjit {

/// Fills `order`, which has the size of `costs`, with the numbers of all items:
/// those of each run of `perHead` items with the costly ones first, heads in
/// their order, since the items of one share K and V in cache. With one item a
/// head, all of them with the costly ones first. False where every item costs
/// the same; `order` is of no use then.
bool orderByCost(std::span<const uint32_t> costs, int64_t perHead,
                 std::span<int64_t> order);

} // namespace attnjit

#endif // ATTNJIT_LIB_RUNTIME_ITEMORDER_H
