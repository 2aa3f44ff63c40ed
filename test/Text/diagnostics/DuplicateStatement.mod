mod one
mod two
sink = 1.0
sink = 2.0
normalize = softmax
normalize = softmax
