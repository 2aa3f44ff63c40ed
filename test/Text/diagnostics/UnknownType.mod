param a : f64 = 1.0
const bb : int = 1
buffer c : f64[Hq]
buffer d : float[Hq]
def e(x : i64) = x
let uses = a + bb + c[h] + e(d[h])
