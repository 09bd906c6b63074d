/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "test/support/fake-bootloader.h"

#include "common/error.h"
#include "installer/boot/boot-order.h"

#define ATTEMPTS 3

static gboolean
check_readable(BscBootEnv *env, GError **error)
{
	const TestFakeBootloader *self = env->data;

	return !self->is_unreadable ||
	       bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
			     "planned: unreadable");
}

static int
get_left(const TestFakeBootloader *self, const char *bootname)
{
	gpointer value;

	return g_hash_table_lookup_extended(self->attempts, bootname, NULL, &value)
		       ? GPOINTER_TO_INT(value)
		       : -1;
}

static void
set_left(TestFakeBootloader *self, const char *bootname, int left)
{
	g_hash_table_replace(self->attempts, g_strdup(bootname), GINT_TO_POINTER(left));
}

/* Records a call. Returns FALSE with an error where it is planned to fail. */
static gboolean
record(TestFakeBootloader *self, char *call, GError **error)
{
	g_ptr_array_add(self->calls, call);
	if (self->fail_at > 0 && --self->fail_at == 0)
		return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
				     "planned: %s", call);
	return TRUE;
}

static void
take_order(TestFakeBootloader *self, char *order)
{
	g_free(self->order);
	self->order = order;
}

static gboolean
fake_get_primary(BscBootEnv *env, char **out_bootname, GError **error)
{
	const TestFakeBootloader *self = env->data;
	g_auto(GStrv) names = bsc_boot_order_split(self->order != NULL ? self->order : "");

	if (!check_readable(env, error))
		return FALSE;
	*out_bootname = NULL;
	for (size_t i = 0; names[i] != NULL && *out_bootname == NULL; i++) {
		if (get_left(self, names[i]) > 0)
			*out_bootname = g_strdup(names[i]);
	}
	return TRUE;
}

static gboolean
fake_set_primary(BscBootEnv *env, const char *bootname, GError **error)
{
	TestFakeBootloader *self = env->data;
	g_autofree char *order = bsc_boot_order_get(self->order, env->config);

	if (!record(self, g_strdup_printf("set_primary %s", bootname), error))
		return FALSE;
	if (self->ignore_sets)
		return TRUE;
	take_order(self, bsc_boot_order_put_first(order, bootname));
	set_left(self, bootname, ATTEMPTS);
	return TRUE;
}

static gboolean
fake_get_state(BscBootEnv *env, const char *bootname, BscBootState *out, GError **error)
{
	const TestFakeBootloader *self = env->data;
	int left = get_left(self, bootname);

	if (!check_readable(env, error))
		return FALSE;
	if (left == 0 || (self->order != NULL && !bsc_boot_order_has(self->order, bootname)))
		*out = BSC_BOOT_STATE_BAD;
	else
		*out = left < 0 || self->order == NULL ? BSC_BOOT_STATE_UNKNOWN
						       : BSC_BOOT_STATE_GOOD;
	return TRUE;
}

static gboolean
fake_set_state(BscBootEnv *env, const char *bootname, BscBootState state, GError **error)
{
	TestFakeBootloader *self = env->data;
	g_autofree char *order = bsc_boot_order_get(self->order, env->config);
	gboolean good = state == BSC_BOOT_STATE_GOOD;

	if (!record(self, g_strdup_printf("set_state %s %s", bootname, good ? "good" : "bad"),
		    error))
		return FALSE;
	if (self->ignore_sets)
		return TRUE;
	take_order(self, good ? bsc_boot_order_put_last(order, bootname)
			      : bsc_boot_order_remove(order, bootname));
	set_left(self, bootname, good ? ATTEMPTS : 0);
	return TRUE;
}

static gboolean
fake_get_current(BscBootEnv *env, char **out_bootname, GError **error)
{
	const TestFakeBootloader *self = env->data;

	*out_bootname = g_strdup(self->current);
	return TRUE;
}

static gboolean
fake_get_attempts(BscBootEnv *env, const char *bootname, int *out, GError **error)
{
	*out = get_left(env->data, bootname);
	return check_readable(env, error);
}

static const BscBootloaderOps fake_ops = {
	.name = "fake",
	.get_primary = fake_get_primary,
	.set_primary = fake_set_primary,
	.get_state = fake_get_state,
	.set_state = fake_set_state,
	.get_current = fake_get_current,
	.get_attempts = fake_get_attempts,
};

TestFakeBootloader *
test_fake_bootloader_new(const char *order)
{
	TestFakeBootloader *self = g_new0(TestFakeBootloader, 1);
	g_auto(GStrv) names = bsc_boot_order_split(order != NULL ? order : "");

	self->order = g_strdup(order);
	self->attempts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	self->calls = g_ptr_array_new_with_free_func(g_free);
	for (size_t i = 0; names[i] != NULL; i++)
		set_left(self, names[i], ATTEMPTS);
	return self;
}

void
test_fake_bootloader_free(TestFakeBootloader *self)
{
	if (self == NULL)
		return;
	g_hash_table_unref(self->attempts);
	g_ptr_array_unref(self->calls);
	g_free(self->order);
	g_free(self->current);
	g_free(self);
}

BscBootloader *
test_fake_bootloader_open(TestFakeBootloader *self, const BscSystemConfig *config)
{
	return bsc_bootloader_new_for_ops(&fake_ops, config, &(BscBootEnv){.data = self});
}

const char *
test_fake_bootloader_boot(TestFakeBootloader *self)
{
	g_auto(GStrv) names = bsc_boot_order_split(self->order != NULL ? self->order : "");

	g_clear_pointer(&self->current, g_free);
	for (size_t i = 0; names[i] != NULL; i++) {
		int left = get_left(self, names[i]);

		if (left <= 0)
			continue;
		set_left(self, names[i], left - 1);
		self->current = g_strdup(names[i]);
		break;
	}
	return self->current;
}
