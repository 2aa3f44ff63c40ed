const a : i32 = sum(i in 0..65536: sum(j in 0..65536: i * j))
const bb : i32 = sum(i in 0..1000: i)
let c = a + bb
