# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/lint/lint.py - what the lints share: the list of files, C without comments, TAP
import os
import re
import sys
from pathlib import Path

ROOT = Path(os.environ.get("BSC_SRCDIR") or Path(__file__).resolve().parents[2])
TOPS = ("common", "dbus", "bundle-tools", "installer", "hawkbit-compat-server", "test")


def is_generated(text):
    return "gdbus-codegen" in text[:400] or "glib-compile-resources" in text[:400]


def files(suffixes, tops=TOPS):
    """Yields (path relative to the root, text) of every file we wrote, sorted."""
    for top in tops:
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix not in suffixes or not path.is_file():
                continue
            text = path.read_text(encoding="utf-8", errors="replace")
            if not is_generated(text):
                yield str(path.relative_to(ROOT)), text


def code_only(text):
    """C without comments and without what stands in quotes; lines stay where they are."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    pattern = r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])+'"
    return re.sub(pattern, blank, text, flags=re.S)


def purpose(path, text):
    """The clause behind `path - ` in one of the first lines, or None."""
    for line in text.splitlines()[:8]:
        match = re.search(re.escape(path) + r"(?:\.in)? - (.+?)(?:\s*\*/|\s*-->)?$", line)
        if match:
            return match.group(1)
    return None


def finish(name, problems):
    """Prints one TAP test with its problems and ends the program."""
    print("1..1")
    for problem in problems:
        print("# " + problem)
    print(("not ok 1 - " if problems else "ok 1 - ") + name)
    sys.exit(0)
