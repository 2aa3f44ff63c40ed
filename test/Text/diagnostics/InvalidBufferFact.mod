buffer a : bool[Sq] in [0, 1]
buffer bb : i32[Sq] in [4, 3]
buffer c : f32[] sorted
buffer d : i32[Sq] grad
buffer e : f32[Sq] in [inf - inf, 0.0]
let x = a[q] == (bb[q] > d[q])
