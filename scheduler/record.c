/* SPDX-License-Identifier: ISC */
/* Run events of what never started, and the ids of slots. */
#include "scheduler/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json_out.h"
#include "base/mem.h"

#define EVENT_VERSION 1

void
record_format(const struct record *r, struct buf *out)
{
	char run[2 * MESSAGE_ID_SIZE + 1];
	struct json_out o;

	crypto_hex(r->run, MESSAGE_ID_SIZE, run);
	json_out_init(&o, out);
	json_out_object(&o);
	json_out_kv_int(&o, "version", EVENT_VERSION);
	json_out_kv_str(&o, "run", run);
	json_out_kv_str(&o, "check", r->check);
	json_out_kv_str(&o, "service", r->service);
	json_out_kv_str(&o, "location", r->location);
	json_out_kv_str(&o, "environment", r->environment);
	json_out_kv_str(&o, "trigger", trigger_name(r->trigger));
	json_out_kv_str(&o, "definition", r->definition);
	json_out_kv_str(&o, "probe", r->probe);
	json_out_kv_int(&o, "due_us", r->due);
	json_out_kv_int(&o, "duration_us", 0);
	json_out_kv_str(&o, "outcome", outcome_name(r->outcome));
	json_out_kv_str(&o, "reason", r->reason);
	json_out_object_end(&o);
}

/* The decimal digits of a time, without the price of printf. */
static size_t
put_digits(wall_us t, char out[static 20])
{
	uint64_t rest = t < 0 ? 0 - (uint64_t)t : (uint64_t)t;
	char digits[20];
	size_t n = 0, len = 0;

	do
		digits[n++] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	if (t < 0)
		out[len++] = '-';
	while (n > 0)
		out[len++] = digits[--n];
	return (len);
}

void
record_run_id(const char *check, const char *location, wall_us due,
    uint8_t out[static MESSAGE_ID_SIZE])
{
	size_t check_len = strlen(check), location_len = strlen(location);
	size_t size = check_len + location_len + 22, len = 0;
	uint8_t hash[SHA256_SIZE];
	char small[256], *text;

	text = size <= sizeof(small) ? small : xmalloc(size);
	memcpy(text, check, check_len);
	len += check_len;
	text[len++] = '\n';
	memcpy(text + len, location, location_len);
	len += location_len;
	text[len++] = '\n';
	len += put_digits(due, text + len);
	crypto_sha256(text, len, hash);
	if (text != small)
		free(text);
	memcpy(out, hash, MESSAGE_ID_SIZE);
}
