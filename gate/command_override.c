/* SPDX-License-Identifier: ISC */
/* e2e-gate override: note that a gate's verdict is not to stop a release. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/json.h"
#include "base/json_out.h"
#include "gate/archive.h"
#include "gate/command.h"
#include "gate/override.h"
#include "gate/report.h"

/* --until: a time, or a span from now. Returns 0 when it is over. */
static wall_us
read_until(const char *text, wall_us now)
{
	wall_us until;
	span_us span;

	if (clock_parse_wall(text, &until) == 0)
		return (until > now ? until : 0);
	if (clock_parse_span(text, SPAN_S, &span) == 0 && span > 0)
		return (now + span);
	return (0);
}

static void
make_note(const struct settings *s, const struct json *gate, wall_us now,
    wall_us until, struct buf *out)
{
	struct json_out o;

	json_out_init(&o, out);
	json_out_object(&o);
	json_out_kv_int(&o, "version", 1);
	json_out_kv_str(&o, "kind", "override");
	json_out_kv_str(&o, "service", json_get_str(gate, "service", NULL));
	json_out_kv_int(&o, "at_us", now);
	json_out_kv_str(&o, "gate", json_get_str(gate, "gate", ""));
	json_out_kv_str(&o, "identity", json_get_str(gate, "identity", NULL));
	json_out_kv_str(&o, "verdict", json_get_str(gate, "verdict", NULL));
	json_out_kv_str(&o, "scope", override_scope_name(
	    (enum override_scope)s->scope));
	json_out_kv_str(&o, "who", s->who);
	json_out_kv_str(&o, "why", s->why);
	json_out_kv_int(&o, "until_us", until);
	json_out_object_end(&o);
}

static int
override(const struct settings *s, const struct json *gate)
{
	char text[CLOCK_TEXT_SIZE];
	uint8_t id[MESSAGE_ID_SIZE];
	wall_us now = clock_wall(), until = read_until(s->until, now);
	struct buf note;
	int rc;

	if (until == 0) {
		fprintf(stderr, "e2e-gate: --until wants a time to come, or "
		    "a span, not '%s'\n", s->until);
		return (EXIT_USAGE);
	}
	if (s->scope == OVERRIDE_CANDIDATE &&
	    json_get_str(gate, "identity", NULL) == NULL) {
		fprintf(stderr, "e2e-gate: --scope=candidate wants a gate "
		    "that was given a --candidate-version\n");
		return (EXIT_USAGE);
	}
	crypto_random(id, sizeof(id));
	buf_init(&note, 1 << 20);
	make_note(s, gate, now, until, &note);
	rc = note.is_full ? ERR_LIMIT : archive_note(s->store, id, &note);
	buf_fini(&note);
	if (rc != 0)
		return (EXIT_UNMEASURED);
	clock_format_wall(until, text);
	printf("gate %s (%s) is overridden until %s\n",
	    json_get_str(gate, "gate", ""),
	    json_get_str(gate, "verdict", ""), text);
	return (command_flush());
}

int
command_override(const struct settings *s)
{
	struct json_doc *doc;
	struct cause cause;
	struct buf text;
	int code = EXIT_UNMEASURED;

	cause_init(&cause);
	buf_init(&text, REPORT_MOST_BYTES);
	if (archive_load(s->store, s->operand, &text, &cause) == 0 &&
	    json_parse(buf_str(&text), text.len, &json_limits_default, &doc,
	    NULL) == 0) {
		code = override(s, json_root(doc));
		json_free(&doc);
	}
	cause_print(&cause, stderr);
	cause_fini(&cause);
	buf_fini(&text);
	return (code);
}
