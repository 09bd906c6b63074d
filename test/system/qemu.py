# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
"""test/system/qemu.py - starts a machine, watches its console, cuts its power"""
import os
import selectors
import subprocess
import time


class Machine:
    """One run of QEMU; its console is what @wait_for looks at."""

    def __init__(self, argv, log=None):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.text = ""
        self.seen = 0
        self.log = log

    def pump(self, seconds):
        """Reads what comes within @seconds; False once the machine has ended."""
        if not self.selector.select(seconds):
            return True
        data = self.process.stdout.read()
        if data:
            self.text += data.decode(errors="replace")
            if self.log:
                self.log.write(data)
                self.log.flush()
        return data != b""

    def wait_for(self, *words, timeout=120):
        """Waits until the console has printed one of @words since the last one found."""
        end = time.monotonic() + timeout
        while True:
            hits = [(self.text.find(w, self.seen), w) for w in words]
            hits = [h for h in hits if h[0] >= 0]
            if hits:
                at, word = min(hits)
                self.seen = at + len(word)
                return word
            left = end - time.monotonic()
            if left <= 0 or not self.pump(min(left, 1)):
                raise AssertionError(f"the console did not print {words}:\n{self.text[-4000:]}")

    def send(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def wait_end(self, timeout=120):
        end = time.monotonic() + timeout
        while self.pump(0.5):
            if time.monotonic() > end:
                self.cut()
                raise AssertionError(f"the machine did not end:\n{self.text[-4000:]}")
        self.process.wait(10)
        return self.text

    def cut(self):
        """A power cut: with cache=writethrough the host keeps exactly what was flushed."""
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.cut()


def x86(disk, firmware=None, log=None, extra=()):
    """A q35 machine that boots from @disk; @firmware: OVMF's (code, vars) or None for BIOS."""
    argv = ["qemu-system-x86_64", "-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "max",
            "-smp", "2", "-m", "512", "-display", "none", "-serial", "stdio", "-monitor", "none",
            "-no-reboot", "-nic", "none",
            "-drive", f"file={disk},format=raw,if=virtio,cache=writethrough", *extra]
    if firmware:
        code, variables = firmware
        argv += ["-drive", f"if=pflash,format=raw,readonly=on,file={code}",
                 "-drive", f"if=pflash,format=raw,file={variables}"]
    return Machine(argv, log)
