// What kernels for GPUs refuse.
// RUN: attn-opt --attn-lower-forward-nvptx=gpu=sm_80 --split-input-file --verify-diagnostics %s

// expected-error @below {{head size 257 is more than 256, the most that kernels for `sm_80` take}}
attn.forward @large attributes {D = 257 : i64, Dv = 64 : i64, dtype = bf16, params = [], buffers = []}
