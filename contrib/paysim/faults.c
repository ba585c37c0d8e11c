/* SPDX-License-Identifier: ISC */
/* Fault switches: a table of rates, and the shapes of latency. */
#include "contrib/paysim/faults.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json_out.h"

#define LATENCY_MOST_MS 3600000.0

static const struct {
	const char *name;
	size_t offset;
	double most;
} switches[] = {
    {"error_rate", offsetof(struct faults, error_rate), 1},
    {"reset_rate", offsetof(struct faults, reset_rate), 1},
    {"wrong_amount_rate", offsetof(struct faults, wrong_amount_rate), 1},
    {"lost_webhook_rate", offsetof(struct faults, lost_webhook_rate), 1},
    {"slow_body", offsetof(struct faults, slow_body), 1e9},
};

static const struct {
	const char *name;
	int parameters;
	double most[3];
} shapes[] = {
    [LATENCY_NONE] = {"none", 0, {0}},
    [LATENCY_FIXED] = {"fixed", 1, {LATENCY_MOST_MS}},
    [LATENCY_LOGNORMAL] = {"lognormal", 2, {LATENCY_MOST_MS, 10}},
    [LATENCY_BIMODAL] = {"bimodal", 3, {LATENCY_MOST_MS, LATENCY_MOST_MS, 1}},
};

/* A number in [0, most] that ends the text or stands before a colon. */
static int
parse_number(const char **text, double most, double *out)
{
	char *end;
	double d = strtod(*text, &end);

	if (end == *text || !(d >= 0 && d <= most) ||
	    (*end != '\0' && *end != ':'))
		return (ERR_SYNTAX);
	*text = *end == ':' ? end + 1 : end;
	*out = d;
	return (0);
}

static int
parse_latency(struct faults *f, const char *text)
{
	size_t shape, len = strcspn(text, ":");
	double values[3] = {0};
	int i;

	for (shape = 0; shape < NELEMS(shapes); shape++)
		if (strlen(shapes[shape].name) == len &&
		    strncmp(shapes[shape].name, text, len) == 0)
			break;
	if (shape == NELEMS(shapes))
		return (ERR_SYNTAX);
	text += len;
	if (*text == ':')
		text++;
	for (i = 0; i < shapes[shape].parameters; i++)
		if (parse_number(&text, shapes[shape].most[i], &values[i]) !=
		    0)
			return (ERR_SYNTAX);
	if (*text != '\0')
		return (ERR_SYNTAX);
	f->shape = (enum latency_shape)shape;
	memcpy(f->latency, values, sizeof(values));
	return (0);
}

int
faults_set(struct faults *f, const char *name, const char *text)
{
	size_t i;
	double d;

	if (strcmp(name, "latency") == 0)
		return (parse_latency(f, text));
	for (i = 0; i < NELEMS(switches); i++) {
		if (strcmp(switches[i].name, name) != 0)
			continue;
		if (parse_number(&text, switches[i].most, &d) != 0 ||
		    *text != '\0')
			return (ERR_SYNTAX);
		*(double *)((char *)f + switches[i].offset) = d;
		return (0);
	}
	return (ERR_NOT_FOUND);
}

int
faults_parse(struct faults *f, const char *text, char bad[static 64])
{
	char pair[64], *value;
	size_t len;
	int rc;

	for (; *text != '\0'; text += len, text += *text == ',') {
		len = strcspn(text, ",");
		snprintf(bad, 64, "%.*s", (int)(len < 63 ? len : 63), text);
		if (len >= sizeof(pair))
			return (ERR_SYNTAX);
		snprintf(pair, sizeof(pair), "%s", bad);
		if ((value = strchr(pair, '=')) == NULL)
			return (ERR_SYNTAX);
		*value++ = '\0';
		if ((rc = faults_set(f, pair, value)) != 0)
			return (rc);
	}
	return (0);
}

void
faults_format(const struct faults *f, struct buf *out)
{
	struct json_out o;
	struct buf latency;
	size_t i;
	int k;

	json_out_init(&o, out);
	json_out_object(&o);
	for (i = 0; i < NELEMS(switches); i++)
		json_out_kv_double(&o, switches[i].name,
		    *(const double *)((const char *)f + switches[i].offset));
	buf_init(&latency, 200);
	buf_append_str(&latency, shapes[f->shape].name);
	for (k = 0; k < shapes[f->shape].parameters; k++)
		buf_printf(&latency, ":%g", f->latency[k]);
	json_out_kv_str(&o, "latency", buf_str(&latency));
	buf_fini(&latency);
	json_out_object_end(&o);
}

static span_us
draw_latency(const struct faults *f, struct random *r)
{
	double ms = 0;

	switch (f->shape) {
	case LATENCY_NONE:
		return (0);
	case LATENCY_FIXED:
		ms = f->latency[0];
		break;
	case LATENCY_LOGNORMAL:
		ms = f->latency[0] * exp(f->latency[1] * random_normal(r));
		break;
	case LATENCY_BIMODAL:
		ms = f->latency[random_is(r, f->latency[2]) ? 1 : 0];
		break;
	}
	return ((span_us)(fmin(ms, LATENCY_MOST_MS) * 1000));
}

struct fault_draw
faults_draw(const struct faults *f, struct random *r)
{
	struct fault_draw draw;

	draw.latency = draw_latency(f, r);
	draw.is_error = random_is(r, f->error_rate);
	draw.is_reset = random_is(r, f->reset_rate);
	draw.is_amount_wrong = random_is(r, f->wrong_amount_rate);
	draw.is_webhook_lost = random_is(r, f->lost_webhook_rate);
	return (draw);
}
