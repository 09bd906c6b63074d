/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SPDX-FileCopyrightText: 2026 The Bascule authors */
/* installer/rauc-front/main.c - `rauc`: maps RAUC's verbs and options to ours */
#include "config.h"

#include "common/command-line.h"
#include "common/log.h"
#include "common/run.h"
#include "installer/rauc-front/rauc-client.h"
#include "installer/system/system-config.h"

#include <locale.h>

#define STATUS_FAILED 1

typedef struct _Verb Verb;
struct _Verb {
	const char *name;
	const char *arguments;
	const char *summary;
	const char *missing[4]; /* what is said when the first, second … argument is missing */
	unsigned max_args;
	const GOptionEntry *options; /* (nullable) */
	int (*run)(const Verb *verb, char **args);
};

static struct {
	/* global */
	char *conf;
	char **confopts;
	char *mount;
	char *cert;
	char *key;
	char *keyring;
	char **intermediate;
	gboolean debug;
	gboolean version;
	gboolean help;
	char **args;
	/* of some verbs */
	gboolean ignore_compatible;
	gboolean ignore_version_limit;
	gboolean progress;
	char *transaction_id;
	char *require_manifest_hash;
	char *handler_args;
	char *override_boot_slot;
	char *tls_cert;
	char *tls_key;
	char *tls_ca;
	gboolean tls_no_verify;
	char **http_headers;
	char *signing_keyring;
	char *mksquashfs_args;
	char *casync_args;
	char **ignore_images;
	char **recipients;
	gboolean append;
	gboolean no_verify;
	gboolean no_check_time;
	gboolean trust_environment;
	gboolean dump_cert;
	gboolean dump_recipients;
	gboolean detailed;
	char *output_format;
	char *image_type;
} options;

#define OPTION_STRING(name, field, text, value)                                                    \
	{                                                                                          \
		name, 0, 0, G_OPTION_ARG_STRING, &options.field, text, value                       \
	}
#define OPTION_LIST(name, field, text, value)                                                      \
	{                                                                                          \
		name, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.field, text, value                 \
	}
#define OPTION_FLAG(name, field, text)                                                             \
	{                                                                                          \
		name, 0, 0, G_OPTION_ARG_NONE, &options.field, text, NULL                          \
	}
#define OPTION_HIDDEN(name, field)                                                                 \
	{                                                                                          \
		name, 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_STRING, &options.field, "", NULL       \
	}
#define OPTIONS_TLS                                                                                \
	OPTION_STRING("tls-cert", tls_cert, "client certificate", "PEMFILE|PKCS11-URL"),           \
		OPTION_STRING("tls-key", tls_key, "its key", "PEMFILE|PKCS11-URL"),                \
		OPTION_STRING("tls-ca", tls_ca, "trusted authorities", "PEMFILE"),                 \
		OPTION_FLAG("tls-no-verify", tls_no_verify, "trust any server"),                   \
	{                                                                                          \
		"http-header", 'H', 0, G_OPTION_ARG_STRING_ARRAY, &options.http_headers,           \
			"send this header", "'HEADER: VALUE'"                                      \
	}
#define OPTIONS_SIGNING                                                                            \
	OPTION_STRING("signing-keyring", signing_keyring, "verify the result with this", "PEMFILE")

static const GOptionEntry global_entries[] = {
	{"conf", 'c', 0, G_OPTION_ARG_FILENAME, &options.conf, "configuration", "FILENAME"},
	{"confopt", 'C', 0, G_OPTION_ARG_STRING_ARRAY, &options.confopts,
	 "one key of the configuration", "SECTION:KEY=VALUE"},
	OPTION_STRING("cert", cert, "certificate to sign with", "PEMFILE|PKCS11-URL"),
	OPTION_STRING("key", key, "key to sign or decrypt with", "PEMFILE|PKCS11-URL"),
	OPTION_STRING("keyring", keyring, "trusted certificates", "PEMFILE"),
	OPTION_LIST("intermediate", intermediate, "intermediate certificate", "PEMFILE"),
	OPTION_STRING("mount", mount, "where slots are mounted", "PATH"),
	{"debug", 'd', 0, G_OPTION_ARG_NONE, &options.debug, "print what is done in detail", NULL},
	OPTION_FLAG("version", version, "print the version"),
	{"help", 'h', 0, G_OPTION_ARG_NONE, &options.help, "print this", NULL},
	{G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.args, NULL, NULL},
	{0},
};

