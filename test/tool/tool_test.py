#!/usr/bin/env python3
# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The tool as its users and their scripts meet it.

Takes the path of attn-jit; checks exit statuses, JSON keys, files and messages
of every subcommand, and that no input makes it crash, hang or leave a file.
Needs nothing but Python's standard library: attention is computed anew here.
"""

import json
import math
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile
import unittest
import xml.dom.minidom
import zlib

import npy

TOOL = None
FAKE_CUDA = None
TIMEOUT_SECONDS = 60

CAUSAL = "mask = q >= kv\n"
SHAPE = "B=2,Hq=2,Hkv=1,Sq=5,Skv=7,D=8,Dv=4"


class ToolTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="attnjit-tool-")
        self.addCleanup(holder.cleanup)
        self.dir = pathlib.Path(holder.name)
        self.cache = self.dir / "cache"

    def run_tool(self, *arguments, stdin=b"", cache=None, directory=None, environ=()):
        """Runs the tool; whatever it is given, it ends by itself."""
        environment = dict(os.environ, ATTNJIT_CACHE_DIR=str(cache or self.cache))
        environment.update(environ)
        done = subprocess.run(
            [TOOL, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            env=environment,
            cwd=directory or self.dir,
        )
        done.err = done.stderr.decode(errors="replace")
        allowed = (0, 1, 2, 3) if arguments[:1] == ("prove",) else (0, 1, 2)
        self.assertIn(done.returncode, allowed, f"{arguments}: {done.err}")
        return done

    def succeed(self, *arguments, **options):
        done = self.run_tool(*arguments, **options)
        self.assertEqual(done.returncode, 0, f"{arguments}: {done.err}")
        return done

    def json_of(self, *arguments, status=0, **options):
        done = self.run_tool(*arguments, "--json", **options)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.err}")
        return json.loads(done.stdout)

    def refuse(self, *arguments, says, status=(1, 2), **options):
        """The command fails, its message has `says`, nothing is written."""
        before = set(self.dir.iterdir())
        done = self.run_tool(*arguments, **options)
        self.assertIn(done.returncode, status, f"{arguments}: {done.err}")
        self.assertEqual(done.stdout, b"", arguments)
        for part in [says] if isinstance(says, str) else says:
            self.assertIn(part, done.err, arguments)
        left = set(self.dir.iterdir()) - before - {self.cache}
        self.assertEqual(left, set(), arguments)
        return done

    def mod(self, text, name="x.mod"):
        path = self.dir / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def tensor(self, name, shape, values=None, descr="<f4"):
        path = self.dir / name
        if values is None:
            count = math.prod(shape)
            values = [random.gauss(0, 1) for _ in range(count)]
        npy.write(path, shape, values, descr)
        return path

    def inputs(self, B=1, Hq=2, Hkv=1, Sq=5, Skv=7, D=8, Dv=4):
        """Options with random q, k and v."""
        return [
            "--q", self.tensor("q.npy", (B, Hq, Sq, D)),
            "--k", self.tensor("k.npy", (B, Hkv, Skv, D)),
            "--v", self.tensor("v.npy", (B, Hkv, Skv, Dv)),
        ]  # fmt: skip


def attention(q, k, v, score, keep, scale=None):
    """out, lse of (shape, values) tensors, by the definition."""
    (B, Hq, Sq, D), (_, Hkv, Skv, _), Dv = q[0], k[0], v[0][3]
    scale = scale or 1 / math.sqrt(D)
    out, lse = [], []
    for b, h, i in npy.indices(B, Hq, Sq):
        kvh = h // (Hq // Hkv)
        logits = {}
        for j in range(Skv):
            if keep(b, h, i, j):
                q_at = ((b * Hq + h) * Sq + i) * D
                k_at = ((b * Hkv + kvh) * Skv + j) * D
                dot = math.fsum(q[1][q_at + d] * k[1][k_at + d] for d in range(D))
                logits[j] = score(scale * dot, b, h, i, j)
        highest = max(logits.values(), default=0)
        weights = {j: math.exp(s - highest) for j, s in logits.items()}
        total = math.fsum(weights.values())
        lse.append(highest + math.log(total) if total else -math.inf)
        for d in range(Dv):
            at = lambda j: v[1][((b * Hkv + kvh) * Skv + j) * Dv + d]
            total_v = math.fsum(w * at(j) for j, w in weights.items())
            out.append(total_v / total if total else 0)
    return out, lse


class RunTest(ToolTest):
    def load(self):
        return [npy.read(self.dir / f"{name}.npy")[1:] for name in "qkv"]

    def assertClose(self, got, want):
        self.assertEqual(len(got), len(want))
        for g, w in zip(got, want):
            if math.isinf(w):
                self.assertEqual(g, w)
            else:
                self.assertAlmostEqual(g, w, delta=1e-5 * max(1, abs(w)))

    def test_values_of_files(self):
        mod = self.mod(
            "param window : i32\nconst cap : f32 = 50.0\n"
            "buffer slopes : f32[Hq]\n"
            "score = cap * tanh(score / cap) - slopes[h] * (q - kv)\n"
            "mask = q >= kv and q - kv < window\n"
        )
        slopes = self.tensor("slopes.npy", (2,), [0.5, 0.25])
        result = self.json_of(
            "run", mod, *self.inputs(B=2), "--set", "window=3", "--set", "cap=2.0",
            "--set", f"slopes={slopes}", "--scale", "0.5", "--check",
            "-o", self.dir / "out.npy", "--lse", self.dir / "lse.npy",
        )  # fmt: skip
        self.assertTrue(result["check"]["ok"])
        self.assertEqual(result["out"], str(self.dir / "out.npy"))
        score = lambda s, b, h, i, j: 2 * math.tanh(s / 2) - (0.5, 0.25)[h] * (i - j)
        keep = lambda b, h, i, j: 0 <= i - j < 3
        out, lse = attention(*self.load(), score, keep, scale=0.5)
        descr, shape, values = npy.read(self.dir / "out.npy")
        self.assertEqual((descr, shape), ("<f4", (2, 2, 5, 4)))
        self.assertClose(values, out)
        descr, shape, values = npy.read(self.dir / "lse.npy")
        self.assertEqual((descr, shape), ("<f4", (2, 2, 5)))
        self.assertClose(values, lse)

    def test_16_bit_files(self):
        cases = [
            # written as, written as numbers, read back, options, unit roundoff
            ("<f2", lambda x: x, lambda x: x, [], 2**-11),
            ("<V2", npy.to_bfloat16, npy.from_bfloat16, [], 2**-8),
            ("<u2", npy.to_bfloat16, npy.from_bfloat16, ["--dtype", "bf16"], 2**-8),
        ]
        for descr, encode, decode, options, roundoff in cases:
            arguments = [
                f for name, shape in (
                    ("q", (1, 2, 5, 8)), ("k", (1, 1, 7, 8)), ("v", (1, 1, 7, 4)),
                ) for f in (f"--{name}", self.tensor(
                    f"{name}.npy", shape,
                    [encode(random.gauss(0, 1)) for _ in range(math.prod(shape))],
                    descr,
                ))
            ]  # fmt: skip
            result = self.json_of(
                "run", self.mod(CAUSAL), *arguments, *options, "--check",
                "-o", self.dir / "out.npy",
            )  # fmt: skip
            self.assertTrue(result["check"]["ok"], descr)
            inputs = [(shape, list(map(decode, data))) for shape, data in self.load()]
            want, _ = attention(*inputs, lambda s, *_: s, lambda b, h, i, j: i >= j)
            written, shape, values = npy.read(self.dir / "out.npy")
            self.assertEqual(written, "<f2" if descr == "<f2" else "<V2")
            self.assertEqual(shape, (1, 2, 5, 4))
            for got, exact in zip(map(decode, values), want):
                self.assertAlmostEqual(got, exact, delta=roundoff * abs(exact) + 1e-5)

    def test_mask_tensor_and_offsets(self):
        mask = [(3 * i + j) % 4 != 0 and i != 2 for i, j in npy.indices(5, 7)]
        path = self.tensor("mask.npy", (1, 1, 5, 7), mask, "|b1")
        offsets = self.tensor("offsets.npy", (2,), [3, 1], "<i4")
        self.succeed(
            "run", self.mod(CAUSAL), *self.inputs(B=2), "--mask", path,
            "--q-offset", offsets, "--kv-offset", "1", "-o", self.dir / "out.npy",
        )  # fmt: skip
        keep = lambda b, h, i, j: i + (3, 1)[b] >= j + 1 and mask[i * 7 + j]
        out, _ = attention(*self.load(), lambda s, *_: s, keep)
        self.assertClose(npy.read(self.dir / "out.npy")[2], out)
        # Row 2 keeps nothing: zeros, not NaN.
        self.assertEqual(out[8:12], [0, 0, 0, 0])

    def test_prob_mods_and_dropout_are_checked(self):
        path = self.dir / "out.npy"

        def output(text, *options):
            result = self.json_of(
                "run", self.mod(text), "--shape", "Hq=4,Sq=70,D=16", "--check",
                "-o", path, *options,
            )  # fmt: skip
            self.assertTrue(result["check"]["ok"])
            return path.read_bytes()

        for prob in ("prob", "prob / 3.0", "prob * prob"):
            text = CAUSAL + f"prob = {prob}\n"
            plain = output(text)
            self.assertEqual(output(text, "--dropout", "0"), plain)
            outputs = {plain}
            for extra in ([], ["--dropout-seed", 2**63 + 1], ["--dropout-offset", 7]):
                outputs.add(output(text, "--dropout", "0.3", *extra))
            self.assertEqual(len(outputs), 4, prob)

    def test_json_keys_and_cache(self):
        arguments = ["run", self.mod(CAUSAL), "--shape", SHAPE, "--timing"]
        first = self.json_of(*arguments, "--check")
        self.assertEqual(first["cache"], "miss")
        check = first["check"]
        self.assertEqual(check["rows_checked"], 2 * 2 * 5)
        self.assertLessEqual(check["worst_bound_ratio"], 1)
        self.assertGreaterEqual(check["max_abs_err"], 0)
        second = self.json_of(*arguments)
        self.assertEqual(second["cache"], "disk")
        self.assertIsNone(second["check"])
        for key in ("out", "cache", "compile_ms", "run_ms", "check", "timing"):
            self.assertIn(key, second)
        self.assertGreater(second["timing"]["exec_to_result_ms"], 0)
        third = self.json_of(*arguments, "--no-cache")
        self.assertEqual(third["cache"], "miss")

    def test_same_seed_same_output(self):
        outputs = []
        for seed, threads in ((1, 1), (1, 2), (2, 1)):
            path = self.dir / "out.npy"
            self.succeed(
                "run", self.mod(CAUSAL), "--shape", "Hq=4,Sq=300,D=16",
                "--random-seed", seed, "--threads", threads, "-o", path,
            )  # fmt: skip
            outputs.append(path.read_bytes())
        self.assertEqual(outputs[0], outputs[1])
        self.assertNotEqual(outputs[0], outputs[2])

    def test_random_buffers_keep_their_declarations(self):
        mod = self.mod(
            "buffer doc : i32[B, Skv] in [0, 3] sorted\nbuffer bias : f32[Hq, ?]\n"
            "buffer on : bool[Hq]\nbuffer one : f32[]\n"
            "score = score + bias[h, kv] * one\n"
            "mask = doc[b, kv] <= 2 and (on[h] or q >= kv)\n"
        )
        self.assertTrue(self.json_of("run", mod, "--shape", SHAPE, "--check")["check"]["ok"])

    def test_check_verifies_declared_facts(self):
        mod = self.mod("buffer d : i32[Skv] in [0, 3] sorted\nmask = d[kv] < 2\n")
        for values, says in (
            ([0, 1, 2, 3, 4, 4, 4], "in [0, 3]"),
            ([0, 1, 2, 1, 2, 2, 2], "sorted"),
        ):
            path = self.tensor("d.npy", (7,), values, "<i4")
            arguments = ["run", mod, "--shape", SHAPE, "--set", f"d={path}"]
            self.refuse(*arguments, "--check", says=["`d`", says], status=(1,))
            self.succeed(*arguments)

    def test_mods_from_standard_input(self):
        self.succeed("run", "-", "--shape", SHAPE, stdin=CAUSAL.encode())
        self.refuse("run", "-", "--shape", SHAPE, stdin=b"mask = foo\n",
                    says=["<stdin>:1:8", "`foo`"], status=(1,))  # fmt: skip

    def test_used_files_stay_in_their_directory(self):
        inside = self.dir / "inside"
        (inside / "sub").mkdir(parents=True)
        self.mod(CAUSAL, "outside.mod")
        (inside / "sub" / "good.mod").write_text(CAUSAL)
        (inside / "link.mod").symlink_to(self.dir / "outside.mod")
        main = inside / "main.mod"
        main.write_text('use "sub/good.mod"\n')
        self.succeed("check", main)
        self.succeed("check", "-", stdin=b'use "sub/good.mod"\n', directory=inside)
        for path in ("../outside.mod", str(self.dir / "outside.mod"), "link.mod",
                     "sub", "missing.mod", "main.mod"):  # fmt: skip
            main.write_text(f'use "{path}"\n')
            self.refuse("check", main, says="main.mod:1:", status=(1,))
        main.write_text("use causal\n")
        self.succeed("check", main)
        main.write_text("use no_such_mod\n")
        self.refuse("check", main, says="`no_such_mod`", status=(1,))


class BadInputTest(ToolTest):
    def out(self):
        return ["-o", self.dir / "out.npy"]

    def test_tensors(self):
        mod = self.mod(CAUSAL)
        good = {"q": (1, 2, 5, 8), "k": (1, 1, 7, 8), "v": (1, 1, 7, 4)}
        cases = [
            ("q", (2, 5, 8), "rank 3"),
            ("q", (1, 2, 5, 9), "`k`"),
            ("q", (1, 2, 5, 513), "513"),
            ("q", (1, 2, 5, 0), "0"),
            ("q", (2, 2, 5, 8), "`k`"),
            ("k", (1, 3, 7, 8), "Hkv"),
            ("k", (1, 1, 7, 8, 1), "axes"),
            ("v", (1, 1, 6, 4), "`v`"),
            ("v", (1, 1, 7, 513), "513"),
        ]
        for name, shape, says in cases:
            files = {}
            for tensor, default in good.items():
                files[tensor] = self.tensor(
                    f"{tensor}.npy", shape if tensor == name else default
                )
            arguments = [x for t, f in files.items() for x in (f"--{t}", f)]
            self.refuse("run", mod, *arguments, *self.out(), says=says, status=(1,))

    def test_element_types(self):
        mod = self.mod(CAUSAL)
        arguments = self.inputs()
        self.tensor("k.npy", (1, 1, 7, 8), [1] * 56, "<i4")
        self.refuse("run", mod, *arguments, *self.out(), says=["`k`", "f32"])
        self.tensor("k.npy", (1, 1, 7, 8), [1] * 56, "<u2")
        self.refuse("run", mod, *arguments, *self.out(), says=["k.npy", "--dtype bf16"])

    def test_captured_values(self):
        mod = self.mod("param w : i32\nbuffer s : f32[Hq]\nmask = q < w\n"
                       "score = score * s[h]\n")  # fmt: skip
        s = self.tensor("s.npy", (2,))
        wrong = self.tensor("wrong.npy", (3,))
        ints = self.tensor("ints.npy", (2,), [1, 2], "<i4")
        cases = [
            ([], "`w`"),
            (["w=1"], "`s`"),
            (["w=1", f"s={wrong}"], "`s`"),
            (["w=1", f"s={ints}"], "`s`"),
            (["w=1", "s=2.0"], "`s`"),
            (["w=1.5", f"s={s}"], "`w`"),
            (["w=99999999999", f"s={s}"], "`w`"),
            (["w=1", f"s={s}", "z=1"], "`z`"),
            (["w=1", "w=2", f"s={s}"], "`w`"),
            (["w=1", "s=missing.npy"], "missing.npy"),
            (["w"], "NAME=VALUE"),
        ]
        for settings, says in cases:
            sets = [x for setting in settings for x in ("--set", setting)]
            self.refuse("run", mod, *self.inputs(), *sets, *self.out(), says=says)
        # Random tensors make up for buffers, not for params.
        self.refuse("run", mod, "--shape", SHAPE, *self.out(), says="`w`")

    def test_masks_and_offsets(self):
        mod = self.mod(CAUSAL)
        arguments = ["run", mod, *self.inputs(), *self.out()]
        mask = self.tensor("mask.npy", (1, 1, 5, 6), [1] * 30, "|b1")
        self.refuse(*arguments, "--mask", mask, says=["`mask`", "7"])
        mask = self.tensor("mask.npy", (1, 1, 5, 7))
        self.refuse(*arguments, "--mask", mask, says=["`mask`", "bool"])
        self.refuse(*arguments, "--mask", "missing.npy", says="missing.npy")
        self.refuse(*arguments, "--q-offset", "2147483647", says=["q_offset", "2^31"])
        self.refuse(*arguments, "--q-offset", "2147483648", says="--q-offset")
        self.refuse(*arguments, "--kv-offset", "x.npy", says=["--kv-offset", "x.npy"])
        offsets = self.tensor("offsets.npy", (3,), [0, 0, 0], "<i4")
        self.refuse(*arguments, "--q-offset", offsets, says="q_offset")

    def test_command_lines(self):
        mod = self.mod(CAUSAL)
        cases = [
            ([], ""),
            (["walk"], ""),
            (["run"], "MOD"),
            (["run", mod], "--q"),
            (["run", mod, "--shape", SHAPE, "--q", "q.npy"], "--shape"),
            (["run", mod, "--q", "q.npy", *self.out()], "--k"),
            (["run", mod, "--shape", "Hq=2"], "Sq"),
            (["run", mod, "--shape", "Hq=2,Sq=-1,D=8"], "Sq"),
            (["run", mod, "--shape", "Hq=2,Sq=1,D=8,X=1"], "X=1"),
            (["run", mod, "--shape", SHAPE, "--threads", "-1"], "--threads"),
            (["run", mod, "--shape", SHAPE, "--dtype", "f64"], "f64"),
            (["run", mod, "--shape", SHAPE, "--dropout-seed", "1"], "--dropout"),
            (["run", mod, "--shape", SHAPE, "--frobnicate"], "--frobnicate"),
            (["compile", mod], "--head-dim"),
            (["compile", mod, "--head-dim", "x"], "x"),
            (["compile", mod, "--head-dim", "8", "--emit", "wasm"], "wasm"),
            (["mask", mod, "--shape", SHAPE], "--out"),
            (["cache"], ""),
            (["cache", "burn"], ""),
        ]
        for arguments, says in cases:
            self.refuse(*arguments, says=says, status=(2,))

    def test_sizes_out_of_range(self):
        mod = self.mod(CAUSAL)
        for shape, says in (
            ("Hq=1,Sq=1,D=513", "513"),
            ("Hq=1,Sq=1,D=0", "0"),
            ("Hq=1,Sq=1,D=8,Dv=1000", "1000"),
            ("Hq=3,Hkv=2,Sq=1,D=8", "Hkv"),
            ("Hq=2000000000,Sq=2000000000,D=512", "q"),
            ("Hq=1,Sq=2147483647,D=512", "MiB"),
        ):
            self.refuse("run", mod, "--shape", shape, *self.out(), says=says, status=(1,))
        self.refuse("compile", mod, "--head-dim", "513", says="513", status=(1,))
        self.refuse("compile", mod, "--head-dim", "8", "--target", "vax", says="vax")
        self.refuse("mask", mod, "--shape", "Hq=100000,Sq=2000000", *self.out(),
                    says="MiB", status=(1,))  # fmt: skip

    def test_dropout_rates_out_of_range(self):
        arguments = ["run", self.mod(CAUSAL), "--shape", SHAPE, *self.out()]
        for rate in ("1", "1.5", "-0.25", "nan", "inf"):
            self.refuse(*arguments, f"--dropout={rate}", says="rate", status=(1,))

    def test_unwritable_output(self):
        arguments = ["run", self.mod(CAUSAL), "--shape", SHAPE]
        self.refuse(*arguments, "-o", self.dir / "no" / "out.npy", says="out.npy")
        self.refuse(*arguments, "-o", self.dir, says="cannot write")

    def test_hostile_npy_files(self):
        mod = self.mod(CAUSAL)
        arguments = self.inputs()
        good = (self.dir / "q.npy").read_bytes()
        header_only = npy.encode((), [], shape_text="(1, 2, 5, 8)")
        bad = [
            b"",
            b"\x93NUMPY",
            b"\x93NUMPY\x01\x00\xff\xff",
            b"\x93NUMPY\x02\x00\xff\xff\xff\xff{",
            b"\x93NUMPY\x09\x00" + good[8:],
            good[:-1],
            good + b"\0",
            good[: len(good) // 2],
            header_only,
            npy.encode((), [], shape_text="(-1, 2, 5, 8)"),
            npy.encode((), [], shape_text="(2147483647, 2147483647, 1, 1)"),
            npy.encode((), [], shape_text="(9999999999999999999999, 1, 1, 1)"),
            npy.encode((), [], shape_text="(4611686018427387904, 4, 1, 1)"),
            npy.encode((), [], shape_text="(0, 4611686018427387904, 4, 8)"),
            npy.encode((1, 2, 5, 8), [0.0] * 80, order="True"),
            npy.encode((1, 2, 5, 8), [0.0] * 80, descr=">f4"),
            npy.encode((1, 2, 5, 8), [0.0] * 80, descr="|O"),
            npy.encode((1, 2, 5, 8), [0.0] * 80, descr="<f4\\', \\'"),
            bytes(range(256)) * 8,
        ]
        for data in bad:
            (self.dir / "q.npy").write_bytes(data)
            self.refuse("run", mod, *arguments, *self.out(), says="q.npy", status=(1,))
        (self.dir / "q.npy").unlink()
        self.refuse("run", mod, *arguments, *self.out(), says="q.npy", status=(1,))

    def test_malformed_mods(self):
        deep = b"score = " + b"(" * 100_000 + b"score" + b")" * 100_000
        for data in (
            b"\0",
            b"\xff\xfe\xfd",
            b"mask = \xc3\x28",
            b"score = score +",
            b"score = 'x",
            deep,
            b"-" * 5000 + b"\n",
            b"score = " + b"-" * 100_000 + b"score\n",
            b"mask = any(i in 0..99999999999: true)\n",
            b"# " + b"x" * 3_000_000,
            b"let a = 1\n" * 40_000,
            bytes(random.Random(5).randrange(256) for _ in range(5000)),
        ):
            mod = self.mod(data)
            self.refuse("check", mod, says="x.mod:", status=(1,))
            self.refuse("run", mod, "--shape", SHAPE, *self.out(), says="x.mod:")
            self.refuse("check", "-", stdin=data, says="<stdin>:", status=(1,))
            self.run_tool("fmt", mod)
        self.refuse("check", self.dir, says=str(self.dir), status=(1,))
        self.refuse("check", self.dir / "none.mod", says="none.mod", status=(1,))
        self.refuse("check", "", says="", status=(1,))

    def test_results_that_cannot_be_written_are_failures(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([TOOL, "cache", "path", "--cache-dir", "x"],
                                  stdout=full, stderr=subprocess.PIPE)  # fmt: skip
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"standard output", done.stderr)


class CacheTest(ToolTest):
    def run_causal(self, **options):
        return self.json_of("run", self.mod(CAUSAL), "--shape", SHAPE, "--check", **options)

    def test_an_unusable_directory_costs_speed_only(self):
        file = self.dir / "file"
        file.write_text("not a directory")
        open_to_all = self.dir / "open"
        open_to_all.mkdir()
        open_to_all.chmod(0o777)
        for directory in (file, file / "below", open_to_all, "/proc/attn-jit"):
            for _ in range(2):
                result = self.run_causal(cache=directory)
                self.assertEqual(result["cache"], "miss")
                self.assertTrue(result["check"]["ok"])
        self.assertEqual(file.read_text(), "not a directory")
        self.assertEqual(list(open_to_all.iterdir()), [])

    def test_damaged_entries_are_compiled_again(self):
        self.run_causal()
        (entry,) = [e["file"] for e in self.json_of("cache", "list")["entries"]]
        whole = pathlib.Path(entry).read_bytes()
        for damaged in (b"", whole[:100], whole[:-1], b"x" + whole[1:],
                        whole[:200] + b"\xff" + whole[201:]):  # fmt: skip
            pathlib.Path(entry).write_bytes(damaged)
            result = self.json_of("cache", "verify", status=1)
            self.assertEqual(len(result["damaged"]), 1)
            result = self.run_causal()
            self.assertEqual(result["cache"], "miss")
            self.assertTrue(result["check"]["ok"])
            self.assertEqual(self.run_causal()["cache"], "disk")

    def test_verbs(self):
        self.assertEqual(self.succeed("cache", "path").stdout.decode().strip(), str(self.cache))
        self.run_causal()
        stats = self.json_of("cache", "stats")
        self.assertEqual(stats["dir"], str(self.cache))
        self.assertEqual(stats["entries"], 1)
        self.assertGreater(stats["bytes"], 0)
        self.assertIn(b"x86-64", self.succeed("cache", "list").stdout)
        self.assertEqual(self.json_of("cache", "verify")["damaged"], [])
        self.succeed("cache", "prune")
        self.assertEqual(self.json_of("cache", "stats")["entries"], 1)
        self.succeed("cache", "prune", "--max-bytes", "0")
        self.assertEqual(self.json_of("cache", "stats")["entries"], 0)
        self.run_causal()
        self.assertEqual(self.json_of("cache", "clear")["removed_entries"], 1)
        other = self.dir / "other"
        result = self.json_of("cache", "--cache-dir", other, "stats")
        self.assertEqual(result["dir"], str(other))


def read_png(data):
    """Rows of (red, green, blue) of an 8-bit PNG without interlacing."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, pixels = 8, b""
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) == (8, 2)
        if kind == b"IDAT":
            pixels += body
        at += 12 + length
    raw, rows, before = zlib.decompress(pixels), [], bytes(3 * width)
    for y in range(height):
        line = raw[y * (3 * width + 1) : (y + 1) * (3 * width + 1)]
        row = bytearray(line[1:])
        for x in range(3 * width):
            left = row[x - 3] if x >= 3 else 0
            corner = before[x - 3] if x >= 3 else 0
            up = before[x]
            if line[0] == 1:
                row[x] = row[x] + left & 255
            elif line[0] == 2:
                row[x] = row[x] + up & 255
            elif line[0] == 3:
                row[x] = row[x] + (left + up) // 2 & 255
            elif line[0] == 4:
                guess = left + up - corner
                nearest = min(
                    (abs(guess - left), 0, left),
                    (abs(guess - up), 1, up),
                    (abs(guess - corner), 2, corner),
                )
                row[x] = row[x] + nearest[2] & 255
        rows.append([tuple(row[x : x + 3]) for x in range(0, 3 * width, 3)])
        before = row
    return rows


