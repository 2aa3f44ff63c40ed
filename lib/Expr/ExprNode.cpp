//===- ExprNode.cpp - Accessors of expression nodes -----------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a node holds besides operands, read by the accessor of its op.
//
//===----------------------------------------------------------------------===//

#include "ExprPool.h"

#include <cassert>

using namespace attnjit;

template <typename T, typename Payload>
static const T &get(const std::unique_ptr<const Payload> &payload) {
  assert(payload && "an operator holds nothing besides its operands");
  const T *value = std::get_if<T>(&payload->value);
  assert(value && "accessor of another op");
  return *value;
}

ExprNode::~ExprNode() = default;

const Scalar &ExprNode::constant() const { return get<Scalar>(payload); }
Var ExprNode::var() const { return get<Var>(payload); }
Size ExprNode::size() const { return get<Size>(payload); }
const ParamDecl &ExprNode::param() const { return get<ParamDecl>(payload); }
const BufferDecl &ExprNode::buffer() const { return get<BufferDecl>(payload); }
ReduceKind ExprNode::reduceKind() const {
  return get<ReduceInfo>(payload).kind;
}
int64_t ExprNode::reduceLo() const { return get<ReduceInfo>(payload).lo; }
int64_t ExprNode::reduceHi() const { return get<ReduceInfo>(payload).hi; }
uint32_t ExprNode::reduceVar() const {
  return opValue == Op::Reduce ? get<ReduceInfo>(payload).var
                               : get<ReduceVarId>(payload).id;
}
const std::string &ExprNode::message() const {
  return get<std::string>(payload);
}