static const GOptionEntry install_entries[] = {
	OPTION_FLAG("ignore-compatible", ignore_compatible, "install on any kind of device"),
	OPTION_FLAG("ignore-version-limit", ignore_version_limit, "install any version"),
	OPTION_STRING("transaction-id", transaction_id, "name of the installation", "UUID"),
	OPTION_STRING("require-manifest-hash", require_manifest_hash, "refuse other bundles",
		      "HEX"),
	OPTION_FLAG("progress", progress, "draw a progress bar"),
	OPTION_HIDDEN("handler-args", handler_args),
	OPTION_HIDDEN("override-boot-slot", override_boot_slot),
	OPTIONS_TLS,
	{0},
};

static const GOptionEntry bundle_entries[] = {
	OPTIONS_SIGNING,
	OPTION_STRING("mksquashfs-args", mksquashfs_args, "further arguments", "ARGS"),
	{0},
};

static const GOptionEntry resign_entries[] = {
	OPTIONS_SIGNING,
	OPTION_FLAG("append", append, "keep the signature that is there"),
	OPTION_FLAG("no-verify", no_verify, "do not verify the input"),
	OPTION_FLAG("no-check-time", no_check_time, "certificates may be out of date"),
	{0},
};

static const GOptionEntry convert_entries[] = {
	OPTIONS_SIGNING,
	OPTION_FLAG("trust-environment", trust_environment, "ignored"),
	OPTION_FLAG("no-verify", no_verify, "ignored"),
	OPTION_STRING("mksquashfs-args", mksquashfs_args, "ignored", "ARGS"),
	OPTION_STRING("casync-args", casync_args, "ignored", "ARGS"),
	OPTION_LIST("ignore-image", ignore_images, "ignored", "SLOTCLASS"),
	{0},
};

static const GOptionEntry encrypt_entries[] = {
	OPTION_LIST("to", recipients, "certificate of who may decrypt", "PEMFILE"),
	{0},
};

static const GOptionEntry replace_entries[] = {
	OPTIONS_SIGNING,
	OPTION_FLAG("trust-environment", trust_environment, "not needed any more"),
	OPTION_FLAG("no-verify", no_verify, "do not verify the result"),
	{0},
};

static const GOptionEntry extract_entries[] = {
	OPTION_FLAG("trust-environment", trust_environment, "not needed any more"),
	{0},
};

static const GOptionEntry info_entries[] = {
	OPTION_FLAG("no-verify", no_verify, "do not verify"),
	OPTION_FLAG("no-check-time", no_check_time, "certificates may be out of date"),
	OPTION_STRING("output-format", output_format, "readable, shell, json, json-pretty",
		      "FORMAT"),
	OPTION_FLAG("dump-cert", dump_cert, "print the signer's certificate"),
	OPTION_FLAG("dump-recipients", dump_recipients, "print who may decrypt"),
	OPTIONS_TLS,
	{0},
};

static const GOptionEntry status_entries[] = {
	OPTION_FLAG("detailed", detailed, "also what is recorded of each slot"),
	OPTION_STRING("output-format", output_format, "readable, shell, json, json-pretty",
		      "FORMAT"),
	OPTION_HIDDEN("override-boot-slot", override_boot_slot),
	{0},
};

static const GOptionEntry service_entries[] = {
	OPTION_STRING("handler-args", handler_args, "words for handlers", "ARGS"),
	OPTION_STRING("override-boot-slot", override_boot_slot, "bootname that runs", "BOOTNAME"),
	{0},
};

