//===- ExprPool.cpp - The table of live expression nodes ------------------===//
//
// Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The order of a node's death keeps the table sound: its count reaches zero,
// it takes its entry out under the shard's lock, and only then, unlocked, is it
// deleted with its handles to its operands. So under the lock every entry
// points at memory that may be read, and a maker that meets a node which is
// about to die makes a new one beside it.
//
//===----------------------------------------------------------------------===//

#include "ExprPool.h"
#include "StructuralHash.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <mutex>
#include <unordered_map>

using namespace attnjit;

struct ExprPool::Key {
  Op op;
  Type type;
  std::span<const Expr> operands;
  const Payload *payload;
  uint64_t hash;

  bool matches(const ExprNode &node) const {
    return node.hashValue == hash && node.opValue == op &&
           node.typeValue == type &&
           std::ranges::equal(node.operandList, operands) &&
           (node.payload != nullptr) == (payload != nullptr) &&
           (!payload || *node.payload == *payload);
  }
};

struct ExprPool::Shard {
  struct Entry {
    const ExprNode *node;
    std::weak_ptr<const ExprNode> handle;
  };
  std::mutex mutex;
  std::unordered_multimap<uint64_t, Entry> entries;
};

ExprPool::Shard &ExprPool::shardOf(uint64_t hash) {
  // Never destroyed: handles in static storage may outlive everything else.
  static auto *shards = new std::array<Shard, 64>;
  return (*shards)[hash >> 58];
}

static uint64_t hashContents(Op op, Type type, std::span<const Expr> operands,
                             const ExprPool::Payload *payload) {
  StructuralHash hash;
  hash.add(static_cast<uint64_t>(op) * 4 + static_cast<uint64_t>(type));
  for (const Expr &operand : operands)
    hash.add(operand->hash());
  if (!payload)
    return hash.finish();
  std::visit(
      [&](const auto &value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_enum_v<T>) {
          hash.add(static_cast<uint64_t>(value));
        } else if constexpr (std::is_same_v<T, ReduceVarId>) {
          hash.add(value.id);
        } else if constexpr (std::is_same_v<T, ReduceInfo>) {
          hash.add(static_cast<uint64_t>(value.kind));
          hash.add(static_cast<uint64_t>(value.lo));
          hash.add(static_cast<uint64_t>(value.hi));
          hash.add(value.var);
        } else {
          hash.add(value);
        }
      },
      payload->value);
  return hash.finish();
}

using VarSet = std::shared_ptr<const std::vector<uint32_t>>;

/// The union; one of the two where it holds the other, so that long chains
/// over the same variables share one set.
static VarSet unite(const VarSet &a, const VarSet &b) {
  if (!b || a == b)
    return a;
  if (!a || std::ranges::includes(*b, *a))
    return b;
  if (std::ranges::includes(*a, *b))
    return a;
  std::vector<uint32_t> both;
  std::ranges::set_union(*a, *b, std::back_inserter(both));
  return std::make_shared<const std::vector<uint32_t>>(std::move(both));
}

static VarSet without(const VarSet &set, uint32_t var) {
  if (!set || !std::ranges::binary_search(*set, var))
    return set;
  if (set->size() == 1)
    return nullptr;
  std::vector<uint32_t> rest = *set;
  std::erase(rest, var);
  return std::make_shared<const std::vector<uint32_t>>(std::move(rest));
}

std::unique_ptr<ExprNode> ExprPool::makeNode(const Key &key) {
  std::unique_ptr<ExprNode> node(new ExprNode);
  node->opValue = key.op;
  node->typeValue = key.type;
  node->hashValue = key.hash;
  node->operandList.assign(key.operands.begin(), key.operands.end());
  for (const Expr &operand : key.operands) {
    node->depthValue =
        std::max<uint16_t>(node->depthValue, operand->depthValue + 1);
    node->nestingValue = std::max(node->nestingValue, operand->nestingValue);
    node->varMask |= operand->varMask;
    node->freeVars = unite(node->freeVars, operand->freeVars);
  }
  assert(node->depthValue <= kMaxDepth && "depth is checked before");
  if (!key.payload)
    return node;
  node->payload = std::make_unique<const Payload>(*key.payload);
  if (const auto *var = std::get_if<Var>(&key.payload->value)) {
    node->varMask = 1u << static_cast<unsigned>(*var);
  } else if (const auto *id = std::get_if<ReduceVarId>(&key.payload->value)) {
    node->freeVars = std::make_shared<const std::vector<uint32_t>>(1, id->id);
  } else if (const auto *info = std::get_if<ReduceInfo>(&key.payload->value)) {
    ++node->nestingValue;
    node->freeVars = without(node->freeVars, info->var);
  }
  return node;
}

void ExprPool::release(const ExprNode *node) {
  Shard &shard = shardOf(node->hashValue);
  {
    std::lock_guard lock(shard.mutex);
    auto [it, end] = shard.entries.equal_range(node->hashValue);
    while (it != end && it->second.node != node)
      ++it;
    assert(it != end && "a live node has its entry");
    shard.entries.erase(it);
  }
  delete node;
}

Expr ExprPool::intern(Op op, Type type, std::span<const Expr> operands,
                      const Payload *payload) {
  Key key{op, type, operands, payload,
          hashContents(op, type, operands, payload)};
  Shard &shard = shardOf(key.hash);
  std::lock_guard lock(shard.mutex);
  auto [it, end] = shard.entries.equal_range(key.hash);
  for (; it != end; ++it) {
    // Compare before taking a handle: a handle that is dropped again under the
    // lock could be the last, and its release would want the same lock.
    if (!key.matches(*it->second.node))
      continue;
    if (std::shared_ptr<const ExprNode> alive = it->second.handle.lock())
      return Expr(std::move(alive));
  }
  std::unique_ptr<ExprNode> node = makeNode(key);
  const ExprNode *address = node.get();
  std::shared_ptr<const ExprNode> handle(node.release(), &ExprPool::release);
  shard.entries.emplace(key.hash, Shard::Entry{address, handle});
  return Expr(std::move(handle));
}
