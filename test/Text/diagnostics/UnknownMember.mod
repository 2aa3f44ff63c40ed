use "Inputs/window.mod" as A
let x = q
let a = A.masks
let bb = x.mask
let c = A.sink
