let a = q // 0
let bb = q % (0)
const n : i32 = 0
let c = q // n
def f(m : i32) = q // m
let d = f(0)
let fine = f(2) + q / 0
