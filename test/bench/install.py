#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
"""test/bench/install.py - one installation beside dd and beside RAUC's service, as ratios

A real 1 GiB ext4 image with about 300 MB of Debian, slots on loop devices. Before each timed run
the slot holds another real image, every block allocated, and caches are dropped (cold) or bundle
and slot are read once (warm). The time ends after the fsync; the slot's digest is checked outside
it. Medians of --runs. Needs root, squashfs-tools, mmdebstrap, grub-common and rauc.
"""
import argparse
import os
import pathlib
import subprocess

import device as d

parser = argparse.ArgumentParser(description=__doc__,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--builddir", type=pathlib.Path, required=True, help="a finished build")
parser.add_argument("--work", type=pathlib.Path, required=True, help="a folder with 8 GiB free")
parser.add_argument("--runs", type=int, default=5)
parser.add_argument("--skip-rauc", action="store_true")
parser.add_argument("--only", default="", help="substring of the contestants to run")
args = parser.parse_args()
args.work.mkdir(parents=True, exist_ok=True)

tool = args.builddir / "bascule-bundle"
client = args.builddir / "bascule"
image = d.root_image(args.work, "a")
old = d.root_image(args.work, "b")
size = image.stat().st_size
wanted = d.run("sha256sum", image).split()[0]
device = d.Device(args.work, size, old)
bundles = {f: d.bundle(tool, device, image, f, f) for f in ("plain", "verity")}


def reset_boot_state():
    d.run("grub-editenv", device.work / "grubenv", "set", "ORDER=A B", "A_OK=1", "A_TRY=0",
          "B_OK=1", "B_TRY=0")
    for path in device.work.glob("status.raucs*"):
        path.unlink()


def bascule(fmt, verify):
    conf = device.write_config(own=f"verify-written={verify}")
    return [client, "install", "--standalone", "--no-progress", f"--conf={conf}",
            "--override-boot-slot=A", "--force-on-trial", bundles[fmt]]


contestants = {
    "dd": lambda: ["dd", f"if={image}", f"of={device.slot.device}", "bs=1M", "conv=fsync"],
    "plain, read-back off": lambda: bascule("plain", "off"),
    "plain": lambda: bascule("plain", "written"),
    "verity, read-back off": lambda: bascule("verity", "off"),
    "verity": lambda: bascule("verity", "written"),
}
if not args.skip_rauc:
    contestants["RAUC, plain"] = lambda: ["rauc", "install", bundles["plain"]]


def start_rauc(bus):
    conf = device.write_config()
    process = subprocess.Popen(["rauc", f"--conf={conf}", "service", "--override-boot-slot=A"],
                               env=bus.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    bus.wait_for("de.pengutronix.rauc", process)
    return process


def one_run(name, cold, bus):
    reset_boot_state()
    device.slot.refill()
    argv = contestants[name]()
    rauc = start_rauc(bus) if name.startswith("RAUC") else None
    d.drop_caches()
    if not cold:
        d.warm(image, device.slot.path, device.slot.device, *bundles.values())
    seconds = d.timed(argv, env=bus.env if rauc else None)
    if rauc:
        d.stop(rauc)
    d.run("blockdev", "--flushbufs", device.slot.device)
    if device.slot.digest(size) != wanted:
        raise SystemExit(f"{name}: the slot does not hold the image")
    return seconds


def bytes_written(argv):
    """Bytes that reached the slot's device during a command."""
    stat = pathlib.Path(f"/sys/block/{os.path.basename(device.slot.device)}/stat")
    d.run("sync")
    before = int(stat.read_text().split()[6])
    d.run(*argv)
    d.run("sync")
    return 512 * (int(stat.read_text().split()[6]) - before)


bus = d.Bus(device.work)
try:
    print(f"{os.cpu_count()} cores; image {size >> 20} MiB with "
          f"{image.stat().st_blocks * 512 >> 20} MiB allocated; bundles "
          + ", ".join(f"{f} {b.stat().st_size >> 20} MiB" for f, b in bundles.items()))
    for cold in (True, False):
        times = {n: [] for n in contestants if args.only in n or n == "dd"}
        for _ in range(args.runs):
            for name in times:
                times[name].append(one_run(name, cold, bus))
        mid = {n: d.median(t) for n, t in times.items()}
        print(f"\n{'cold' if cold else 'warm'} caches        median s    min    max   of dd"
              "   of RAUC")
        for name, t in times.items():
            rauc = f"{mid[name] / mid['RAUC, plain']:9.2f}" if "RAUC, plain" in mid else ""
            print(f"{name:22} {mid[name]:8.2f} {min(t):6.2f} {max(t):6.2f} "
                  f"{mid[name] / mid['dd']:7.2f} {rauc}")
        for a in ("read-back off", ""):
            v, p = (f"{f}, {a}" if a else f for f in ("verity", "plain"))
            if v in mid and p in mid:
                print(f"{v} / {p}: {mid[v] / mid[p]:.2f}")
    if "plain" in mid:
        again = bytes_written(bascule("plain", "written"))
        print(f"\nsecond installation of the same bundle: {again} bytes written, "
              f"{100 * again / size:.4f} % of the image")
finally:
    bus.close()
    device.close()
