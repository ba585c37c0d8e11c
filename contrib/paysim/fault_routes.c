/* SPDX-License-Identifier: ISC */
/* Routes that misbehave: a table of what each one sends. */
#include "contrib/paysim/fault_routes.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/must.h"
#include "contrib/paysim/form.h"

#define OK_HEAD                                                 \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" \
	"Connection: close\r\n"
#define HUGE_BYTES 1000000000u

struct fault_row {
	const char *name;
	const char *head;      /* sent as it is */
	const char *body;
	uint64_t filler_bytes; /* the default of ?bytes= */
	uint64_t length_extra; /* promised by Content-Length, not sent */
	double bytes_per_s;    /* the default of ?rate= */
	enum raw_end end;
	bool has_length;       /* Content-Length and the blank line follow */
};

static const struct fault_row rows[] = {
    {"garbage", "\x16\x03\x01 not HTTP at all \xff\xfe\r\n\r\n", "", 0, 0, 0,
        RAW_CLOSE, false},
    {"hang", "", "", 0, 0, 0, RAW_KEEP, false},
    {"huge_body", OK_HEAD, "", HUGE_BYTES, 0, 0, RAW_CLOSE, true},
    {"close_mid_body", OK_HEAD, "{\"id\":\"pi_half", 0, 1000, 0, RAW_CLOSE,
        true},
    {"reset", OK_HEAD, "{\"id\":\"pi_half", 0, 1000, 0, RAW_RESET, true},
    {"slow_body", OK_HEAD, "", 1000, 0, 100, RAW_CLOSE, true},
    {"redirect_loop", "HTTP/1.1 302 Found\r\nConnection: close\r\n"
        "Location: /_fault/redirect_loop\r\n", "", 0, 0, 0, RAW_CLOSE, true},
    {"bad_length", OK_HEAD "Content-Length: many\r\n\r\n", "{}", 0, 0, 0,
        RAW_CLOSE, false},
    {"endless_header", OK_HEAD "X-Endless: ", "", HUGE_BYTES, 0, 0,
        RAW_CLOSE, false},
};

static const struct fault_row *
row_of(const char *name)
{
	size_t i;

	for (i = 0; i < NELEMS(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return (&rows[i]);
	return (NULL);
}

static uint64_t
number_of(const char *query, const char *name, uint64_t otherwise)
{
	struct form form;
	const char *why, *value;
	uint64_t n = otherwise;

	form_init(&form);
	if (query != NULL &&
	    form_parse(&form, query, strlen(query), &why) == 0 &&
	    (value = form_get(&form, name)) != NULL)
		n = strtoull(value, NULL, 10);
	form_fini(&form);
	return (n);
}

bool
fault_route(struct raw **list, struct loop *loop,
    struct evhttp_request *req, const char *name, const char *query)
{
	const struct fault_row *row = row_of(name);
	struct raw_plan plan;
	struct buf data;

	if (row == NULL)
		return (false);
	plan = (struct raw_plan){.end = row->end,
	    .filler_bytes = number_of(query, "bytes", row->filler_bytes),
	    .bytes_per_s = (double)number_of(query, "rate",
	    (uint64_t)row->bytes_per_s)};
	buf_init(&data, 4096);
	buf_append_str(&data, row->head);
	if (row->has_length)
		buf_printf(&data, "Content-Length: %llu\r\n\r\n",
		    (unsigned long long)(strlen(row->body) +
		    plan.filler_bytes + row->length_extra));
	plan.head_len = data.len;
	buf_append_str(&data, row->body);
	plan.data = buf_str(&data);
	plan.len = data.len;
	raw_start(list, loop, req, &plan);
	buf_fini(&data);
	return (true);
}
