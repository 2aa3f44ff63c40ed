let a = 2147483648
let bb = 0x100000000
let c = 1e39
let d = 1e-60
let fine = -2147483648 + 0xFFFFFFFF