class DrawTest(ToolTest):
    KEPT, LEFT_OUT, PARTIAL = (27, 79, 138), (238, 238, 238), (240, 150, 50)
    LEFT, TOP = 120, 84

    def plot(self, side, *arguments):
        out = self.dir / "picture.png"
        self.succeed("draw", *arguments, "-o", out)
        rows = read_png(out.read_bytes())
        return [
            row[self.LEFT : self.LEFT + side]
            for row in rows[self.TOP : self.TOP + side]
        ]

    def test_every_pair_of_a_mask(self):
        # 24 positions: squares of 40 pixels.
        mod = self.mod("mask = q >= kv and q - kv < 5\n")
        plot = self.plot(960, mod, "--shape", "Hq=1,Sq=24")
        for q in range(24):
            for kv in range(24):
                want = self.KEPT if 0 <= q - kv < 5 else self.LEFT_OUT
                self.assertEqual(plot[40 * q + 20][40 * kv + 20], want, (q, kv))

    def test_tiles(self):
        mod = self.mod(CAUSAL)
        plot = self.plot(
            960, mod, "--shape", "Hq=1,Sq=96", "--what", "tiles", "--tile", "24,24"
        )
        for row in range(4):
            for column in range(4):
                want = (
                    self.KEPT
                    if row > column
                    else self.PARTIAL if row == column else self.LEFT_OUT
                )
                self.assertEqual(plot[240 * row + 120][240 * column + 120], want)

    def test_long_masks_are_sampled(self):
        mod = self.mod(CAUSAL)
        plot = self.plot(936, mod, "--shape", "Hq=1,Sq=131072")  # 140 pairs a pixel
        for y in range(0, 936, 31):
            for x in range(0, 936, 31):
                if x != y:
                    want = self.KEPT if y > x else self.LEFT_OUT
                    self.assertEqual(plot[y][x], want, (y, x))
        self.assertNotIn(plot[500][500], (self.KEPT, self.LEFT_OUT))

    def test_score_has_a_scale(self):
        mod = self.mod("score = score - 0.5 * abs(q - kv)\n")
        plot = self.plot(960, mod, "--shape", "Hq=1,Sq=32", "--what", "score")
        colours = {plot[30 * d + 15][15] for d in range(32)}
        self.assertEqual(len(colours), 32)

    def test_svg_has_its_text(self):
        out = self.dir / "picture.svg"
        mod = self.mod(CAUSAL)
        self.succeed("draw", mod, "--shape", "Hq=1,Sq=4096", "-o", out)
        text = out.read_text()
        xml.dom.minidom.parseString(text)
        for label in ("key position kv", "query position q", "4096", "key kept"):
            self.assertIn(label, text)

    def test_wide_and_tall_and_offset(self):
        mod = self.mod(CAUSAL)
        for shape in ("Hq=1,Sq=1,Skv=5000", "Hq=1,Sq=5000,Skv=1", "Hq=1,Sq=1,Skv=1"):
            for what in ("mask", "tiles", "score"):
                out = self.dir / "p.png"
                self.succeed(
                    "draw", mod, "--shape", shape, "-o", out, "--what", what,
                    "--q-offset", "77"
                )  # fmt: skip
                read_png(out.read_bytes())

    def test_refusals(self):
        mod = self.mod(CAUSAL)
        self.refuse("draw", mod, "--shape", "Hq=1,Sq=8", "-o", "x.gif", says=".png or .svg")
        self.refuse("draw", mod, "--shape", "Hq=1,Sq=0", "-o", "x.png", says="nothing")
        self.refuse(
            "draw", mod, "--shape", "Hq=1,Sq=8", "-o", "x.png", "--head", "4", says="--head"
        )
        self.refuse("draw", mod, "-o", "x.png", says="--shape")
        self.refuse(
            "draw", mod, "--shape", "Hq=1,Sq=8", "-o", "no/x.png", says="cannot write"
        )


