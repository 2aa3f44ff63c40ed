//===- Expr.h - Immutable, hash-consed expression nodes -------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The tree that mods are made of. A node is immutable and hash-consed: two
// structurally equal expressions are the same node, so equality is a pointer
// comparison and shared subtrees are stored, walked and compiled once.
//
// `Expr::make` is the only door: it checks operand types, inserts the i32 to
// f32 conversions of the language, and gives an Invalid node (with a message)
// where the operands do not fit. An operation on an Invalid node gives that
// node, so an expression is built without looking at errors and checked once.
//
// All functions here are safe to call from any number of threads.
//
//===----------------------------------------------------------------------===//

#ifndef ATTNJIT_EXPR_EXPR_H
#define ATTNJIT_EXPR_EXPR_H

#include "attnjit/Support/Capture.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace attnjit {

enum class Op : uint8_t {
#define ATTNJIT_OP(Name, Spelling, Arity) Name,
#include "attnjit/Expr/Ops.def"
};

/// Operator or function name in .mod files, or a name for messages.
std::string_view spelling(Op op);

/// Number of operands; -1 for Load, LoadMin and LoadMax.
int arity(Op op);

/// Whether `Expr::make` makes it: everything but the leaves, the loads and
/// Reduce.
bool isOperator(Op op);

/// Variables of a mod. `Score` exists in a score mod alone, `Prob` in a prob
/// mod alone. The last eight are the inclusive corners of a tile, global and
/// local; only expressions that the analyses make hold them.
enum class Var : uint8_t {
  Score,
  Prob,
  B,       ///< batch index, global
  H,       ///< query head index, global
  Q,       ///< query position, q_offset included
  Kv,      ///< key position, kv_offset included
  QLocal,  ///< row of q
  KvLocal, ///< row of k
  KvH,     ///< key/value head index
  QLo,
  QHi,
  KvLo,
  KvHi,
  QLocalLo,
  QLocalHi,
  KvLocalLo,
  KvLocalHi,
};

inline constexpr size_t kVarCount = 17;

/// "score", "b", "q_local", ...
std::string_view name(Var var);
/// F32 for score and prob, I32 for positions.
Type typeOf(Var var);

enum class ReduceKind : uint8_t { Any, All, Sum, Min, Max };
std::string_view name(ReduceKind kind);

/// Limits of an expression, the same for the builder and for .mod files.
inline constexpr int kMaxDepth = 1000;
inline constexpr int kMaxNodes = 65536;
inline constexpr int64_t kMaxReduceSteps = 65536;
/// Reductions inside reductions: each level is a loop of the kernel.
inline constexpr int kMaxReduceNesting = 16;

/// Variables of reductions under construction are numbered from here.
inline constexpr uint32_t kFirstFreshReduceVar = 1u << 31;

class ExprNode;

/// A handle to an immutable node; cheap to copy; null by default (an absent
/// hook). Comparison is identity, which hash-consing makes structural.
class Expr {
public:
  Expr() = default;

  explicit operator bool() const { return node != nullptr; }
  const ExprNode *get() const { return node.get(); }
  const ExprNode *operator->() const { return node.get(); }
  const ExprNode &operator*() const { return *node; }

  bool operator==(const Expr &) const = default;

  //===--- Making nodes ---------------------------------------------------===//

  /// Node `op` of `operands`. Inserts ToF32 where the language converts i32
  /// to f32 (binary operands, branches of where/min/max, arguments of f32
  /// functions). Invalid where the types do not fit, where the depth passes
  /// kMaxDepth, or where a constant 0 divides in `//` or `%`.
  static Expr make(Op op, std::span<const Expr> operands);
  static Expr make(Op op, std::initializer_list<Expr> operands) {
    return make(op, std::span<const Expr>(operands.begin(), operands.size()));
  }

  static Expr constant(Scalar value);
  static Expr f32(float value) { return constant(Scalar::f32(value)); }
  static Expr i32(int32_t value) { return constant(Scalar::i32(value)); }
  static Expr i64(int64_t value) { return constant(Scalar::i64(value)); }
  static Expr boolean(bool value) { return constant(Scalar::boolean(value)); }
  static Expr var(Var var);
  static Expr size(Size size);
  static Expr param(const ParamDecl &decl);
  /// Element of a buffer; one i32 subscript per axis of its declaration. A
  /// subscript outside is clamped to the nearest element.
  static Expr load(const BufferDecl &buffer, std::span<const Expr> subscripts);

