#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
"""test/bench/create.py - bascule-bundle create beside mksquashfs alone with the same options"""
import argparse
import os
import pathlib

import device as d

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--builddir", type=pathlib.Path, required=True, help="a finished build")
parser.add_argument("--work", type=pathlib.Path, required=True, help="a folder with 4 GiB free")
parser.add_argument("--runs", type=int, default=5)
args = parser.parse_args()
args.work.mkdir(parents=True, exist_ok=True)
image = d.root_image(args.work, "a")
device = d.Device(args.work, d.MIB)
try:
    content = device.work / "content"
    content.mkdir()
    os.link(image, content / "root.ext4")
    (content / "manifest.raucm").write_text(
        "[update]\ncompatible=bench\nversion=1\n\n[bundle]\nformat=verity\n\n"
        "[image.rootfs]\nfilename=root.ext4\n")
    out = device.work / "out"
    contestants = {
        "mksquashfs": ["mksquashfs", content, out, "-noappend", "-no-progress", "-all-root",
                       "-no-xattrs", "-quiet", "-comp", "zstd"],
        "bascule-bundle create": [args.builddir / "bascule-bundle", "create",
                                  f"--cert={device.pki}/signer.pem",
                                  f"--key={device.pki}/signer.key",
                                  f"--keyring={device.pki}/ca.pem", content, out],
    }
    times = {n: [] for n in contestants}
    for _ in range(args.runs):
        for name, argv in contestants.items():
            out.unlink(missing_ok=True)
            d.warm(image)
            times[name].append(d.timed(argv))
    base = d.median(times["mksquashfs"])
    print(f"{os.cpu_count()} cores; warm caches; medians of {args.runs}")
    for name, t in times.items():
        print(f"{name:22} {d.median(t):6.2f} s   {d.median(t) / base:5.2f} of mksquashfs alone")
finally:
    device.close()
