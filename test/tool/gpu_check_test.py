#!/usr/bin/env python3
# Part of attn-jit, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""attn-jit-gpu-check and gpu_peers.py, without a GPU.

Takes the paths of attn-jit-gpu-check, of attn-jit and of gpu_peers.py. The
check runs against a tool that answers by rote (fake_attn_jit.py), and once
against the real one on the processor; the peers against a PyTorch that computes
nothing (fake_torch).
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

CHECK = TOOL = PEERS = None
HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT_SECONDS = 400

# What every program that reads records relies on.
KEYS = {
    "device",
    "sm",
    "driver",
    "commit",
    "tests",
    "failures",
    "golden_instructions",
    "bench",
}
PEER_KEYS = {"sdpa_cudnn", "sdpa_flash", "flex_triton", "flex_flash"}


class GpuCheckTest(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="attnjit-gpu-check-")
        self.addCleanup(holder.cleanup)
        self.dir = pathlib.Path(holder.name)

    def environment(self, tool="", torch=""):
        return dict(
            os.environ,
            FAKE_TOOL=tool,
            FAKE_TORCH=torch,
            PYTHONPATH=str(HERE / "fake_torch"),
            PYTHONDONTWRITEBYTECODE="1",
            TMPDIR=str(self.dir),
            # No compute-sanitizer.
            PATH=os.path.dirname(sys.executable) + ":/usr/bin:/bin",
        )

    def check(self, *arguments, status=0, tool="", torch="", path=None):
        path = path or HERE / "fake_attn_jit.py"
        done = subprocess.run(
            [CHECK, "--tool", path, "--out", self.dir, "--jobs", "4", *arguments],
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            env=self.environment(tool, torch),
        )
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def record(self):
        (file,) = self.dir.glob("20*.json")
        return json.loads(file.read_text()), file.name

    def check_record(self, *arguments, **options):
        self.check(*arguments, **options)
        record, _ = self.record()
        self.assertLessEqual(KEYS, set(record))
        return record

    # --- The tests of the device ---

    def test_all_pass(self):
        done = self.check("--tests-only", "--commit", "abc", "--filter", "bf16 B=1")
        record, name = self.record()
        self.assertRegex(name, r"^\d{4}-\d\d-\d\d-Fake-GPU-80GB-TM-?\.json$")
        self.assertEqual(
            (record["device"], record["sm"], record["driver"], record["commit"]),
            ("Fake GPU 80GB (TM)", "sm_90", "580.1 (CUDA 13.0)", "abc"),
        )
        self.assertGreater(record["tests"]["passed"], 20)
        self.assertEqual(record["tests"]["failed"], 0)
        self.assertEqual(record["failures"], [])
        self.assertTrue(record["complete"])
        # Cases under compute-sanitizer, which PATH does not lead to, unless
        # the toolkit is where it usually is.
        if not os.path.exists("/usr/local/cuda/bin/compute-sanitizer"):
            self.assertGreater(record["tests"]["skipped"], 0)
            self.assertIn("[SKIP] compute-sanitizer", done.stdout)

    def test_failures_are_named(self):
        record = self.check_record(
            "--tests-only",
            status=1,
            tool="check=causal crash=sinks garbage=alibi",
        )
        causal = [f for f in record["failures"] if f.startswith("causal ")]
        sinks = [f for f in record["failures"] if f.startswith("sinks ")]
        self.assertTrue(causal and sinks)
        self.assertEqual(len(record["failures"]), record["tests"]["failed"])
        tests = record["tests"]["passed"] + record["tests"]["failed"]
        self.assertGreater(tests, 90)
        self.assertIn("exit status 1: row 3 is off by 2", causal[0])
        self.assertIn("Sq=", causal[0])
        self.assertIn("signal 11", sinks[0])
        alibi = [f for f in record["failures"] if f.startswith("alibi ")]
        self.assertIn("nothing was checked", alibi[0])

    def test_programs_beside_the_tool(self):
        tool = self.dir / "bin" / "attn-jit"
        tool.parent.mkdir()
        shutil.copy(HERE / "fake_attn_jit.py", tool)
        for name in ("GoldenInstructionGpuTests", "DifferentialTest", "CpuTests"):
            shutil.copy(HERE / "fake_google_test.py", tool.parent / name)
        options = ("--tests-only", "--filter", "no such case")
        sanitizer = os.path.exists("/usr/local/cuda/bin/compute-sanitizer")
        others = 2 + (8 if sanitizer else 0)
        record = self.check_record(*options, path=tool)
        # Two of each part pass; CpuTests has nothing to do with a GPU.
        self.assertEqual(record["golden_instructions"], {"passed": 2, "failed": 0})
        self.assertEqual(record["tests"]["passed"], others + 64 * 2)
        self.assertEqual(record["tests"]["failed"], 0)
        parts = [json.loads(line) for line in (tool.parent / "runs").open()]
        parts = [part for part in parts if part["program"] == "DifferentialTest"]
        self.assertEqual({part["target"] for part in parts}, {"cuda"})
        self.assertEqual({part["total"] for part in parts}, {"64"})
        self.assertEqual(
            sorted(int(part["index"]) for part in parts), list(range(64))
        )

        # A part that breaks down costs itself; a failed test is named.
        record = self.check_record(
            *options, path=tool, status=1, tool="crash-part=7 fail-part=9"
        )
        self.assertEqual(record["tests"]["passed"], others + 62 * 2 + 1)
        self.assertEqual(record["tests"]["failed"], 2)
        failures = sorted(record["failures"])
        part = "DifferentialTest, part {} of 64"
        self.assertRegex(failures[0], f"^{part.format(7)}: signal 11, ")
        self.assertEqual(failures[1], f"{part.format(9)} Suite.Two: it is 9")

    def test_time_is_limited(self):
        record = self.check_record("--tests-only", "--test-seconds", "0.001")
        self.assertGreater(record["tests"]["skipped"], 90)
        self.assertIn("were over", " ".join(record["skips"]))

    def test_without_gpu(self):
        done = self.check(status=77, tool="no-gpu")
        self.assertIn("[SKIP]", done.stdout)
        self.assertEqual(list(self.dir.glob("*.json")), [])

    def test_bad_command_lines(self):
        self.check("--tests-only", "--bench-only", status=2)
        self.check("--jobs", "0", status=2)
        done = self.check(path="/missing", status=1)
        self.assertIn("/missing", done.stderr)

    def test_on_the_processor(self):
        record = self.check_record(
            "--target",
            "host",
            "--filter",
            "Sq=100,Skv=130",
            "--tests-only",
            path=TOOL,
        )
        self.assertGreater(record["tests"]["passed"], 5)
        self.assertEqual(record["failures"], [])

    # --- The benchmark ---

    def test_benchmark_without_peers(self):
        record = self.check_record("--bench-only")
        self.assertGreater(len(record["bench"]), 15)
        for entry in record["bench"]:
            self.assertLessEqual(PEER_KEYS, set(entry["peers"]))
            self.assertEqual(set(entry["peers"].values()), {None})
            self.assertEqual(entry["kernel"], "sm_80")
        first = record["bench"][0]
        self.assertEqual((first["mod"], first["dtype"]), ("no_mask", "bf16"))
        # The mean of 1 and 3 ms; half of all pairs are kept.
        self.assertEqual(first["median_ms"], 2.0)
        s = first["shape"]
        flops = 2 * 0.5 * s["B"] * s["Hq"] * s["Sq"] * s["Skv"] * (s["D"] + s["Dv"])
        self.assertAlmostEqual(first["tflops"], flops / 2e-3 * 1e-12)
        self.assertEqual(first["compile_ms"], {"miss": 10, "disk": 10})

    def test_benchmark_with_peers(self):
        record = self.check_record("--bench-only", "--peers", PEERS)
        self.assertEqual(record["peers"]["torch"], "0.0-fake")
        self.assertEqual(record["peers"]["not_prepared"], [])
        by_mod = {}
        for entry in record["bench"]:
            by_mod.setdefault(entry["mod"], entry)
        dense, window = by_mod["no_mask"], by_mod["sliding_window"]
        # As fast as ours, by two milliseconds.
        self.assertAlmostEqual(dense["peers"]["sdpa_flash"], dense["tflops"])
        self.assertEqual(dense["peers_ms"]["flex_triton"], 2.0)
        self.assertIsNone(dense["peers"]["sdpa_cudnn"])
        self.assertEqual(
            dense["peers_missing"]["sdpa_cudnn"], "RuntimeError: no available kernel"
        )
        self.assertNotIn("block_mask_ms", dense)
        self.assertIsNone(window["peers"]["sdpa_flash"])
        self.assertEqual(window["block_mask_ms"], 2.0)
        self.assertEqual(window["peers_ms"]["flex_triton_with_mask"], 4.0)
        decode = next(b for b in record["bench"] if b["shape"]["Sq"] == 1)
        self.assertAlmostEqual(decode["copy_gb_per_s"], 2 * 2**30 / 2e-3 * 1e-9)

    def test_failing_sides_do_not_end_the_benchmark(self):
        record = self.check_record(
            "--bench-only",
            "--filter",
            "Sq=4096,Skv=4096,D=128",
            "--peers",
            PEERS,
            tool="crash=causal",
            torch="memory",
        )
        mods = [entry["mod"] for entry in record["bench"]]
        self.assertIn("packed_documents", mods)
        causal = record["bench"][mods.index("causal")]
        self.assertIsNone(causal["median_ms"])
        self.assertIn("signal 11", causal["reason"])
        self.assertIn("CUDA out of memory", str(causal["peers_missing"]))

    def test_peers_without_gpu_or_python(self):
        few = "--bench-only", "--filter", "causal"
        record = self.check_record(*few, "--peers", PEERS, torch="gpu")
        self.assertIn("no GPU", record["peers"]["reason"])
        record = self.check_record(*few, "--peers", self.dir / "missing.py")
        self.assertIn("ended", record["peers"]["reason"])
        self.assertEqual(len(record["bench"]), 2)

    # --- The peers alone ---

    def test_peers_to_a_file(self):
        shape = dict(B=1, Hq=8, Hkv=2, Sq=64, Skv=64, D=64, Dv=64)
        cases = [
            {"mod": "softcap", "cap": 50.0},
            {"mod": "alibi", "slopes": [0.5] * 8},
            {"mod": "packed_documents", "documents": [40, 24]},
        ]
        for case in cases:
            case.update(dtype="bf16", shape=shape)
        (self.dir / "cases").write_text(json.dumps(cases))
        subprocess.run(
            [sys.executable, PEERS, self.dir / "cases", "-o", self.dir / "results"],
            check=True,
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            env=self.environment(),
        )
        results = json.loads((self.dir / "results").read_text())
        self.assertEqual([c["mod"] for c in results["cases"]], [c["mod"] for c in cases])
        for case in results["cases"]:
            self.assertEqual(case["peers"]["flex_triton"]["ms"], 2.0)
            self.assertIn("NotImplementedError", case["peers"]["sdpa_flash"]["reason"])


if __name__ == "__main__":
    CHECK, TOOL, PEERS = sys.argv[1:4]
    del sys.argv[1:4]
    unittest.main()