class ProveTest(ToolTest):
    def prove(self, mod, *claim, status):
        got = self.json_of("prove", mod, *claim, status=status)
        verdict = {0: "proven", 1: "false", 3: "undecided"}[status]
        self.assertEqual(got["verdict"], verdict)
        return got["claims"]

    def test_for_all_sizes(self):
        window = ("sliding_window", "--set", "window=128")
        self.prove("causal", "--causal", status=0)
        self.prove(*window, "--causal", status=0)
        self.prove(*window, "--window", "128", status=0)
        self.prove(*window, "--implies", "causal", status=0)
        self.prove("causal", "--equals", "causal", status=0)
        self.prove("causal", "--never-empty", status=0)
        self.prove("documents", "--never-empty", status=0)
        self.prove("no_mask", "--never-empty", status=0)

    def test_counterexamples(self):
        (claim,) = self.prove("prefix_lm", "--causal", status=1)
        at = claim["counterexample"]
        self.assertGreater(at["kv"], at["q"])
        mod = self.mod("mask = q >= kv and q - kv < 9\n")
        (claim,) = self.prove(mod, "--window", "8", status=1)
        at = claim["counterexample"]
        self.assertEqual(at["q"] - at["kv"], 8)
        mod = self.mod("buffer doc : i32[Sq]\nmask = doc[q] == doc[kv]\n")
        (claim,) = self.prove(mod, "--causal", status=1)
        self.assertEqual(len(claim["counterexample"]["values"]), 2)
        mod = self.mod("mask = q > kv\n")
        (claim,) = self.prove(mod, "--never-empty", status=1)
        self.assertEqual(claim["counterexample"]["q"], 0)
        self.assertIsNone(claim["counterexample"]["kv"])

    def test_one_shape(self):
        # Equal pixel by pixel, though written in another way.
        one = self.mod("mask = q // 8 == kv // 8\n")
        other = self.mod(
            "let first = q - q % 8\nmask = first <= kv and kv < first + 8\n", "y.mod"
        )
        self.prove(one, "--equals", other, status=3)
        (claim,) = self.prove(one, "--equals", other, "--shape", "Hq=1,Sq=300", status=0)
        self.assertIn("Sq=300", claim["scope"])
        # What random contents do not break is not proven.
        mod = self.mod("buffer n : i32[4] in [1, 3]\nmask = kv < n[q % 4]\n")
        self.prove(mod, "--never-empty", "--shape", "Hq=1,Sq=64", status=3)
        n = self.tensor("n.npy", [4], [1, 2, 3, 1], "<i4")
        self.prove(
            mod, "--never-empty", "--shape", "Hq=1,Sq=64", "--set", f"n={n}", status=0
        )

    def test_in_bounds(self):
        claims = self.prove(
            self.mod(
                "buffer t : f32[Hq, 16]\nscore = score + t[h, q % 16]\n"
            ),
            "--in-bounds",
            status=0,
        )
        self.assertEqual(len(claims), 2)
        mod = self.mod("buffer t : f32[Skv]\nscore = score + t[kv + 1]\n")
        (claim,) = self.prove(mod, "--in-bounds", status=1)
        self.assertEqual(claim["counterexample"]["kv"], 79)
        mod = self.mod("buffer t : f32[?]\nscore = score + t[kv]\n")
        self.prove(mod, "--in-bounds", status=3)
        mod = self.mod(
            "buffer t : i32[Sq, 4]\nmask = any(i in 0..4: t[q, i] == kv)\n"
        )
        self.prove(mod, "--in-bounds", status=0)
        self.prove(self.mod(CAUSAL), "--in-bounds", status=0)

    def test_offsets_are_no_rows(self):
        mod = self.mod("mask = kv <= q\n")
        self.prove(mod, "--causal", "--shape", "Hq=1,Sq=9", "--q-offset", "-5", status=0)
        self.prove(
            mod, "--never-empty", "--shape", "Hq=1,Sq=9", "--q-offset", "-5", status=1
        )

    def test_refusals(self):
        self.refuse("prove", "causal", says="1 option", status=(2,))
        self.refuse("prove", "causal", "--causal", "--never-empty", says="", status=(2,))
        self.refuse("prove", "causal", "--implies", "nothing.mod", says="nothing.mod")


