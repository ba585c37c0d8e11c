/* SPDX-License-Identifier: ISC */
/* e2e-gate mark: note that a version was deployed, now. */
#include <stdio.h>
#include <stdlib.h>

#include "base/crypto.h"
#include "base/err.h"
#include "base/json_out.h"
#include "gate/archive.h"
#include "gate/command.h"

int
command_mark(const struct settings *s)
{
	uint8_t id[MESSAGE_ID_SIZE];
	char text[CLOCK_TEXT_SIZE];
	wall_us now = clock_wall();
	struct json_out o;
	struct buf note;
	int rc;

	crypto_random(id, sizeof(id));
	buf_init(&note, 1 << 20);
	json_out_init(&o, &note);
	json_out_object(&o);
	json_out_kv_int(&o, "version", 1);
	json_out_kv_str(&o, "kind", "mark");
	json_out_kv_str(&o, "service", s->service);
	json_out_kv_int(&o, "at_us", now);
	json_out_kv_str(&o, "label", s->operand);
	json_out_object_end(&o);
	rc = note.is_full ? ERR_LIMIT : archive_note(s->store, id, &note);
	buf_fini(&note);
	clock_format_wall(now, text);
	if (rc == 0)
		printf("%s: %s deployed at %s\n", s->service, s->operand,
		    text);
	return (rc == 0 ? command_flush() : EXIT_UNMEASURED);
}
