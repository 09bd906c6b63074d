/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
#include "config.h"

#include "installer/boot/boot-barebox.h"

#include "common/error.h"

#include <string.h>

#define PRIMARY_PRIORITY 20
#define OTHER_PRIORITY	 10

/* What bootchooser knows of one slot; it boots the highest priority that has attempts left. */
typedef struct {
	const char *bootname;
	uint32_t priority; /* 0 = never */
	uint32_t attempts;
} Target;

/* All slots of the configuration, in its order: of equal priorities the first counts. */
typedef struct {
	Target *targets;
	size_t n;
} State;

static void
state_clear(State *state)
{
	g_clear_pointer(&state->targets, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(State, state_clear)

static GPtrArray *
start_argv(const BscBootEnv *env)
{
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(argv, g_strdup(env->barebox_state));
	if (env->config->barebox_statename != NULL) {
		g_ptr_array_add(argv, g_strdup("-n"));
		g_ptr_array_add(argv, g_strdup(env->config->barebox_statename));
	}
	if (env->config->barebox_dtbpath != NULL) {
		g_ptr_array_add(argv, g_strdup("-i"));
		g_ptr_array_add(argv, g_strdup(env->config->barebox_dtbpath));
	}
	return argv;
}

/* Warnings of the tool go to stderr and are no numbers: only stdout is taken. */
static gboolean
run_tool(BscBootEnv *env, GPtrArray *argv, char **out_text, GError **error)
{
	g_ptr_array_add(argv, NULL);
	if (env->run((const char *const *)argv->pdata, NULL, FALSE, out_text, env->data, error))
		return TRUE;
	g_prefix_error(error, "the barebox state cannot be reached: ");
	return FALSE;
}

static gboolean
parse_number(const char *text, uint32_t *out, GError **error)
{
	guint64 value;

	if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT32, &value, NULL))
		return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
				     "barebox-state printed '%s' where a number was expected",
				     text);
	*out = (uint32_t)value;
	return TRUE;
}

/* Two lines for each target, in the order asked for. */
static gboolean
parse_state(State *state, char *text, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);

	if (g_strv_length(lines) != 2 * state->n)
		return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_ENVIRONMENT,
				     "barebox-state printed %u lines where %zu were expected",
				     g_strv_length(lines), 2 * state->n);
	for (size_t i = 0; i < state->n; i++) {
		if (!parse_number(g_strstrip(lines[2 * i]), &state->targets[i].priority, error) ||
		    !parse_number(g_strstrip(lines[2 * i + 1]), &state->targets[i].attempts, error))
			return FALSE;
	}
	return TRUE;
}

/* One call reads everything, so that what is seen existed at one moment. */
static gboolean
read_state(BscBootEnv *env, State *out, GError **error)
{
	g_autoptr(GPtrArray) slots = bsc_slot_table_list_bootable(env->config);
	g_autoptr(GPtrArray) argv = start_argv(env);
	g_auto(State) state = {.targets = g_new0(Target, slots->len), .n = slots->len};
	g_autofree char *text = NULL;

	for (size_t i = 0; i < state.n; i++) {
		const BscSlot *slot = g_ptr_array_index(slots, i);
		const char *name = slot->bootname;

		state.targets[i].bootname = name;
		g_ptr_array_add(argv, g_strdup("-g"));
		g_ptr_array_add(argv, g_strdup_printf("bootstate.%s.priority", name));
		g_ptr_array_add(argv, g_strdup("-g"));
		g_ptr_array_add(argv, g_strdup_printf("bootstate.%s.remaining_attempts", name));
	}
	if (!run_tool(env, argv, &text, error) || !parse_state(&state, text, error))
		return FALSE;
	*out = state;
	state.targets = NULL;
	return TRUE;
}

static Target *
find_target(const State *state, const char *bootname)
{
	for (size_t i = 0; i < state->n; i++) {
		if (g_str_equal(state->targets[i].bootname, bootname))
			return &state->targets[i];
	}
	return NULL;
}

