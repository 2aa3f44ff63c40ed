//===- StructuralHash.h - Hashes of node contents ---------------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes words and texts one after another; gives 64 bits that depend on them
// and their order alone, never on addresses, so on no process.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_EXPR_STRUCTURALHASH_H
#define ATTNJIT_LIB_EXPR_STRUCTURALHASH_H

#include "attnjit/Support/Capture.h"

#include <string_view>

namespace attnjit {

class StructuralHash {
public:
  void add(uint64_t word) {
    // The finishing steps of MurmurHash3 spread every bit of the sum.
    state += word + 0x9e3779b97f4a7c15;
    state = (state ^ (state >> 33)) * 0xff51afd7ed558ccd;
    state = (state ^ (state >> 33)) * 0xc4ceb9fe1a85ec53;
    state ^= state >> 33;
  }
  void add(std::string_view text) {
    add(text.size());
    for (char c : text)
      add(static_cast<unsigned char>(c));
  }
  void add(const Scalar &scalar) {
    add(static_cast<uint64_t>(scalar.type));
    add(scalar.bits);
  }
  void add(const ParamDecl &decl) {
    add(decl.name);
    add(static_cast<uint64_t>(decl.type));
    if (decl.defaultValue)
      add(*decl.defaultValue);
  }
  void add(const BufferDecl &decl) {
    add(decl.name);
    add(static_cast<uint64_t>(decl.element));
    for (const Dim &dim : decl.dims) {
      add(static_cast<uint64_t>(dim.kind));
      add(static_cast<uint64_t>(dim.extent));
      add(static_cast<uint64_t>(dim.size));
    }
    if (decl.range) {
      add(decl.range->first);
      add(decl.range->second);
    }
    add(static_cast<uint64_t>(decl.sorted) * 2 + decl.grad);
  }
  uint64_t finish() const { return state; }

private:
  uint64_t state = 0;
};

} // namespace attnjit

#endif // ATTNJIT_LIB_EXPR_STRUCTURALHASH_H