static const GOptionEntry write_slot_entries[] = {
	{"image-type", 't', 0, G_OPTION_ARG_STRING, &options.image_type, "type of the image",
	 "TYPE"},
	{0},
};

static int fail(const char *format, ...) G_GNUC_PRINTF(1, 2);

static int
fail(const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_printerr("%s\n", text);
	return STATUS_FAILED;
}

/* A program of ours: beside this one, in the sibling directory @folder, or where it was installed.
 */
static char *
find_own_program(const char *folder, const char *installed_dir, const char *name)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *dir = self ? g_path_get_dirname(self) : g_strdup("/");
	g_autofree char *beside = g_build_filename(dir, name, NULL);
	g_autofree char *sibling = g_build_filename(dir, "..", folder, name, NULL);

	if (g_file_test(beside, G_FILE_TEST_IS_EXECUTABLE))
		return g_steal_pointer(&beside);
	if (g_file_test(sibling, G_FILE_TEST_IS_EXECUTABLE))
		return g_steal_pointer(&sibling);
	return g_build_filename(installed_dir, name, NULL);
}

static void
add_option(GPtrArray *argv, const char *name, const char *value)
{
	if (value != NULL)
		g_ptr_array_add(argv, g_strdup_printf("--%s=%s", name, value));
}

static void
add_options(GPtrArray *argv, const char *name, char *const *values)
{
	for (size_t i = 0; values != NULL && values[i] != NULL; i++)
		add_option(argv, name, values[i]);
}

static void
add_flag(GPtrArray *argv, const char *name, gboolean value)
{
	if (value)
		g_ptr_array_add(argv, g_strconcat("--", name, NULL));
}

static int
replace(GPtrArray *argv)
{
	g_autoptr(GError) error = NULL;

	g_ptr_array_add(argv, NULL);
	bsc_run_replace((const char *const *)argv->pdata, &error);
	return fail("%s", error->message);
}

/* argv of bascule-bundle up to its verb. */
static GPtrArray *
begin_bundle(const char *verb)
{
	GPtrArray *argv = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(argv, find_own_program("bin", BSC_BINDIR, "bascule-bundle"));
	g_ptr_array_add(argv, g_strdup(verb));
	return argv;
}

static void
add_args(GPtrArray *argv, char **args)
{
	for (size_t i = 0; args[i] != NULL; i++)
		g_ptr_array_add(argv, g_strconcat(args[i][0] == '-' ? "./" : "", args[i], NULL));
}

static void
add_signing(GPtrArray *argv)
{
	add_option(argv, "cert", options.cert);
	add_option(argv, "key", options.key);
	add_options(argv, "intermediate", options.intermediate);
	add_option(argv, "keyring", options.keyring);
	add_option(argv, "signing-keyring", options.signing_keyring);
}

static int
run_bundle(const Verb *verb, char **args)
{
	g_autoptr(GPtrArray) argv = begin_bundle("create");

	if (options.cert == NULL || options.key == NULL)
		return fail("%s", "Cert and key files must be provided");
	/* RAUC's defaults: a manifest that names no format is plain, mksquashfs compresses with
	 * gzip */
	add_option(argv, "format", "plain");
	if (options.mksquashfs_args == NULL || strstr(options.mksquashfs_args, "-comp") == NULL)
		add_option(argv, "compression", "gzip");
	add_option(argv, "mksquashfs-args", options.mksquashfs_args);
	add_signing(argv);
	add_args(argv, args);
	return replace(argv);
}

static int
run_resign(const Verb *verb, char **args)
{
	g_autoptr(GPtrArray) argv = begin_bundle("resign");

	if (options.cert == NULL || options.key == NULL)
		return fail("%s", "Cert and key files must be provided");
	add_signing(argv);
	add_flag(argv, "append", options.append);
	add_flag(argv, "no-verify", options.no_verify);
	add_flag(argv, "no-check-time", options.no_check_time);
	add_args(argv, args);
	return replace(argv);
}

