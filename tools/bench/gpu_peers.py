#!/usr/bin/env python3
# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures other implementations of attention on the GPU.

Takes a JSON list of cases, {"mod", "dtype", "shape", ...} with what the mod
captures; gives for each {"peers": {NAME: {"ms"} | {"reason"}}}, medians by CUDA
events, and where there is a block mask also "block_mask_ms", the time that
making it takes. A peer that fails costs its own figure alone.

    gpu_peers.py CASES.json -o RESULTS.json      all cases, one after the other
    gpu_peers.py CASES.json --serve              as told: a line {"case": INDEX}
                                                 on standard input, a line of
                                                 JSON back; first of all a line
                                                 about itself

Peers: PyTorch's scaled_dot_product_attention by back end, and flex_attention,
compiled. Needs PyTorch and a GPU; without, it says {"reason"}.
"""

import argparse
import concurrent.futures
import importlib.metadata
import importlib.util
import json
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
import traceback

# Of one measurement.
SECONDS = 0.3
# As `attn-jit bench` does: a sample is as many runs as take this, one after the
# other.
SAMPLE_MS = 2.0
# The device waits so many of its cycles before a sample, and so many more for
# each run of it, about 0.2 ms: so that it never waits for Python.
HEAD_START_CYCLES = 1_000_000
HEAD_START_CYCLES_PER_RUN = 350_000
# Of compiling beforehand, in all.
PREPARE_SECONDS = 150
COMPILERS = 8


def say(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def reason_of(error):
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else ''}"[:300]


class Timer:
    """Medians of runs on the device."""

    def __init__(self, torch):
        self.torch = torch

    def sample(self, run, runs):
        """Milliseconds of a run, on average over so many."""
        begin, end = (self.torch.cuda.Event(enable_timing=True) for _ in range(2))
        cycles = HEAD_START_CYCLES + runs * HEAD_START_CYCLES_PER_RUN
        self.torch.cuda._sleep(cycles)
        begin.record()
        for _ in range(runs):
            run()
        end.record()
        end.synchronize()
        return begin.elapsed_time(end) / runs

    def median_ms(self, run, seconds=SECONDS):
        for _ in range(10):
            run()
        self.torch.cuda.synchronize()
        guess = max(1e-3, statistics.median(self.sample(run, 1) for _ in range(3)))
        runs = max(1, round(SAMPLE_MS / guess))
        samples = max(10, int(seconds * 1e3 / (runs * guess)))
        return statistics.median(self.sample(run, runs) for _ in range(samples))


class Case:
    """The tensors of a case, and its mod in PyTorch's words."""

    def __init__(self, torch, case):
        self.torch = torch
        self.mod = case["mod"]
        self.shape = s = case["shape"]
        self.captures = case
        dtype = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}
        make = lambda heads, rows, size: torch.randn(
            s["B"], heads, rows, size, dtype=dtype[case["dtype"]], device="cuda"
        )
        self.q = make(s["Hq"], s["Sq"], s["D"])
        self.k = make(s["Hkv"], s["Skv"], s["D"])
        self.v = make(s["Hkv"], s["Skv"], s["Dv"])
        self.grouped = s["Hq"] != s["Hkv"]

    def score_mod(self):
        torch = self.torch
        if self.mod == "softcap":
            cap = self.captures["cap"]
            return lambda score, b, h, q, kv: cap * torch.tanh(score / cap)
        if self.mod == "alibi":
            slopes = torch.tensor(self.captures["slopes"], device="cuda")
            return lambda score, b, h, q, kv: score - slopes[h] * (q - kv).abs()
        return None

    def mask_mod(self):
        torch = self.torch
        if self.mod == "causal":
            return lambda b, h, q, kv: q >= kv
        if self.mod == "sliding_window":
            window = self.captures["window"]
            return lambda b, h, q, kv: (q >= kv) & (q - kv < window)
        if self.mod == "packed_documents":
            lengths = torch.tensor(self.captures["documents"])
            doc = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
            doc = doc.to("cuda")
            return lambda b, h, q, kv: doc[q] == doc[kv]
        return None