class ExplainTest(ToolTest):
    def explain(self, mod, shape, *options):
        return self.json_of("explain", mod, "--shape", shape, *options)

    def test_json_and_brute_force(self):
        mod = self.mod(
            "param window : i32\nbuffer slopes : f32[Hq]\n"
            "mask = q >= kv and q - kv < window\n"
            "score = score - slopes[h] * (q - kv)\n"
        )
        shape = "Hq=2,Sq=300,Skv=280,D=16"
        got = self.explain(
            mod, shape, "--set", "window=40", "--tile", "32,16", "--brute-force"
        )
        rows, columns = range(0, 300, 32), range(0, 280, 16)
        counts = {"empty": 0, "full": 0, "partial": 0}
        kept = 0
        for i0 in rows:
            for j0 in columns:
                pairs = [
                    0 <= i - j < 40
                    for i in range(i0, min(i0 + 32, 300))
                    for j in range(j0, min(j0 + 16, 280))
                ]
                kept += sum(pairs)
                kind = "full" if all(pairs) else "partial" if any(pairs) else "empty"
                counts[kind] += 1
        self.assertEqual(got["tile"], [32, 16])
        total = len(rows) * len(columns)
        self.assertEqual(got["tiles"], {"total": total, **counts, "exact": True})
        brute = got["brute_force"]
        self.assertEqual({kind: brute[kind] for kind in counts}, counts)
        self.assertEqual(
            (brute["missed_empty"], brute["missed_full"], brute["wrong"]), (0, 0, 0)
        )
        self.assertEqual(got["kept_fraction"], kept / (300 * 280))
        self.assertEqual(got["flops"], 2 * 2 * kept * (16 + 16))
        self.assertEqual(got["bounds"]["empty"].count("window"), 1)
        self.assertEqual(got["entry"], "prefill")
        self.assertGreaterEqual(got["classify_ms"], 0)
        hoisted = {(h["hook"], h["by"], h["expr"]) for h in got["hoisted"]}
        self.assertIn(("score", "head", "slopes[h]"), hoisted)
        self.assertIn(("score", "distance", "slopes[h] * (q - kv)"), hoisted)

    def test_hidden_masks_and_kernel_tiles(self):
        mod = self.mod("score = where(q >= kv, score, -inf)\n")
        got = self.explain(mod, "Hq=1,Sq=480")
        self.assertEqual(got["bounds"]["empty"], "q_hi < kv_lo")
        # A strip of the kernel for this machine's target.
        self.assertIn(got["tile"], ([24, 128], [32, 128]))
        self.assertIsNone(got["brute_force"])
        decode = self.explain(mod, "Hq=1,Sq=1,Skv=640", "--q-offset", "639")
        self.assertEqual((decode["entry"], decode["tile"][0]), ("decode", 1))
        self.assertEqual(decode["tiles"]["full"], decode["tiles"]["total"])

    def test_heads_differ(self):
        mod = self.mod("buffer keep : bool[B, Hq]\nmask = keep[b, h]\n")
        keep = self.tensor("keep.npy", (2, 2), [True, False, False, True], "|b1")
        for b, h in npy.indices(2, 2):
            got = self.explain(
                mod, "B=2,Hq=2,Sq=64", "--set", f"keep={keep}", "--tile", "8,8",
                "--batch", b, "--head", h,
            )  # fmt: skip
            self.assertEqual(got["kept_fraction"], float(b == h))
            self.assertFalse(got["bounds"]["same_for_all_heads"])

    def test_inexact_tiles_are_named(self):
        mod = self.mod("mask = (q * kv) % 4 == 3 and (q * kv) % 2 == 0\n")
        brute = self.explain(mod, "Hq=1,Sq=16", "--tile", "8,8", "--brute-force")[
            "brute_force"
        ]
        self.assertEqual((brute["empty"], brute["missed_empty"]), (4, 4))
        self.assertEqual(brute["examples"][0], {"q": [0, 8], "kv": [0, 8]})

    def test_long_sequences_answer_at_once(self):
        scattered = self.mod("mask = (q * 7 + kv * 3) % 8 < 2\n")
        for mod, exact in (("sliding_window", True), ("documents", False),
                           ("causal", True), (scattered, False)):  # fmt: skip
            got = self.explain(mod, "Hq=1,Sq=262144")
            self.assertEqual(got["tiles"]["exact"], exact, mod)
            self.assertLess(got["decisions"], 2**20, mod)
        self.assertAlmostEqual(got["kept_fraction"], 0.25, delta=0.01)
        empty = self.explain("causal", "Hq=1,Sq=16,Skv=0")
        self.assertEqual(empty["tiles"]["total"], 0)
        self.assertEqual(empty["kept_fraction"], 0)

    def test_text_and_bad_input(self):
        text = self.succeed("explain", "causal", "--shape", "Hq=4,Sq=1024").stdout
        for part in (b"tile empty", b"q_hi < kv_lo", b"(all heads alike)"):
            self.assertIn(part, text)
        shape = ["--shape", "Hq=2,Sq=8"]
        self.refuse("explain", "causal", says="--shape", status=[2])
        for tile in ("0,8", "8", "8,x", "8,8,8", "-1,8", "8,99999999999999999999"):
            self.refuse(
                "explain", "causal", *shape, "--tile", tile, says="64,128", status=[2]
            )
        for option, size in (("--head", "Hq"), ("--batch", "B")):
            self.refuse("explain", "causal", *shape, option, 2, says=size, status=[1])
        huge = self.explain("causal", "Hq=2,Sq=8", "--tile", f"{2**62},{2**62}")
        self.assertEqual(huge["tiles"]["partial"], 1)