static int
run_convert(const Verb *verb, char **args)
{
	return fail("%s",
		    "Converting to casync bundles is not supported: keep the bundle as it is, "
		    "what a slot holds already is not written again");
}

static int
run_encrypt(const Verb *verb, char **args)
{
	g_autoptr(GPtrArray) argv = begin_bundle("encrypt");

	if (options.recipients == NULL)
		return fail("%s", "One or multiple recipient certificates must be provided "
				  "(via --to)");
	add_options(argv, "to", options.recipients);
	add_option(argv, "keyring", options.keyring);
	add_args(argv, args);
	return replace(argv);
}

static int
run_replace_signature(const Verb *verb, char **args)
{
	g_autoptr(GPtrArray) argv = begin_bundle("replace-signature");

	add_option(argv, "keyring", options.keyring);
	add_option(argv, "signing-keyring", options.signing_keyring);
	add_flag(argv, "no-verify", options.no_verify);
	add_args(argv, args);
	return replace(argv);
}

/* What the device trusts, where the command line does not say: as RAUC, system.conf if found. */
static gboolean
add_trust(GPtrArray *argv)
{
	BscSystemConfigOptions how = {.overrides = (const char *const *)options.confopts};
	g_autoptr(GError) error = NULL;
	g_autoptr(BscSystemConfig) config = bsc_system_config_load(options.conf, &how, &error);
	gboolean may_lack =
		options.conf == NULL && g_error_matches(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);

	if (config == NULL && !may_lack) {
		fail("Failed to initialize context: %s", error->message);
		return FALSE;
	}
	add_option(argv, "keyring",
		   options.keyring == NULL && config != NULL ? config->keyring.path
							     : options.keyring);
	add_option(argv, "key",
		   options.key == NULL && config != NULL ? config->encryption.key : options.key);
	return TRUE;
}

static int
run_extract(const Verb *verb, char **args)
{
	g_autoptr(GPtrArray) argv = begin_bundle(verb->name);

	if (!add_trust(argv))
		return STATUS_FAILED;
	add_args(argv, args);
	return replace(argv);
}

static int
run_info(const Verb *verb, char **args)
{
	g_autoptr(GPtrArray) argv = begin_bundle("info");

	if (strstr(args[0], "://") == NULL && !g_file_test(args[0], G_FILE_TEST_EXISTS))
		return fail("No such file: %s", args[0]);
	if (!add_trust(argv))
		return STATUS_FAILED;
	add_flag(argv, "no-verify", options.no_verify);
	add_flag(argv, "no-check-time", options.no_check_time);
	add_flag(argv, "dump-cert", options.dump_cert);
	add_flag(argv, "dump-recipients", options.dump_recipients);
	add_option(argv, "output-format", options.output_format);
	add_args(argv, args);
	return replace(argv);
}

static const char no_handler_args[] = "--handler-args is not supported here: RAUC's bus interface "
				      "has no place for it; use bascule install --handler-args";

static int
run_install(const Verb *verb, char **args)
{
	BscRaucClientInstall install = {
		.ignore_compatible = options.ignore_compatible,
		.ignore_version_limit = options.ignore_version_limit,
		.transaction_id = options.transaction_id,
		.require_manifest_hash = options.require_manifest_hash,
		.tls_cert = options.tls_cert,
		.tls_key = options.tls_key,
		.tls_ca = options.tls_ca,
		.tls_no_verify = options.tls_no_verify,
		.http_headers = (const char *const *)options.http_headers,
		.progress = options.progress,
	};
	g_autofree char *source = NULL;

	if (options.handler_args != NULL)
		return fail("%s", no_handler_args);
	if (g_str_has_prefix(args[0], "file://"))
		source = g_filename_from_uri(args[0], NULL, NULL);
	else if (strstr(args[0], "://") == NULL)
		source = g_canonicalize_filename(args[0], NULL);
	install.source = source ? source : args[0];
	if (source != NULL && !g_file_test(source, G_FILE_TEST_EXISTS))
		return fail("No such file: %s", source);
	return bsc_rauc_client_install(&install);
}

