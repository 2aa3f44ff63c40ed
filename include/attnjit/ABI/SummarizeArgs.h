/*===- SummarizeArgs.h - What the GPU's summary kernel receives -----------===*\
|*
|* Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*\
|*
|* Code for a GPU that decides blocks of keys by extremes of captured buffers
|* has a second kernel, which finds them; the runtime launches it first. Its one
|* parameter is this struct, by value. Plain C; versioned with KernelArgs.h.
|*
\*===----------------------------------------------------------------------===*/

#ifndef ATTNJIT_ABI_SUMMARIZEARGS_H
#define ATTNJIT_ABI_SUMMARIZEARGS_H

#include <stdint.h>

#define ATTNJIT_SUMMARIZE_SYMBOL "attnjit_summarize"
/** Threads of a block. */
#define ATTNJIT_SUMMARIZE_THREADS 256

typedef enum {
  ATTNJIT_SUMMARIZE_I32 = 0,
  ATTNJIT_SUMMARIZE_I64 = 1, /* saturates */
  ATTNJIT_SUMMARIZE_U8 = 2,
  ATTNJIT_SUMMARIZE_BOOL = 3 /* bytes; 0 or not */
} AttnJitSummarizeElement;

/** Block i of the grid fills levels first_level to last_level (level n: blocks
 *  of 2^n elements, n = 2 and more; docs/kernel-abi.md) of piece i % pieces of
 *  row i / pieces. A piece is 2^last_level elements; where first_level is above
 *  2, the level below is there already. Strides in elements. */
typedef struct {
  const void *data;
  int32_t *entries;      /* of row 0 */
  int64_t padded;        /* entries of a row */
  int64_t size, stride;  /* of the axis */
  int64_t other_size[3]; /* of the other axes, in their order */
  int64_t other_stride[3];
  int64_t pieces;  /* of a row */
  int32_t element; /* AttnJitSummarizeElement */
  int32_t first_level, last_level;
  int32_t reserved; /* zero */
} AttnJitSummarizeArgs;

#endif /* ATTNJIT_ABI_SUMMARIZEARGS_H */
