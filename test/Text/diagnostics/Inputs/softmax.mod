normalize = softmax