static Target *
find_wanted(const State *state, const char *bootname, GError **error)
{
	Target *target = find_target(state, bootname);

	if (target == NULL)
		bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_UNSUPPORTED,
			      "'%s' is the bootname of no bootable slot", bootname);
	return target;
}

static gboolean
is_bootable(const Target *target)
{
	return target->priority > 0 && target->attempts > 0;
}

static void
add_change(GPtrArray *argv, const char *bootname, const char *what, uint32_t value)
{
	g_ptr_array_add(argv, g_strdup("-s"));
	g_ptr_array_add(argv, g_strdup_printf("bootstate.%s.%s=%u", bootname, what, value));
}

static gboolean
check_written(BscBootEnv *env, const State *wanted, GError **error)
{
	g_auto(State) found = {NULL};

	if (!read_state(env, &found, error))
		return FALSE;
	for (size_t i = 0; i < wanted->n; i++) {
		if (found.targets[i].priority != wanted->targets[i].priority ||
		    found.targets[i].attempts != wanted->targets[i].attempts)
			return bsc_error_set(error, BSC_BOOT_ERROR, BSC_BOOT_ERROR_READBACK,
					     "barebox-state succeeded but the state of '%s' is not "
					     "what was written",
					     wanted->targets[i].bootname);
	}
	return TRUE;
}

/*
 * All that differs goes into one call, which is one write of the state. barebox keeps several
 * checksummed copies and writes one after the other: a power cut leaves the old state or the new.
 */
static gboolean
write_state(BscBootEnv *env, const State *old, const State *wanted, GError **error)
{
	g_autoptr(GPtrArray) argv = start_argv(env);
	g_autofree char *text = NULL;
	guint n_before = argv->len;

	for (size_t i = 0; i < wanted->n; i++) {
		const Target *target = &wanted->targets[i];

		if (target->priority != old->targets[i].priority)
			add_change(argv, target->bootname, "priority", target->priority);
		if (target->attempts != old->targets[i].attempts)
			add_change(argv, target->bootname, "remaining_attempts", target->attempts);
	}
	if (argv->len == n_before)
		return TRUE; /* spares the flash */
	return run_tool(env, argv, &text, error) && check_written(env, wanted, error);
}

static gboolean
barebox_get_primary(BscBootEnv *env, char **out_bootname, GError **error)
{
	g_auto(State) state = {NULL};
	const Target *best = NULL;

	if (!read_state(env, &state, error))
		return FALSE;
	for (size_t i = 0; i < state.n; i++) {
		const Target *target = &state.targets[i];

		if (is_bootable(target) && (best == NULL || target->priority > best->priority))
			best = target;
	}
	*out_bootname = g_strdup(best != NULL ? best->bootname : NULL);
	return TRUE;
}

static void
make_primary(State *state, Target *primary, uint32_t attempts)
{
	for (size_t i = 0; i < state->n; i++) {
		if (state->targets[i].priority > 0)
			state->targets[i].priority = OTHER_PRIORITY;
	}
	primary->priority = PRIMARY_PRIORITY;
	primary->attempts = attempts;
}

/* A slot that was bad comes back below all others: marking good is not making primary. */
static void
make_good(const State *state, Target *target, uint32_t attempts)
{
	uint32_t priority = OTHER_PRIORITY;

	target->attempts = attempts;
	if (target->priority > 0)
		return;
	for (size_t i = 0; i < state->n; i++) {
		uint32_t other = state->targets[i].priority;

		if (other > 0 && other <= priority)
			priority = MAX(other - 1, 1);
	}
	target->priority = priority;
}

static void
make_bad(Target *target)
{
	target->priority = 0;
	target->attempts = 0;
}

