/*===- KernelArgs.h - What a compiled kernel receives ---------------------===*\
|*
|* Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*
|*
|* The only contact between compiled code and runtime: a C struct that every
|* entry point of every kernel receives, the same for code compiled in this
|* process, loaded from the disk cache or linked ahead of time. Plain C, no
|* other include than <stdint.h>. Field order is the ABI: a change of layout or
|* meaning raises ATTNJIT_ABI_VERSION in the same commit.
|*
\*===----------------------------------------------------------------------===*/

#ifndef ATTNJIT_ABI_KERNELARGS_H
#define ATTNJIT_ABI_KERNELARGS_H

#include <stdint.h>

#define ATTNJIT_ABI_VERSION 7

#ifdef __cplusplus
extern "C" {
#endif

/** A tensor of rank 4 (lse: the first 3 strides). Strides in elements, 0 for
 *  a broadcast axis; null where the tensor is absent. */
typedef struct {
  void *data;
  int64_t stride[4];
} AttnJitTensor;

/** A captured buffer. Axes past its rank have size 1 and stride 0. */
typedef struct {
  const void *data;
  int64_t size[4];
  int64_t stride[4];
} AttnJitBuffer;

/** The least and the greatest elements of aligned blocks of a captured buffer
 *  along one axis: see docs/kernel-abi.md. They steer speed alone. */
typedef struct {
  const int32_t *data; /* null: there is none */
  int64_t padded;      /* entries of a row: a power of two, 8 or more */
} AttnJitRangeSummary;

/** An i32 per batch entry: the value of b is data[b * stride]. Where data is
 *  null, an offset is (int32_t)stride for all of them, a length the tensor's.
 */
typedef struct {
  const int32_t *data;
  int64_t stride;
} AttnJitPerBatch;

typedef enum { ATTNJIT_FORWARD = 0 } AttnJitOperation;

typedef struct {
  uint32_t struct_size; /* bytes of this struct as the caller knows it */
  uint32_t abi_version;

  AttnJitTensor q;    /* [B, Hq, Sq, D] */
  AttnJitTensor k;    /* [B, Hkv, Skv, D] */
  AttnJitTensor v;    /* [B, Hkv, Skv, Dv] */
  AttnJitTensor out;  /* [B, Hq, Sq, Dv] */
  AttnJitTensor lse;  /* [B, Hq, Sq] f32, or null */
  AttnJitTensor mask; /* [B, Hq, Sq, Skv] bytes, or null */

  /* Sizes of the tensors above. */
  int64_t B, Hq, Hkv, Sq, Skv, D, Dv;
  /* Of the whole problem when it is sharded; offsets are added to the local
   * b and h to give the global ones that mods and dropout see. */
  int64_t B_global, Hq_global, b_offset, h_offset;

  /* Element types (DType), for checking. */
  uint8_t q_dtype, kv_dtype, out_dtype, reserved_dtype[5];

  AttnJitPerBatch q_offset, kv_offset; /* added to i and j */
  AttnJitPerBatch q_len, kv_len;       /* per-batch lengths */
  const int32_t *cu_seqlens_q;         /* [B + 1] packed inputs, or null */
  const int32_t *cu_seqlens_kv;
  /* Paged K/V: block_table[b * stride[0] + page * stride[1]], or null. */
  const int32_t *block_table;
  int64_t block_table_stride[2];
  int64_t page_size, page_stride;

  float scale;
  uint32_t dropout_threshold; /* floor(rate * 2^32); 0 keeps all */
  uint64_t dropout_seed, dropout_offset;
  float dropout_scale; /* 1 / (1 - rate) */
  uint32_t apply_sink; /* a merge of shards or splits counts the sink once */

  /* Partial results of a split, in f32: out unnormalised, m and l per row;
   * stride[0] per work item, stride[1] per row of the item. Null where every
   * row is one work item's alone. */
  AttnJitTensor partial_out, partial_m, partial_l;

  const AttnJitBuffer *buffers; /* by ordinal */
  const uint64_t *params;       /* by ordinal: one 8-byte slot each, the value
                                   in the low bytes */

  void *workspace; /* 64-byte aligned; not shared with another work range */
  int64_t workspace_bytes;

  /* Half-open range of work items to do. What an item is depends on the entry
   * point: see docs/kernel-abi.md. */
  int64_t work_begin, work_end;

  int32_t operation; /* AttnJitOperation */
  int32_t status;    /* set by a kernel that could not do its work */

  /* Decode: keys of one split, at least 1; and for each (b, kv head, row
   * block) the number of its splits that are done, zero between runs. */
  int64_t split_keys;
  uint32_t *split_arrivals;

  uint32_t *item_costs; /* by work item: what a cost function writes */

  /* Prefill on a CPU: queries of a work item, a whole number of strips, at most
   * the block of the entry point. */
  int64_t item_queries;

  /* Of the axes of captured buffers that the code asks for, in its order
   * (KernelSignature::ranges); after them that of the mask tensor along the
   * keys. Null: there are none. */
  const AttnJitRangeSummary *summaries;

  uint64_t reserved[11]; /* zero */
} AttnJitKernelArgs;

/** Every entry point, and the cost function beside one. */
typedef void (*AttnJitKernelFn)(AttnJitKernelArgs *args);

#ifdef __cplusplus
}
#endif

#endif /* ATTNJIT_ABI_KERNELARGS_H */
