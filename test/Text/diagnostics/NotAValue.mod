def f(x : i32) = x + 1
use "Inputs/window.mod" as A
let a = f + 1
let bb = A
