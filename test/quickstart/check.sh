#!/usr/bin/env bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# SPDX-FileCopyrightText: 2026 The Bascule authors
# test/quickstart/check.sh - builds and runs the whole test suite; ends with `N passed, N failed`
set -uo pipefail
. "$top/test/quickstart/setup.sh"
passed=0
failed=0

count() { # WHAT PASSED FAILED
    passed=$((passed + $2))
    failed=$((failed + $3))
    printf '%-44s %5d passed %3d failed  (%d s)\n' "$1" "$2" "$3" "$SECONDS"
    SECONDS=0
}

# One test of its own: a command that must succeed
step() { # NAME COMMAND…
    local name=$1 log
    log=$work/$(echo "$1" | tr -c 'a-z0-9\n' -).log
    shift
    if "$@" >"$log" 2>&1; then
        count "$name" 1 0
    else
        tail -n 40 "$log"
        count "$name (see $log)" 0 1
    fi
}

# make check of one build; each TAP point counts
make_check() { # NAME DIR
    local ok bad
    make -C "$2" -j"$(nproc)" -k check >"$2/check.log" 2>&1
    ok=$(find "$2" -name '*.trs' -exec cat {} + | grep -c ':test-result: PASS')
    bad=$(find "$2" -name '*.trs' -exec cat {} + | grep -cE ':test-result: (FAIL|ERROR|XPASS)')
    if [ "$ok" = 0 ]; then
        tail -n 30 "$2/check.log"
        bad=$((bad + 1))
    elif [ "$bad" != 0 ]; then
        grep -hE '^(not ok|Bail out|ERROR|FAIL)' "$2/test-suite.log" | head -n 40
    fi
    find "$2" -name '*.trs' -exec cat {} + | grep ':test-result: SKIP' | sed 's/^.*SKIP/  skipped:/'
    count "$1" "$ok" "$bad"
}

# The black-box tests, on the installed programs
run_pytest() {
    local xml=$work/pytest.xml
    rm -f "$xml"
    BSC_BINDIR=$work/check/root/usr BSC_BUILDDIR=$work/check BSC_SRCDIR=$top \
        PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 -m pytest -p no:cacheprovider -q -rs --timeout=300 \
        -n "$(nproc)" --dist loadfile --basetemp="$work/tmp/pytest" --junitxml="$xml" \
        "$top/test/integration" >"$work/pytest.log" 2>&1
    grep -E '^(FAILED|ERROR|SKIPPED)' "$work/pytest.log"
    count "black-box tests" $(python3 - "$xml" <<'P'
import sys, xml.etree.ElementTree as tree
try:
    suite = next(tree.parse(sys.argv[1]).getroot().iter("testsuite"))
    bad = int(suite.get("failures")) + int(suite.get("errors"))
    print(int(suite.get("tests")) - bad - int(suite.get("skipped")), bad)
except (OSError, StopIteration, tree.ParseError):
    print(0, 1)
P
    )
}

distcheck() {
    make -C "$work/check" -j"$(nproc)" distcheck DISTCHECK_CONFIGURE_FLAGS=--enable-rauc-names
}

everything_off() {
    build_tree "$work/off" --enable-werror --without-service --without-server --without-agent \
        --without-streaming --without-lzma --without-lz4
}

demo() {
    BSC_BUILDDIR=$work/check BASCULE_QUICKSTART_DIR=$work/demo-run "$top/quickstart" demo
}

say "Building"
SECONDS=0
step "build, warnings are errors" build_tree "$work/check" --enable-werror --enable-rauc-names
step "install" make -C "$work/check" install DESTDIR="$work/check/root"
say "Testing"
make_check "unit tests, lints, fuzz corpora" "$work/check"
run_pytest
step "the quickstart demo" demo
step "build with everything off" everything_off
step "build with sanitizers" build_tree "$work/sanitize" --enable-werror --enable-rauc-names \
    --enable-sanitizers
make_check "unit tests, corpora under ASan and UBSan" "$work/sanitize"
step "distcheck" distcheck
echo
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
