// What no pattern converts is told, not left over.
// RUN: attn-opt --attn-convert-kernel-to-llvm --verify-diagnostics %s

llvm.func @kernel(%args: !llvm.ptr) {
  // expected-error@+1 {{failed to legalize operation 'attn.position'}}
  %q = attn.position q
  llvm.return
}