  /// LoadMin or LoadMax: the least or the greatest element (false before true)
  /// of a box of a buffer of i32 or bool values. Two i32 operands per axis, the
  /// inclusive ends of the box, each clamped as a subscript; a second end below
  /// the first counts as the first. A Load where all ends meet.
  static Expr loadExtreme(Op op, const BufferDecl &buffer,
                          std::span<const Expr> ends);

  /// A fresh i32 variable for the body of a reduction under construction.
  static Expr freshReduceVar();
  /// Reduction of `body` for `variable` (from freshReduceVar) in [lo, hi).
  /// Any and All take bool; Sum, Min and Max take i32 or f32, in order of the
  /// variable. Equal reductions become equal nodes whatever their variables
  /// were called. Invalid where the range is empty or longer than
  /// kMaxReduceSteps, or where reductions nest deeper than kMaxReduceNesting.
  static Expr reduce(ReduceKind kind, int64_t lo, int64_t hi,
                     const Expr &variable, const Expr &body);

  /// An Invalid node with that message.
  static Expr invalid(std::string message);

  /// `e` as f32: itself, or ToF32 of an i32; Invalid for a bool.
  static Expr toF32(const Expr &e);

private:
  friend class ExprPool;
  explicit Expr(std::shared_ptr<const ExprNode> node) : node(std::move(node)) {}
  std::shared_ptr<const ExprNode> node;
};

/// An immutable node. Accessors that do not belong to the node's op assert.
class ExprNode {
public:
  Op op() const { return opValue; }
  Type type() const { return typeValue; }
  std::span<const Expr> operands() const { return operandList; }
  const Expr &operand(size_t i) const { return operandList[i]; }

  /// Structural hash, the same in every process.
  uint64_t hash() const { return hashValue; }
  /// 1 for a leaf, one more than the deepest operand otherwise.
  int depth() const { return depthValue; }
  /// Whether `score` or `prob` occurs in it.
  bool dependsOn(Var var) const {
    return (varMask >> static_cast<unsigned>(var)) & 1;
  }
  /// Bit set over Var of the variables that occur.
  uint32_t vars() const { return varMask; }
  /// Whether a ReduceVar that no Reduce in it binds occurs.
  bool hasFreeReduceVars() const { return freeVars != nullptr; }
  /// Those variables, ascending.
  std::span<const uint32_t> freeReduceVars() const {
    return freeVars ? std::span<const uint32_t>(*freeVars)
                    : std::span<const uint32_t>();
  }
  /// How many Reduces stand inside one another in it; 0 for none.
  int reduceNesting() const { return nestingValue; }

  const Scalar &constant() const;   ///< Const
  Var var() const;                  ///< Var
  Size size() const;                ///< SizeOf
  const ParamDecl &param() const;   ///< Param
  const BufferDecl &buffer() const; ///< Load, LoadMin, LoadMax
  ReduceKind reduceKind() const;    ///< Reduce
  int64_t reduceLo() const;         ///< Reduce
  int64_t reduceHi() const;         ///< Reduce
  /// Reduce: the variable that it binds; ReduceVar: which one it is. A finished
  /// Reduce binds the number of Reduces nested inside its body, so that 0 is
  /// innermost; a variable from freshReduceVar is kFirstFreshReduceVar or more.
  uint32_t reduceVar() const;
  const std::string &message() const; ///< Invalid

  ~ExprNode();
  ExprNode(const ExprNode &) = delete;
  ExprNode &operator=(const ExprNode &) = delete;

private:
  friend class ExprPool;
  struct Payload;
  ExprNode() = default;

  Op opValue = Op::Invalid;
  Type typeValue = Type::F32;
  uint16_t depthValue = 1;
  uint16_t nestingValue = 0;
  uint32_t varMask = 0;
  uint64_t hashValue = 0;
  std::vector<Expr> operandList;
  std::shared_ptr<const std::vector<uint32_t>> freeVars; ///< null: none
  std::unique_ptr<const Payload> payload;                ///< null: operators
};

} // namespace attnjit

template <> struct std::hash<attnjit::Expr> {
  size_t operator()(const attnjit::Expr &e) const noexcept {
    return std::hash<const void *>()(e.get());
  }
};

#endif // ATTNJIT_EXPR_EXPR_H
