#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
"""test/bench/memory.py - memory of the service, idle and while it installs, for each codec

Samples /proc/PID/smaps_rollup of basculed every 5 ms during an installation over D-Bus and prints
the highest Private_Dirty, Anonymous and Private_Clean seen.
"""
import argparse
import pathlib
import subprocess
import threading
import time

import device as d

parser = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--builddir", type=pathlib.Path, required=True, help="a finished build")
parser.add_argument("--work", type=pathlib.Path, required=True, help="a folder with 12 GiB free")
parser.add_argument("--only", default="", metavar="CODEC", help="one codec's cases")
args = parser.parse_args()
args.work.mkdir(parents=True, exist_ok=True)
tool, client = args.builddir / "bascule-bundle", args.builddir / "bascule"

CASES = [(codec, block, 1024, 2) for codec in ("gzip", "xz", "zstd", "lz4")
         for block in ("128K", "1M")] + [("xz", "1M", 4096, 16)]


def large_image(image, mib):
    """The image followed by itself until it has @mib MiB."""
    if mib == image.stat().st_size >> 20:
        return image
    out = image.with_name(f"{image.stem}-{mib}.ext4")
    if not out.exists():
        for _ in range(mib // (image.stat().st_size >> 20)):
            d.run("sh", "-c", f"cat {image} >> {out}")
    return out


def watch(pid, peak, done):
    while not done.is_set():
        for key, value in d.memory_kib(pid).items():
            peak[key] = max(peak.get(key, 0), value)
        time.sleep(0.005)


def one_case(image, codec, block, mib, workers):
    source = large_image(image, mib)
    device = d.Device(args.work, source.stat().st_size)
    bus = d.Bus(device.work)
    try:
        b = d.bundle(tool, device, source, "verity", "b", f"--compression={codec}",
                     f"--mksquashfs-args=-b {block}")
        conf = device.write_config(own=f"workers={workers}")
        service = subprocess.Popen([args.builddir / "basculed", f"--conf={conf}",
                                    "--override-boot-slot=A"], env=bus.env,
                                   stderr=subprocess.DEVNULL)
        bus.wait_for("org.bascule.Update1", service)
        time.sleep(0.5)
        idle, peak, done = d.memory_kib(service.pid), {}, threading.Event()
        watcher = threading.Thread(target=watch, args=(service.pid, peak, done))
        watcher.start()
        d.run(client, "install", "--no-progress", b, env=bus.env)
        done.set()
        watcher.join()
        time.sleep(0.5)
        after = d.memory_kib(service.pid)
        d.stop(service)
        return idle, peak, after
    finally:
        bus.close()
        device.close()


image = d.root_image(args.work, "a")
print("codec block  image workers |        idle KiB: dirty clean | installing: dirty   anon  clean"
      " | after: dirty")
for codec, block, mib, workers in [c for c in CASES if args.only in c[0]]:
    idle, peak, after = one_case(image, codec, block, mib, workers)
    print(f"{codec:5} {block:>5} {mib:5} M {workers:7} | {idle['Private_Dirty']:22} "
          f"{idle['Private_Clean']:5} | {peak['Private_Dirty']:17} {peak['Anonymous']:6} "
          f"{peak['Private_Clean']:6} | {after['Private_Dirty']:12}", flush=True)