static int
run_status(const Verb *verb, char **args)
{
	BscOutputFormat format;

	if (args[0] == NULL) {
		if (!bsc_output_format_from_string(options.output_format, &format))
			return fail("Unknown output format: '%s'", options.output_format);
		return bsc_rauc_client_status(format, options.detailed);
	}
	if (!g_str_has_prefix(args[0], "mark-"))
		return fail("unknown subcommand %s", args[0]);
	if (args[1] != NULL && args[2] != NULL)
		return fail("%s", "Too many arguments");
	return bsc_rauc_client_mark(args[0] + strlen("mark-"), args[1] ? args[1] : "booted");
}

static int
run_service(const Verb *verb, char **args)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);

	if (options.handler_args != NULL)
		return fail("%s", no_handler_args);

	g_ptr_array_add(argv, find_own_program("sbin", BSC_SBINDIR, "basculed"));
	add_option(argv, "conf", options.conf);
	add_options(argv, "confopt", options.confopts);
	add_option(argv, "mount", options.mount);
	add_option(argv, "keyring", options.keyring);
	add_option(argv, "override-boot-slot", options.override_boot_slot);
	add_flag(argv, "debug", options.debug);
	return replace(argv);
}

static int
run_unsupported(const Verb *verb, char **args)
{
	return fail("'%s' is not supported: bundles are read without mounting them, and slots are "
		    "written by an installation only",
		    verb->name);
}

#define MISSING_INPUT  "An input bundle must be provided"
#define MISSING_OUTPUT "An output bundle must be provided"

static const Verb verbs[] = {
	{"bundle",
	 "<INPUTDIR> <BUNDLENAME>",
	 "Create a bundle",
	 {"An input directory name must be provided", "An output bundle name must be provided"},
	 2,
	 bundle_entries,
	 run_bundle},
	{"resign",
	 "<INBUNDLE> <OUTBUNDLE>",
	 "Sign a bundle anew",
	 {MISSING_INPUT, MISSING_OUTPUT},
	 2,
	 resign_entries,
	 run_resign},
	{"convert",
	 "<INBUNDLE> <OUTBUNDLE>",
	 "Not supported",
	 {NULL},
	 2,
	 convert_entries,
	 run_convert},
	{"encrypt",
	 "<INBUNDLE> <OUTBUNDLE>",
	 "Encrypt a crypt bundle",
	 {MISSING_INPUT, MISSING_OUTPUT},
	 2,
	 encrypt_entries,
	 run_encrypt},
	{"replace-signature",
	 "<INBUNDLE> <INSIGNATURE> <OUTBUNDLE>",
	 "Put another signature on a bundle",
	 {MISSING_INPUT, "A new bundle signature must be provided", MISSING_OUTPUT},
	 3,
	 replace_entries,
	 run_replace_signature},
	{"extract-signature",
	 "<BUNDLE> <OUTPUTSIG>",
	 "Write a bundle's signature to a file",
	 {MISSING_INPUT, "An output signature file must be provided"},
	 2,
	 extract_entries,
	 run_extract},
	{"extract",
	 "<BUNDLE> <OUTPUTDIR>",
	 "Write a bundle's content to a directory",
	 {MISSING_INPUT, "An output directory must be provided"},
	 2,
	 extract_entries,
	 run_extract},
	{"install",
	 "<BUNDLE>",
	 "Install a bundle",
	 {"A bundle filename name must be provided"},
	 1,
	 install_entries,
	 run_install},
	{"info",
	 "<FILE>",
	 "Print what is in a bundle",
	 {"A file name must be provided"},
	 1,
	 info_entries,
	 run_info},
	{"mount", "<BUNDLE>", "Not supported", {NULL}, 1, NULL, run_unsupported},
	{"service", "", "Start the service", {NULL}, 0, service_entries, run_service},
	{"status",
	 "[mark-{good,bad,active} [booted|other|<SLOT_NAME>]]",
	 "Print the status, or mark a slot",
	 {NULL},
	 9,
	 status_entries,
	 run_status},
	{"write-slot",
	 "<SLOTNAME> <IMAGE>",
	 "Not supported",
	 {NULL},
	 2,
	 write_slot_entries,
	 run_unsupported},
};

