//===- ExprPool.h - The table of live expression nodes ----------*- C++ -*-===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Takes the contents of a node, already checked; gives the one live node that
// has them. The table holds nodes weakly: a node dies with its last handle and
// takes its entry with it.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_LIB_EXPR_EXPRPOOL_H
#define ATTNJIT_LIB_EXPR_EXPRPOOL_H

#include "attnjit/Expr/Expr.h"

#include <variant>

namespace attnjit {

/// What a Reduce holds besides its body.
struct ReduceInfo {
  ReduceKind kind;
  int64_t lo, hi;
  uint32_t var;

  bool operator==(const ReduceInfo &) const = default;
};

/// Number of a ReduceVar; a type of its own within the payload.
struct ReduceVarId {
  uint32_t id;

  bool operator==(const ReduceVarId &) const = default;
};

/// What a node holds besides its operands, by its op.
struct ExprNode::Payload {
  std::variant<Scalar, Var, Size, ParamDecl, BufferDecl, ReduceInfo,
               ReduceVarId, std::string>
      value;

  bool operator==(const Payload &) const = default;
};

/// The process-wide table. All functions are safe from any thread.
class ExprPool {
public:
  using Payload = ExprNode::Payload;

  /// The node of these contents. `operands` and types fit; the depth and the
  /// nesting of reductions keep their limits.
  static Expr intern(Op op, Type type, std::span<const Expr> operands,
                     const Payload *payload = nullptr);

  /// The node that differs from `node` in its operands alone, which have the
  /// types of the old ones.
  static Expr withOperands(const ExprNode &node,
                           std::span<const Expr> operands) {
    return intern(node.opValue, node.typeValue, operands, node.payload.get());
  }

private:
  struct Key;
  struct Shard;
  static Shard &shardOf(uint64_t hash);
  static std::unique_ptr<ExprNode> makeNode(const Key &key);
  static void release(const ExprNode *node);
};

} // namespace attnjit

#endif // ATTNJIT_LIB_EXPR_EXPRPOOL_H
