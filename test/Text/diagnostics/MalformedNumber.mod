let a = 1.
let bb = 12abc
let c = 0x
let d = 1e+
let e = 1.5.2
let f = 0b101
let fine = 0..4