class Sdpa:
    """torch.nn.functional.scaled_dot_product_attention on one back end."""

    def __init__(self, backend):
        self.backend = backend

    def prepare(self, torch, case):
        if case.mod not in ("no_mask", "causal"):
            raise NotImplementedError(f"it has no {case.mod}")
        from torch.nn.attention import SDPBackend, sdpa_kernel

        backend = getattr(SDPBackend, self.backend)
        attend = torch.nn.functional.scaled_dot_product_attention

        def run():
            with sdpa_kernel(backend):
                return attend(
                    case.q,
                    case.k,
                    case.v,
                    is_causal=case.mod == "causal",
                    enable_gqa=case.grouped,
                )

        run()
        return run, None


class Flex:
    """torch.nn.attention.flex_attention, compiled."""

    def __init__(self, backend=None, package=None):
        self.options = {"BACKEND": backend} if backend else None
        self.package = package

    def prepare(self, torch, case):
        if self.package and not importlib.util.find_spec(self.package):
            raise ImportError(f"the package {self.package} is not installed")
        if "late" in case.captures:
            raise TimeoutError(case.captures["late"])
        import torch._dynamo
        from torch.nn.attention.flex_attention import (
            create_block_mask,
            flex_attention,
        )

        # Each case is a program of its own; their number has a limit.
        torch._dynamo.reset()
        attend = torch.compile(flex_attention, dynamic=False)
        mask_mod, make_mask, block_mask = case.mask_mod(), None, None
        if mask_mod:
            sizes = case.shape["Sq"], case.shape["Skv"]
            make = torch.compile(create_block_mask, dynamic=False)
            make_mask = lambda: make(mask_mod, None, None, *sizes, device="cuda")
            try:
                block_mask = make_mask()
            except Exception as error:
                say(f"create_block_mask, compiled: {reason_of(error)}")
                make_mask = lambda: create_block_mask(
                    mask_mod, None, None, *sizes, device="cuda"
                )
                block_mask = make_mask()
        score_mod = case.score_mod()

        def run():
            return attend(
                case.q,
                case.k,
                case.v,
                score_mod=score_mod,
                block_mask=block_mask,
                enable_gqa=case.grouped,
                kernel_options=self.options,
            )

        run()
        return run, make_mask


PEERS = {
    "sdpa_flash": Sdpa("FLASH_ATTENTION"),
    "sdpa_cudnn": Sdpa("CUDNN_ATTENTION"),
    "flex_triton": Flex(),
    "flex_flash": Flex("FLASH", package="flash_attn"),
}


def measure_copy(torch, timer):
    """GB/s of a copy on the device, bytes read and bytes written."""
    source = torch.empty(1 << 30, dtype=torch.int8, device="cuda")
    target = torch.empty_like(source)
    ms = timer.median_ms(lambda: target.copy_(source))
    return 2 * source.numel() / ms * 1e-6


def measure(torch, timer, description):
    """The result of one case."""
    result = {"peers": {}}
    try:
        case = Case(torch, description)
    except Exception as error:  # no memory for the tensors, say
        traceback.print_exc()
        result["peers"] = {name: {"reason": reason_of(error)} for name in PEERS}
        return result
    for name, peer in PEERS.items():
        begin = time.monotonic()
        try:
            with torch.no_grad():
                run, make_mask = peer.prepare(torch, case)
                torch.cuda.synchronize()
                prepared = time.monotonic() - begin
                found = {"ms": timer.median_ms(run), "prepare_s": prepared}
                result["peers"][name] = found
                if make_mask and "block_mask_ms" not in result:
                    mask_ms = timer.median_ms(make_mask)
                    result["block_mask_ms"] = mask_ms
                    result["peers"][name + "_with_mask"] = {
                        "ms": found["ms"] + mask_ms
                    }
        except Exception as error:
            result["peers"].setdefault(name, {"reason": reason_of(error)})
            say(f"{name}, {case.mod}: {reason_of(error)}")
            if not isinstance(error, (ImportError, NotImplementedError)):
                traceback.print_exc()
    if case.shape["Sq"] == 1:
        try:
            result["copy_gb_per_s"] = measure_copy(torch, timer)
        except Exception as error:
            say(f"copy: {reason_of(error)}")
    del case
    torch.cuda.empty_cache()
    return result


