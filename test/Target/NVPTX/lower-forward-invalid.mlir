// What kernels for GPUs refuse.
// RUN: attn-opt --attn-lower-forward-nvptx=gpu=sm_80 --split-input-file --verify-diagnostics %s

// expected-error @below {{has f32 tensors; kernels for GPUs take f16 and bf16}}
attn.forward @wide attributes {D = 64 : i64, Dv = 64 : i64, dtype = f32, params = [], buffers = []}

// -----

// expected-error @below {{head size 257 is more than 256, the most that kernels for `sm_80` take}}
attn.forward @large attributes {D = 257 : i64, Dv = 64 : i64, dtype = bf16, params = [], buffers = []}
