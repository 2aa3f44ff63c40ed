use "window.mod
mask = q >= kv
