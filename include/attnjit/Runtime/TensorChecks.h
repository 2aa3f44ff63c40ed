//===- TensorChecks.h - Refusing bad tensors ------------------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Checks of tensors that know nothing of attention. Each takes the name of the
// argument, and gives an Error of kind InvalidArgument that says what it is and
// what it should be. They look at views, never at elements.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_RUNTIME_TENSORCHECKS_H
#define ATTNJIT_RUNTIME_TENSORCHECKS_H

#include "attnjit/Runtime/Tensor.h"
#include "attnjit/Support/Error.h"

#include <string_view>

namespace attnjit {

/// Whether a tensor's elements are touched, or only its shape is looked at.
enum class Use { Elements, Shape };

/// That `tensor` is a lawful view on its own: rank, element type, sizes,
/// extent, and where its elements are used, null and alignment. The checks
/// below assume it.
Expected<void> checkView(std::string_view name, const Tensor &tensor,
                         Use use = Use::Elements);

/// That the last axis of a tensor of rank 1 or more has stride 1, or fewer than
/// two elements.
Expected<void> checkLastAxisContiguous(std::string_view name,
                                       const Tensor &tensor);

/// That no two elements lie at the same place. Sufficient, not necessary:
/// ordered by stride, each axis must step over all of the axes before it.
Expected<void> checkDistinctElements(std::string_view name,
                                     const Tensor &tensor);

/// That the byte ranges of two tensors do not meet.
Expected<void> checkApart(std::string_view name, const Tensor &tensor,
                          std::string_view otherName, const Tensor &other);

} // namespace attnjit

#endif // ATTNJIT_RUNTIME_TENSORCHECKS_H