class OtherCommandsTest(ToolTest):
    def test_help_and_version(self):
        commands = ("run", "compile", "check", "fmt", "mask", "explain", "bench",
                    "mods", "cache", "target")  # fmt: skip
        text = self.succeed("--help").stdout.decode()
        for command in commands:
            self.assertIn(command, text)
            self.assertIn("Usage", self.succeed(command, "--help").stdout.decode())
            self.assertRegex(self.succeed(command, "--version").stdout.decode(),
                             r"^attn-jit \d+\.\d+\.\d+\n$")  # fmt: skip
        self.succeed("--version")

    def test_common_options_everywhere(self):
        mod = self.mod(CAUSAL)
        common = ["--cache-dir", self.cache, "--no-cache", "--timing", "--dump", self.dir / "d"]
        for arguments in (
            ["run", mod, "--shape", SHAPE],
            ["compile", mod, "--head-dim", "8"],
            ["check", mod],
            ["fmt", mod],
            ["mask", mod, "--shape", SHAPE, "-o", self.dir / "m.npy"],
            ["explain", mod, "--shape", SHAPE],
            ["bench", mod, "--shape", SHAPE, "--seconds", "0.01"],
            ["mods"],
            ["mods", "causal"],
            ["cache", "path"],
            ["target"],
        ):
            done = self.succeed(*arguments, *common, "--json")
            self.assertIn("timing", json.loads(done.stdout), arguments)
            self.assertIn("exec to main", done.err)

    def test_compile(self):
        mod = self.mod(CAUSAL)
        for stage, says in (("expr", b"q"), ("attn", b"attn.forward"),
                            ("mlir", b"func"), ("llvm", b"define"), ("asm", b"ret")):  # fmt: skip
            text = self.succeed("compile", mod, "--head-dim", "64", "--emit", stage).stdout
            self.assertIn(says, text, stage)
            path = self.dir / f"k.{stage}"
            self.succeed("compile", mod, "--head-dim", "64", "--emit", stage, "-o", path)
            self.assertEqual(path.read_bytes(), text, stage)
        objects = []
        for target in ("x86-64-v3", "x86-64-v4"):
            path = self.dir / f"{target}.o"
            self.succeed("compile", mod, "--head-dim", "64,32", "--emit", "obj", "-o", path,
                         "--target", target)  # fmt: skip
            objects.append(path.read_bytes())
            self.assertEqual(objects[-1][:4], b"\x7fELF")
        self.assertNotEqual(*objects)
        self.assertEqual(self.json_of("compile", mod, "--head-dim", "16")["cache"], "miss")
        self.assertEqual(self.json_of("compile", mod, "--head-dim", "16")["cache"], "disk")

    def test_dump_shows_the_stages_of_cached_kernels_too(self):
        mod, dump = self.mod(CAUSAL), self.dir / "dump"
        for _ in range(2):
            self.succeed("run", mod, "--shape", SHAPE)
        self.assertFalse(dump.exists())
        self.succeed("run", mod, "--shape", SHAPE, "--dump", dump)
        self.assertGreater(len(list(dump.rglob("*"))), 3)

    def test_constants_choose_the_kernel(self):
        mod = self.mod("const n : i32 = 7\nmask = kv < n\n")
        emit = ["compile", mod, "--head-dim", "8", "--emit", "expr"]
        self.assertIn(b"7", self.succeed(*emit).stdout)
        self.assertIn(b"1234", self.succeed(*emit, "--set", "n=1234").stdout)
        self.refuse(*emit, "--set", "n=x", says="`n`")
        self.refuse(*emit, "--set", "m=1", says="`m`")

    def test_check(self):
        good = self.mod(CAUSAL, "good.mod")
        bad = self.mod("mask = foo\nscore = bar\n", "bad.mod")
        self.succeed("check", good)
        done = self.refuse("check", bad, good, self.dir / "none.mod",
                           says=["bad.mod:1:8", "bad.mod:2:9", "none.mod"])  # fmt: skip
        result = self.json_of("check", bad, good, status=1)
        self.assertFalse(result["ok"])
        self.assertEqual([f["ok"] for f in result["files"]], [False, True])
        self.assertEqual(len(result["files"][0]["diagnostics"]), 2)

    def test_fmt(self):
        mod = self.mod("# kept\nmask=q>=kv\n")
        mod.chmod(0o640)
        text = self.succeed("fmt", mod).stdout
        self.assertEqual(text, b"# kept\nmask = q >= kv\n")
        self.assertEqual(mod.read_text(), "# kept\nmask=q>=kv\n")
        result = self.json_of("fmt", mod, "--in-place")
        self.assertTrue(result["files"][0]["changed"])
        self.assertEqual(mod.read_bytes(), text)
        self.assertEqual(mod.stat().st_mode & 0o777, 0o640)
        self.assertFalse(self.json_of("fmt", mod, "--in-place")["files"][0]["changed"])
        self.assertEqual(self.succeed("fmt", "-", stdin=b"mask=q>=kv\n").stdout,
                         b"mask = q >= kv\n")  # fmt: skip
        bad = self.mod("mask = (\n", "bad.mod")
        self.refuse("fmt", bad, "--in-place", says="bad.mod:1:", status=(1,))
        self.assertEqual(bad.read_text(), "mask = (\n")

    def test_mask(self):
        path = self.dir / "mask.npy"
        mod = self.mod("param w : i32 = 2\nmask = q >= kv and q - kv < w + h\n")
        result = self.json_of("mask", mod, "--shape", "B=2,Hq=2,Sq=4,Skv=5", "--set", "w=1",
                              "--q-offset", "1", "-o", path)  # fmt: skip
        descr, shape, values = npy.read(path)
        self.assertEqual((descr, shape), ("|b1", (2, 2, 4, 5)))
        want = [0 <= i + 1 - j < 1 + h for _, h, i, j in npy.indices(2, 2, 4, 5)]
        self.assertEqual(values, want)
        self.assertAlmostEqual(result["kept_fraction"], sum(want) / len(want))

    def test_bench(self):
        result = self.json_of(
            "bench", self.mod(CAUSAL), "--shape", "Hq=2,Sq=64,D=32", "--seconds", "0.2",
            "--threads", "1",
        )  # fmt: skip
        self.assertEqual(result["shape"], {"B": 1, "Hq": 2, "Hkv": 2, "Sq": 64,
                                           "Skv": 64, "D": 32, "Dv": 32})  # fmt: skip
        self.assertEqual((result["dtype"], result["threads"]), ("f32", 1))
        self.assertAlmostEqual(result["kept_fraction"], 65 / 128)
        flops = 2 * 2 * 64 * 65 / 2 * 64
        self.assertAlmostEqual(result["gflops_best"], flops / result["min_ms"] * 1e-6, places=3)
        for key in ("target", "runs", "median_ms", "gflops_median", "peak_gflops",
                    "peak_share_best"):  # fmt: skip
            self.assertIn(key, result)

    def test_mods_lists_the_library(self):
        entries = self.json_of("mods")["mods"]
        self.assertGreater(len(entries), 100)
        lines = self.succeed("mods").stdout.decode().splitlines()
        self.assertEqual(len(lines), len(entries))
        # Columns: each summary begins where the first one does.
        column = lines[0].index(entries[0]["summary"])
        for entry, line in zip(entries, lines):
            self.assertEqual(line[:column].split(), [entry["name"], entry["kind"]])
            self.assertEqual(line[column:], entry["summary"])
            self.assertIn(entry["kind"], ("score", "mask", "prob", "sink"))
        self.assertIn("windows", {entry["group"] for entry in entries})

    def test_mods_shows_a_text(self):
        text = self.succeed("mods", "sliding_window").stdout
        self.assertIn(b"\nmod sliding_window\n", text)
        result = self.json_of("mods", "sliding_window")
        self.assertEqual((result["text"], result["kind"]), (text.decode(), "mask"))
        self.succeed("check", "-", stdin=text)
        self.refuse("mods", "sliding_windw", says=["sliding_windw", "`sliding_window`"],
                    status=(1,))  # fmt: skip
        self.refuse("mods", "a", "b", says="b", status=(2,))

    def test_a_mod_may_be_a_name_of_the_library(self):
        shape = ["--shape", "Hq=1,Sq=3,D=8"]
        path = self.dir / "m.npy"
        causal = [j <= i for i in range(3) for j in range(3)]
        self.succeed("mask", "causal", *shape, "-o", path)
        self.assertEqual(npy.read(path)[2], causal)
        result = self.json_of("run", "sliding_window", *shape, "--set", "window=2", "--check")
        self.assertTrue(result["check"]["ok"])
        self.succeed("mask", "block_causal", *shape, "--set", "block=1", "-o", path)
        self.assertEqual(npy.read(path)[2], causal)
        self.assertEqual(self.succeed("fmt", "causal").stdout, self.succeed("mods", "causal").stdout)
        self.assertTrue(self.json_of("check", "causal")["ok"])
        self.refuse("fmt", "causal", "--in-place", says=["`causal`", "library"], status=(1,))
        self.refuse("check", "causl", says=["no file", "`causal`"], status=(1,))
        # A path can only mean a file.
        self.refuse("check", "./causal", says="./causal", status=(1,))
        self.refuse("check", "causal.mod", says="causal.mod", status=(1,))

    def test_a_file_goes_before_the_library(self):
        path = self.dir / "m.npy"
        (self.dir / "causal").mkdir()
        self.succeed("mask", "causal", "--shape", "Hq=1,Sq=2,D=8", "-o", path)
        self.assertEqual(npy.read(path)[2], [1, 0, 1, 1])
        (self.dir / "causal").rmdir()
        self.mod("mask = q < kv\n", "causal")
        self.succeed("mask", "causal", "--shape", "Hq=1,Sq=2,D=8", "-o", path)
        self.assertEqual(npy.read(path)[2], [0, 1, 0, 0])
        # Within a mod the name is always the library's.
        self.succeed("mask", "-", "--shape", "Hq=1,Sq=2,D=8", "-o", path,
                     stdin=b"use causal\n")  # fmt: skip
        self.assertEqual(npy.read(path)[2], [1, 0, 1, 1])
        self.refuse("check", "-", stdin=b"use causl\n", says=["<stdin>:1:5", "`causal`"])
        self.refuse("check", "-", stdin=b"use zzzzz\n", says="path in quotes")

    def test_target(self):
        result = self.json_of("target")
        self.assertEqual(set(result), {"cpu", "gpus", "driver", "driver_version"})
        self.assertGreater(result["cpu"]["peak_gflops_1t"], 0)
        self.assertGreater(result["cpu"]["cores"], 0)
        self.assertIsInstance(result["cpu"]["features"], list)
        targets = {target["name"]: target for target in result["cpu"]["targets"]}
        self.assertEqual(list(targets), ["x86-64-v3", "x86-64-v4"])
        self.assertEqual(targets[result["cpu"]["target"]]["peak_gflops_1t"],
                         result["cpu"]["peak_gflops_1t"])  # fmt: skip
        for target in targets.values():
            self.assertEqual(target["runs_here"], target["peak_gflops_1t"] > 0)
        self.assertIsInstance(result["cpu"]["name"], str)
        self.assertEqual(bool(result["gpus"]) and result["driver"] is None, False)