static const Verb *
find_verb(const char *name)
{
	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++) {
		if (g_str_equal(verbs[i].name, name))
			return &verbs[i];
	}
	return NULL;
}

static gboolean
takes_value(const char *arg)
{
	gboolean found = bsc_command_line_takes_value(global_entries, arg);

	for (size_t i = 0; i < G_N_ELEMENTS(verbs) && !found; i++)
		found = bsc_command_line_takes_value(verbs[i].options, arg);
	return found;
}

static char *
list_verbs(void)
{
	GString *text = g_string_new("Command-specific help:\n  rauc <COMMAND> --help\n\n"
				     "List of rauc commands:\n");

	for (size_t i = 0; i < G_N_ELEMENTS(verbs); i++)
		g_string_append_printf(text, "  %s\t\t%s\n", verbs[i].name, verbs[i].summary);
	return g_string_free(text, FALSE);
}

static GOptionContext *
make_context(const Verb *verb)
{
	g_autofree char *list = list_verbs();
	g_autofree char *usage =
		verb ? g_strjoin(" ", verb->name, verb->arguments, NULL) : g_strdup("<COMMAND>");
	GOptionContext *context = g_option_context_new(usage);

	setlocale(LC_ALL, "");
	g_set_prgname("rauc");
	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_add_main_entries(context, global_entries, NULL);
	if (verb == NULL) {
		g_option_context_set_description(context, list);
		return context;
	}
	g_option_context_set_summary(context, verb->summary);
	if (verb->options != NULL)
		g_option_context_add_main_entries(context, verb->options, NULL);
	return context;
}

static int
run_verb(const Verb *verb)
{
	static char *no_args[] = {NULL};
	char **args = options.args ? options.args : no_args;
	unsigned n_args = g_strv_length(args);

	if (n_args < G_N_ELEMENTS(verb->missing) && verb->missing[n_args] != NULL)
		return fail("%s", verb->missing[n_args]);
	if (n_args > verb->max_args)
		return fail("Excess argument: %s", args[verb->max_args]);
	return verb->run(verb, args);
}

int
main(int argc, char **argv)
{
	g_auto(GStrv) owned = g_strdupv(argv);
	g_autofree char **words = g_memdup2(owned, (gsize)(argc + 1) * sizeof *owned);
	const char *name = bsc_command_line_take_verb(words, takes_value);
	const Verb *verb = name ? find_verb(name) : NULL;
	g_autoptr(GOptionContext) context = make_context(verb);
	g_autofree char *help = g_option_context_get_help(context, TRUE, NULL);
	g_autoptr(GError) error = NULL;
	int n_words = (int)g_strv_length(words);
	char **rest = words;

	if (!g_option_context_parse(context, &n_words, &rest, &error)) {
		g_print("%s", help);
		return fail("%s", error->message);
	}
	bsc_log_init_command(options.debug);
	if (options.version) {
		g_print("rauc %s\n", PACKAGE_VERSION);
		return 0;
	}
	if (name != NULL && verb == NULL && !g_str_equal(name, "help"))
		g_print("Invalid command '%s' given\n", name);
	if (options.help || verb == NULL) {
		g_print("%s", help);
		return options.help || g_strcmp0(name, "help") == 0 ? 0 : STATUS_FAILED;
	}
	return run_verb(verb);
}