static gboolean
read_twice(BscBootEnv *env, State *old, State *wanted, GError **error)
{
	if (!read_state(env, old, error))
		return FALSE;
	wanted->targets = g_memdup2(old->targets, old->n * sizeof(*old->targets));
	wanted->n = old->n;
	return TRUE;
}

static gboolean
barebox_set_primary(BscBootEnv *env, const char *bootname, GError **error)
{
	g_auto(State) old = {NULL};
	g_auto(State) wanted = {NULL};
	Target *target;

	if (!read_twice(env, &old, &wanted, error))
		return FALSE;
	target = find_wanted(&wanted, bootname, error);
	if (target == NULL)
		return FALSE;
	make_primary(&wanted, target, (uint32_t)env->config->boot_attempts_primary);
	return write_state(env, &old, &wanted, error);
}

static gboolean
barebox_get_state(BscBootEnv *env, const char *bootname, BscBootState *out, GError **error)
{
	g_auto(State) state = {NULL};
	const Target *target;

	if (!read_state(env, &state, error))
		return FALSE;
	target = find_wanted(&state, bootname, error);
	if (target == NULL)
		return FALSE;
	*out = is_bootable(target) ? BSC_BOOT_STATE_GOOD : BSC_BOOT_STATE_BAD;
	return TRUE;
}

static gboolean
barebox_set_state(BscBootEnv *env, const char *bootname, BscBootState state, GError **error)
{
	g_auto(State) old = {NULL};
	g_auto(State) wanted = {NULL};
	Target *target;

	if (!read_twice(env, &old, &wanted, error))
		return FALSE;
	target = find_wanted(&wanted, bootname, error);
	if (target == NULL)
		return FALSE;
	if (state == BSC_BOOT_STATE_GOOD)
		make_good(&wanted, target, (uint32_t)env->config->boot_attempts);
	else
		make_bad(target);
	return write_state(env, &old, &wanted, error);
}

/* barebox says which target it booted; the second word is that of newer versions. */
static char *
find_active(const char *cmdline)
{
	static const char *const keys[] = {"bootstate.active=", "bootchooser.active="};
	g_auto(GStrv) words = g_strsplit_set(cmdline, " \t\n", -1);

	for (size_t i = 0; words[i] != NULL; i++) {
		for (size_t k = 0; k < G_N_ELEMENTS(keys); k++) {
			if (g_str_has_prefix(words[i], keys[k]) &&
			    words[i][strlen(keys[k])] != '\0')
				return g_strdup(words[i] + strlen(keys[k]));
		}
	}
	return NULL;
}

static gboolean
barebox_get_current(BscBootEnv *env, char **out_bootname, GError **error)
{
	g_autofree char *text = NULL;

	if (!g_file_get_contents(env->cmdline_path, &text, NULL, error))
		return FALSE;
	*out_bootname = find_active(text);
	return TRUE;
}

static gboolean
barebox_get_attempts(BscBootEnv *env, const char *bootname, int *out, GError **error)
{
	g_auto(State) state = {NULL};
	const Target *target;

	if (!read_state(env, &state, error))
		return FALSE;
	target = find_wanted(&state, bootname, error);
	if (target == NULL)
		return FALSE;
	*out = target->priority > 0 ? (int)MIN(target->attempts, G_MAXINT) : 0;
	return TRUE;
}

static void
barebox_inspect(BscBootEnv *env, GPtrArray *warnings)
{
	g_auto(State) state = {NULL};
	g_autoptr(GError) why = NULL;

	if (!read_state(env, &state, &why))
		g_ptr_array_add(warnings, g_strdup(why->message));
}

const BscBootloaderOps bsc_boot_barebox_ops = {
	.name = "barebox",
	.get_primary = barebox_get_primary,
	.set_primary = barebox_set_primary,
	.get_state = barebox_get_state,
	.set_state = barebox_set_state,
	.get_current = barebox_get_current,
	.get_attempts = barebox_get_attempts,
	.inspect = barebox_inspect,
};
