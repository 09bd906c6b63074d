/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* test/unit/common/test-log.c - redaction, event text, notification, time */
#include "config.h"

#include "common/clock.h"
#include "common/event.h"
#include "common/io.h"
#include "common/log.h"
#include "common/notify.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
test_redacts_secrets(void)
{
	static const struct {
		const char *text;
		const char *clean;
	} cases[] = {
		{"GET https://user:pw@host/x failed", "GET https://***@host/x failed"},
		{"Authorization: TargetToken abc", "Authorization: ***"},
		{"a?token=s3cret&b=1", "a?token=***&b=1"},
		{"passphrase = hush ok", "passphrase = *** ok"},
		{"slot rootfs.1: no space", "slot rootfs.1: no space"},
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *clean = bsc_log_redact(cases[i].text);

		g_assert_cmpstr(clean, ==, cases[i].clean);
	}
}

static void
test_event_text(void)
{
	static const char *const fields[] = {"BSC_SLOT", "rootfs.1", NULL};
	g_autofree char *line = bsc_event_format("{BSC_SLOT} by {NOBODY} {open", fields);

	g_assert_cmpstr(line, ==, "rootfs.1 by ? {open");
}

static void
test_notify_sends_a_datagram(void)
{
	g_autofree char *dir = g_dir_make_tmp("bsc-notify-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "socket", NULL);
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	BSC_AUTO_FD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char buf[64] = {0};

	g_strlcpy(addr.sun_path, path, sizeof(addr.sun_path));
	g_assert_cmpint(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), ==, 0);
	g_setenv("NOTIFY_SOCKET", path, TRUE);
	bsc_notify("READY=1");
	g_assert_cmpint(recv(fd, buf, sizeof(buf) - 1, MSG_DONTWAIT), ==, 7);
	g_assert_cmpstr(buf, ==, "READY=1");
	g_unsetenv("NOTIFY_SOCKET");
	bsc_notify("READY=1"); /* nothing to tell it to is no fault */
	g_assert_true(bsc_io_remove_tree(dir, NULL));
}

static void
test_clock(void)
{
	g_autofree char *text = NULL;

	bsc_clock_set_for_test(G_GINT64_CONSTANT(1795422600) * G_USEC_PER_SEC);
	text = bsc_clock_format_utc(bsc_clock_now_usec());
	g_assert_cmpstr(text, ==, "2026-11-23T08:30:00Z");
	bsc_clock_set_for_test(-1);
	g_assert_cmpint(bsc_clock_now_usec(), >, G_GINT64_CONSTANT(1600000000) * G_USEC_PER_SEC);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/common/log/redacts-secrets", test_redacts_secrets);
	g_test_add_func("/common/event/fills-in-fields", test_event_text);
	g_test_add_func("/common/notify/sends-a-datagram", test_notify_sends_a_datagram);
	g_test_add_func("/common/clock/can-be-set", test_clock);
	return g_test_run();
}
