# One more logit per query head in the sum of the softmax, with no value.
# sinks: compared with scores after scale and score mods (gpt-oss); trained.
mod sinks

buffer sinks : f32[Hq] grad

sink = sinks[h]