def compile_case(description):
    """Runs in a process of its own: leaves what it compiles in the caches of
    Inductor and Triton, where the measuring process finds it."""
    import torch

    begin = time.monotonic()
    with torch.no_grad():
        PEERS["flex_triton"].prepare(torch, Case(torch, description))
    torch.cuda.synchronize()
    return time.monotonic() - begin


def compile_all(cases):
    """Compiles several at once; gives what did not work. Cases that took too
    long learn why they are "late": nobody waits for them again."""
    workers = max(1, min(COMPILERS, (os.cpu_count() or 2) // 2, len(cases)))
    pool = concurrent.futures.ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn")
    )
    waiting = {pool.submit(compile_case, case): case for case in cases}
    done, late = concurrent.futures.wait(waiting, timeout=PREPARE_SECONDS)
    failed = []
    for future in done:
        mod = waiting[future]["mod"]
        if error := future.exception():
            failed.append(f"{mod}: {reason_of(error)}")
        else:
            say(f"compiled {mod} in {future.result():.1f} s")
    for future in late:
        case = waiting[future]
        case["late"] = f"not compiled within {PREPARE_SECONDS} s"
        failed.append(f"{case['mod']}: {case['late']}")
    processes = list((pool._processes or {}).values())
    pool.shutdown(wait=not late, cancel_futures=True)
    if late:
        for process in processes:
            process.kill()
    return failed


def start(cases):
    """PyTorch, a timer, and what there is to say of them."""
    begin = time.monotonic()
    import torch

    if not torch.cuda.is_available():
        raise RuntimeError("PyTorch finds no GPU")
    failed = compile_all(cases)
    timer = Timer(torch)
    try:
        triton = importlib.metadata.version("triton")
    except importlib.metadata.PackageNotFoundError:
        triton = None
    return (
        torch,
        timer,
        {
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "triton": triton,
            "gpu": torch.cuda.get_device_name(),
            "prepared_s": time.monotonic() - begin,
            "not_prepared": failed,
        },
    )


def serve(cases, answer):
    torch, timer, facts = start(cases)
    answer(facts)
    for line in sys.stdin:
        answer(measure(torch, timer, cases[json.loads(line)["case"]]))


def run_all(cases, output):
    results = []
    torch, timer, facts = start(cases)
    for case in cases:
        results.append({**case, **measure(torch, timer, case)})
        with open(output, "w") as file:
            json.dump({**facts, "cases": results}, file, indent=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", metavar="CASES.json")
    parser.add_argument("-o", "--out", metavar="RESULTS.json", default="peers.json")
    parser.add_argument("--serve", action="store_true")
    parser.add_argument("--log", metavar="FILE")
    options = parser.parse_args()
    # What libraries print must not meet the answers.
    answers = os.fdopen(os.dup(1), "w")
    log = os.open(
        options.log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666
    )
    os.dup2(log if options.log else 2, 1)
    if options.log:
        os.dup2(log, 2)

    def answer(result):
        answers.write(json.dumps(result) + "\n")
        answers.flush()

    caches = tempfile.mkdtemp(prefix="attn-jit-peers-")
    os.environ["TORCHINDUCTOR_CACHE_DIR"] = os.path.join(caches, "inductor")
    os.environ["TRITON_CACHE_DIR"] = os.path.join(caches, "triton")
    # Processes of our own compile; each of them alone.
    os.environ["TORCHINDUCTOR_COMPILE_THREADS"] = "1"
    try:
        with open(options.cases) as file:
            cases = json.load(file)
        if options.serve:
            serve(cases, answer)
        else:
            run_all(cases, options.out)
    except Exception as error:
        traceback.print_exc()
        answer({"reason": reason_of(error)})
        return 1
    finally:
        shutil.rmtree(caches, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
