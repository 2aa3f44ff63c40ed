param slope : f32 = 2.0
let table = 4
use "Inputs/captures.mod"
buffer third : f32[Hq]
buffer fourth : f32[Hkv]
let x = fourth[kvh]