class GpuTest(ToolTest):
    """On a driver without a GPU, whose launches compute nothing."""

    SHAPE = "B=1,Hq=2,Sq=100,D=64"

    def fake(self, **settings):
        return {
            "LD_LIBRARY_PATH": os.path.dirname(FAKE_CUDA),
            **{f"ATTNJIT_FAKE_CUDA_{key}": str(value) for key, value in settings.items()},
        }

    def test_target_lists_gpus(self):
        result = self.json_of("target", environ=self.fake(VERSION=12080, DEVICES=2))
        self.assertEqual(result["driver"], "CUDA 12.8")
        self.assertEqual(len(result["gpus"]), 2)
        gpu = result["gpus"][0]
        self.assertEqual((gpu["name"], gpu["sm"], gpu["memory_bytes"], gpu["target"]),
                         ("Fake H100", "sm_90", 1 << 30, "sm_90"))  # fmt: skip
        result = self.json_of("target", environ=self.fake(DEVICES=0))
        self.assertEqual((result["gpus"], result["driver"]), ([], "CUDA 13.0"))

    def test_run_copies_and_checks(self):
        mod, path = self.mod(CAUSAL), self.dir / "out.npy"
        command = ("run", mod, "--shape", self.SHAPE, "--dtype", "bf16", "--target", "cuda")
        result = self.json_of(*command, "-o", path, environ=self.fake())
        self.assertEqual((result["cache"], result["check"]), ("miss", None))
        # What nobody has computed is what was there before, and no result.
        self.assertEqual(set(npy.read(path)[2]), {0})
        result = self.json_of(*command, "--check", status=1, environ=self.fake())
        self.assertEqual(result["cache"], "disk")
        self.assertFalse(result["check"]["ok"])

    def test_without_a_gpu_it_compiles_and_says_so(self):
        mod, none = self.mod(CAUSAL), self.fake(DEVICES=0)
        shape = ("--shape", self.SHAPE, "--dtype", "f16")
        self.refuse("run", mod, *shape, "--target", "cuda", says="no GPU", environ=none)
        self.refuse("run", mod, *shape, "--target", "sm_80", says="no GPU", environ=none)
        self.refuse("bench", mod, *shape, "--target", "sm_80", says="no GPU", environ=none)
        for cache in ("miss", "disk"):
            result = self.json_of("compile", mod, "--head-dim", "64", "--dtype", "bf16",
                                  "--target", "sm_80", environ=none)  # fmt: skip
            self.assertEqual((result["target"], result["cache"]), ("sm_80", cache))

    def test_bench_gives_tflops(self):
        result = self.json_of("bench", self.mod(CAUSAL), "--shape", self.SHAPE, "--dtype",
                              "bf16", "--target", "cuda", "--seconds", "0.1",
                              environ=self.fake())  # fmt: skip
        self.assertEqual((result["target"], result["device"]), ("sm_90", "Fake H100"))
        self.assertIsNone(result["threads"])
        self.assertIsNone(result["peak_gflops"])
        flops = 2 * 2 * 100 * 101 / 2 * 128
        self.assertAlmostEqual(result["tflops_median"], flops / result["median_ms"] * 1e-9)

    def test_stages(self):
        mod, path = self.mod(CAUSAL), self.dir / "stage"
        command = ("compile", mod, "--head-dim", "64", "--dtype", "bf16", "--emit")
        for stage in ("ptx", "asm"):
            done = self.succeed(*command, stage, "--target", "sm_90")
            self.assertIn(b".entry attnjit_prefill(", done.stdout)
            self.assertIn(b".target sm_90", done.stdout)
        self.refuse(*command, "ptx", says="no GPU")
        self.refuse(*command, "cubin", "-o", path, says="no GPU")
        self.refuse(*command, "obj", "-o", path, "--target", "sm_90", says="cubin")
        self.refuse(*command, "cubin", "--target", "sm_90", "--json", says="-o")
        self.assertFalse(path.exists())


if __name__ == "__main__":
    # Absolute: tests run the tool in other directories.
    TOOL = os.path.abspath(sys.argv.pop(1))
    FAKE_CUDA = os.path.abspath(sys.argv.pop(1))
    SEED = int(os.environ.get("ATTNJIT_TEST_SEED", "20240607"))
    random.seed(SEED)
    print(f"seed {SEED} (ATTNJIT_TEST_SEED)")
    unittest.main()
