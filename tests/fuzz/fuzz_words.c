/* SPDX-License-Identifier: ISC */
/*
 * Short texts that people write into options, manifests and environments:
 * one text, read in every way. What is accepted is in range, and shown it
 * reads back as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/message.h"
#include "base/must.h"
#include "checks/definition.h"
#include "checks/hosts.h"
#include "store/day.h"
#include "store/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_span(const char *text)
{
	char shown[CLOCK_SPAN_SIZE], *micros;
	span_us t, again;

	if (clock_parse_span(text, SPAN_S, &t) != 0)
		return;
	must(t >= 0 && t <= 36500 * SPAN_DAY);
	clock_format_span(t, shown);
	must(shown[0] != '\0');
	micros = xasprintf("%lldus", (long long)t);
	must(clock_parse_span(micros, SPAN_S, &again) == 0 && again == t);
	free(micros);
}

static void
check_wall(const char *text)
{
	char shown[CLOCK_TEXT_SIZE], name[DAY_NAME_SIZE];
	wall_us t, again;
	int64_t day;

	if (clock_parse_wall(text, &t) == 0) {
		clock_format_wall(t, shown);
		must(clock_parse_wall(shown, &again) == 0 && again == t);
	}
	if (day_parse(text, &day) == 0) {
		must(day >= 0);
		day_format(day, name);
		must(strcmp(name, text) == 0);
	}
}

static void
check_cursor(const char *text)
{
	char shown[QUERY_CURSOR_SIZE];
	struct query_cursor c, again;

	if (query_cursor_parse(text, &c) != 0)
		return;
	must(c.due_us > 0 && c.number >= 0);
	query_cursor_format(&c, shown);
	must(query_cursor_parse(shown, &again) == 0);
	must(again.due_us == c.due_us && again.number == c.number);
}

static void
check_limits(const char *text)
{
	struct definition_limits limits = definition_limits_default, capped;
	char *sentence = NULL;
	int err = definition_limits_parse(text, &limits, &sentence);

	must((err != 0) == (sentence != NULL));
	if (err != 0)
		must(memcmp(&limits, &definition_limits_default,
		    sizeof(limits)) == 0);
	capped = limits;
	definition_limits_cap(&capped, &limits);
	must(memcmp(&capped, &limits, sizeof(limits)) == 0);
	free(sentence);
}

static void
check_variable(const char *text)
{
	struct definition_variable v;

	if (definition_parse_variable(text, &v) != 0)
		return;
	must(v.name != NULL && v.name[0] != '\0' && v.text != NULL);
	definition_variable_fini(&v);
}

static void
check_names(const char *text)
{
	enum outcome outcome = outcome_parse(text);
	enum trigger trigger = trigger_parse(text);
	char host[64];
	int port;

	must(outcome == OUTCOME_COUNT ||
	    strcmp(outcome_name(outcome), text) == 0);
	must(trigger == TRIGGER_COUNT ||
	    strcmp(trigger_name(trigger), text) == 0);
	if (hosts_parse_url(text, host, sizeof(host), &port) == 0)
		must(strlen(host) < sizeof(host) && port > 0 &&
		    port < 65536);
	if (hosts_check_pattern(text) == NULL)
		must(hosts_match(&text, 1, "a.example.com", 443) ||
		    strcmp(text, "*") != 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size > 500)
		return (0);
	text = xstrndup((const char *)data, size);
	check_span(text);
	check_wall(text);
	check_cursor(text);
	check_limits(text);
	check_variable(text);
	check_names(text);
	free(text);
	return (0);
}
