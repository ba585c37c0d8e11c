/* SPDX-License-Identifier: ISC */
/*
 * Manifests: whatever the text, mistakes have places inside it; and what
 * loads makes definitions that survive the wire.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cause.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/message.h"
#include "checks/lint.h"
#include "checks/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[] = "/tmp/fuzz-manifest.XXXXXX";

static void
write_file(const char *name, const void *p, size_t len)
{
	char *path = file_join(dir, name);

	must(file_replace(path, p, len) == 0);
	free(path);
}

static void
clean_up(void)
{
	static const char *const names[] = {"m.yaml", "a.hurl",
	    "card-payment.hurl", "."};
	char *path;
	size_t i;

	for (i = 0; i < NELEMS(names) - 1; i++) {
		path = file_join(dir, names[i]);
		unlink(path);
		free(path);
	}
	rmdir(dir);
}

static void
prepare(void)
{
	static const char flow[] = "GET {{base_url}}/\nX: {{k}}\n";
	static const char other[] = "GET http://a.example:81/\n";

	must(mkdtemp(dir) != NULL);
	write_file("a.hurl", flow, sizeof(flow) - 1);
	write_file("card-payment.hurl", other, sizeof(other) - 1);
	must(atexit(clean_up) == 0);
}

static uint32_t
line_count(const uint8_t *data, size_t size)
{
	uint32_t n = 1;
	size_t i;

	/* As YAML counts them, and more: U+0085, U+2028 and U+2029 too. */
	for (i = 0; i < size; i++)
		n += data[i] == '\n' || data[i] == '\r' ||
		    data[i] == 0x85 || data[i] == 0xa8 || data[i] == 0xa9;
	return (n);
}

static void
check_places(const struct cause *c, const uint8_t *data, size_t size)
{
	const struct cause_entry *e;
	size_t i;

	for (i = 0; i < c->count; i++) {
		e = &c->entries[i];
		must(e->sentence[0] != '\0');
		if (e->file != NULL && strstr(e->file, "m.yaml") != NULL)
			must(e->place.line <= line_count(data, size) + 1);
	}
}

static void
check_definition(const struct plan_check *check)
{
	struct definition *d = NULL, *back = NULL;
	char *sentence = NULL;
	struct buf b, again;

	must(plan_make_definition(check, NULL, NULL, 0, &d, &sentence) == 0);
	must(strcmp(d->hash, check->hash) == 0);
	buf_init(&b, MESSAGE_MOST_BYTES);
	buf_init(&again, MESSAGE_MOST_BYTES);
	must(definition_encode(d, &b) == 0);
	must(definition_decode(b.data, b.len, &back, &sentence) == 0);
	must(definition_encode(back, &again) == 0);
	must(b.len == again.len && memcmp(b.data, again.data, b.len) == 0);
	buf_fini(&b);
	buf_fini(&again);
	definition_free(&d);
	definition_free(&back);
}

static void
check_plan(const struct plan *plan)
{
	struct buf b;
	size_t i;

	for (i = 0; i < plan->check_count; i++)
		check_definition(plan->checks[i]);
	buf_init(&b, MESSAGE_MOST_BYTES);
	must(plan_encode_summary(plan, "local", &b) == 0);
	buf_fini(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = dir;
	struct lint_counts counts;
	struct plan *plan = NULL;
	struct cause cause;
	size_t errors;

	if (strcmp(dir + sizeof(dir) - 7, "XXXXXX") == 0)
		prepare();
	write_file("m.yaml", data, size);
	cause_init(&cause);
	lint_paths(&path, 1, &cause, &counts);
	check_places(&cause, data, size);
	errors = cause.error_count;
	cause_fini(&cause);
	if (plan_load(dir, &cause, &plan) == 0) {
		must(cause.error_count == 0 && errors == 0);
		check_plan(plan);
	} else
		must(cause.error_count > 0 && errors > 0 && plan == NULL);
	plan_free(&plan);
	cause_fini(&cause);
	return (0);
}
