/* SPDX-License-Identifier: ISC */
/*
 * The one door to PCRE2. A pattern is translated first, so that PCRE2 sees
 * only what both dialects agree on; matching is bounded in steps, depth and
 * memory, compiled to machine code where the system lets us.
 */
#include "base/regex.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"
#include "base/regex_priv.h"
#include "base/utf8.h"

#define MATCH_LIMIT 100000 /* of many places */
#define PLACE_MATCH_LIMIT 10000000 /* of one: some tens of ms */
#define DEPTH_LIMIT 20000
#define HEAP_LIMIT_KIB 16384
#define STACK_LEAST_BYTES (32u << 10)
#define STACK_MOST_BYTES (8u << 20)
#define COMPILE_NEST_MOST 100
#define TRANSLATED_MOST_BYTES (4u << 20)

/*
 * PCRE2 bounds the steps from one place of the subject, not the places. A
 * long subject is searched in slices of places, with a look at the clock in
 * between; a slice grows while the time it takes is short.
 */
#define WHOLE_MOST_BYTES 8192
#define SLICE_WORK (16u << 20)
#define SLICE_SHORT (5 * SPAN_MS)
#define SEARCH_MOST (500 * SPAN_MS)

#define NO_GROUP ((size_t)-1)

struct regex {
	pcre2_code *code;
	pcre2_match_context *context;
	struct regex_name *names;
	size_t name_count;
	bool is_anchored;
	size_t len;
	char pattern[];
};

static pcre2_code *
compile(const struct buf *translated, int *code)
{
	pcre2_compile_context *ctx = pcre2_compile_context_create(NULL);
	pcre2_code *re;
	PCRE2_SIZE at;

	must(ctx != NULL);
	pcre2_set_newline(ctx, PCRE2_NEWLINE_LF);
	pcre2_set_bsr(ctx, PCRE2_BSR_UNICODE);
	pcre2_set_parens_nest_limit(ctx, COMPILE_NEST_MOST);
	re = pcre2_compile((PCRE2_SPTR)buf_str(translated), translated->len,
	    PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY |
	    PCRE2_ALT_CIRCUMFLEX | PCRE2_NEVER_BACKSLASH_C |
	    PCRE2_USE_OFFSET_LIMIT | PCRE2_NO_UTF_CHECK, code, &at, ctx);
	pcre2_compile_context_free(ctx);
	return (re);
}

static char *
pcre2_sentence(int code)
{
	char text[256];

	pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text));
	return (xstrdup(text));
}

/*
 * Machine code needs a stack while it matches. A process matches one thing
 * at a time, so that one stack serves all its patterns.
 */
static pcre2_jit_stack *
shared_stack(void *arg)
{
	static pcre2_jit_stack *stack;

	(void)arg;
	if (stack == NULL)
		stack = pcre2_jit_stack_create(STACK_LEAST_BYTES,
		    STACK_MOST_BYTES, NULL);
	return (stack);
}

/* Bounds on every match, and machine code when the system allows it. */
static void
bound(struct regex *re)
{
	uint32_t options = 0;

	pcre2_pattern_info(re->code, PCRE2_INFO_ALLOPTIONS, &options);
	re->is_anchored = (options & PCRE2_ANCHORED) != 0;
	re->context = pcre2_match_context_create(NULL);
	must(re->context != NULL);
	pcre2_set_match_limit(re->context, MATCH_LIMIT);
	pcre2_set_depth_limit(re->context, DEPTH_LIMIT);
	pcre2_set_heap_limit(re->context, HEAP_LIMIT_KIB);
	if (pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE) == 0)
		pcre2_jit_stack_assign(re->context, shared_stack, NULL);
}

static void
names_free(struct regex_name *names, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(names[i].name);
	free(names);
}

/* Translate and compile; the names of the groups go to the translator. */
static int
build(struct regex_translator *t, pcre2_code **code)
{
	struct buf text;
	int err, why = 0;

	buf_init(&text, TRANSLATED_MOST_BYTES);
	t->out = &text;
	err = regex_translate(t);
	if (err == 0 && (*code = compile(&text, &why)) == NULL) {
		t->sentence = pcre2_sentence(why);
		t->offset = 0;
		err = ERR_UNSUPPORTED;
	}
	buf_fini(&text);
	return (err);
}

int
regex_compile(const char *pattern, size_t len, struct regex **out,
    char **sentence, size_t *offset)
{
	struct regex_translator t;
	struct regex *re;
	pcre2_code *code = NULL;
	int err;

	memset(&t, 0, sizeof(t));
	t.pattern = t.p = pattern;
	t.end = pattern + len;
	if ((*offset = utf8_check(pattern, len)) != len) {
		*sentence = xstrdup("the regex is not UTF-8");
		return (ERR_SYNTAX);
	}
	if ((err = build(&t, &code)) != 0) {
		names_free(t.names, t.name_count);
		*sentence = t.sentence;
		*offset = t.offset;
		return (err);
	}
	re = xcalloc(1, sizeof(*re) + len + 1);
	memcpy(re->pattern, pattern, len);
	re->len = len;
	re->code = code;
	re->names = t.names;
	re->name_count = t.name_count;
	bound(re);
	*out = re;
	return (0);
}

void
regex_free(struct regex **rep)
{
	struct regex *re = *rep;

	if (re == NULL)
		return;
	pcre2_code_free(re->code);
	pcre2_match_context_free(re->context);
	names_free(re->names, re->name_count);
	free(re);
	*rep = NULL;
}

const char *
regex_pattern(const struct regex *re, size_t *len)
{
	if (len != NULL)
		*len = re->len;
	return (re->pattern);
}

static void
take_groups(const pcre2_match_data *data, int count, struct regex_match *m)
{
	const PCRE2_SIZE *v = pcre2_get_ovector_pointer(
	    (pcre2_match_data *)(uintptr_t)data);
	size_t i;

	m->count = pcre2_get_ovector_count(
	    (pcre2_match_data *)(uintptr_t)data);
	if (m->count > REGEX_MOST_GROUPS)
		m->count = REGEX_MOST_GROUPS;
	for (i = 0; i < m->count; i++) {
		m->groups[i].start = i < (size_t)count ? v[2 * i] : NO_GROUP;
		m->groups[i].end = i < (size_t)count ? v[2 * i + 1] :
		    NO_GROUP;
	}
}

/* One or more searches in a subject, with one bound for all of them. */
struct search {
	const struct regex *re;
	const char *text;
	size_t len;
	span_us begin; /* of CPU; 0: nobody has looked yet */
};

/* Search for a match that starts in [start, limit]. */
static int
search_slice(const struct search *s, size_t start, size_t limit,
    struct regex_match *m)
{
	pcre2_match_data *data;
	int rc;

	data = pcre2_match_data_create_from_pattern(s->re->code, NULL);
	must(data != NULL);
	pcre2_set_offset_limit(s->re->context, limit);
	rc = pcre2_match(s->re->code, (PCRE2_SPTR)(s->text != NULL ?
	    s->text : ""), s->len, start, PCRE2_NO_UTF_CHECK, data,
	    s->re->context);
	if (rc > 0 && m != NULL)
		take_groups(data, rc, m);
	pcre2_match_data_free(data);
	if (rc == PCRE2_ERROR_NOMATCH)
		return (0);
	return (rc > 0 ? 1 : ERR_LIMIT);
}

/* The first character's edge at or behind at. */
static size_t
edge(const char *subject, size_t len, size_t at)
{
	while (at < len && ((unsigned char)subject[at] & 0xc0) == 0x80)
		at++;
	return (at);
}

/*
 * What takes too many steps from one place may be right all the same: to the
 * end of a long line is a long way. Each place by itself may have more.
 */
static int
search_by_places(struct search *s, size_t start, size_t last,
    struct regex_match *m)
{
	size_t next;
	int rc = 0;

	if (s->begin == 0)
		s->begin = clock_cpu();
	if (last > s->len)
		last = s->len;
	pcre2_set_match_limit(s->re->context, PLACE_MATCH_LIMIT);
	for (; start <= last && rc == 0; start = next) {
		next = start < s->len ? edge(s->text, s->len, start + 1) :
		    s->len + 1;
		rc = search_slice(s, start, next - 1, m);
		if (rc == 0 && next <= last &&
		    clock_cpu() - s->begin > SEARCH_MOST)
			rc = ERR_LIMIT;
	}
	pcre2_set_match_limit(s->re->context, MATCH_LIMIT);
	return (rc);
}

static int
search_in_slices(struct search *s, size_t start, struct regex_match *m)
{
	span_us before = clock_cpu(), now;
	size_t slice = 1 + SLICE_WORK / (s->len - start), next;
	int rc;

	if (s->begin == 0)
		s->begin = before;
	while (start <= s->len) {
		next = slice < s->len - start ? edge(s->text, s->len,
		    start + slice) : s->len + 1;
		rc = search_slice(s, start, next - 1, m);
		if (rc == ERR_LIMIT)
			rc = search_by_places(s, start, next - 1, m);
		if (rc != 0)
			return (rc);
		start = next;
		now = clock_cpu();
		if (start <= s->len && now - s->begin > SEARCH_MOST)
			return (ERR_LIMIT);
		if (now - before < SLICE_SHORT)
			slice *= 4;
		before = now;
	}
	return (0);
}

static int
search(struct search *s, size_t start, struct regex_match *m)
{
	int rc;

	if (s->len - start > WHOLE_MOST_BYTES && !s->re->is_anchored)
		return (search_in_slices(s, start, m));
	rc = search_slice(s, start, PCRE2_UNSET, m);
	if (rc == ERR_LIMIT)
		rc = search_by_places(s, start, s->re->is_anchored ? start :
		    s->len, m);
	return (rc);
}

int
regex_search(const struct regex *re, const char *subject, size_t len,
    size_t start, struct regex_match *m)
{
	struct search s = {re, subject, len, 0};

	return (search(&s, start, m));
}

/* The number of a group by its name in [p, p + len); 0 when there is none. */
static size_t
group_by_name(const struct regex *re, const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < re->name_count; i++)
		if (strlen(re->names[i].name) == len &&
		    memcmp(re->names[i].name, p, len) == 0)
			return (re->names[i].group);
	return (0);
}

static bool
all_digits(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] < '0' || p[i] > '9')
			return (false);
	return (len > 0 && len < 10);
}

/* Append what the group [p, p + len) matched; nothing when there is none. */
static int
append_group(const struct regex *re, const struct regex_match *m,
    const char *subject, const char *p, size_t len, struct buf *out)
{
	size_t n;

	if (all_digits(p, len))
		n = strtoul(p, NULL, 10);
	else if ((n = group_by_name(re, p, len)) == 0)
		return (0);
	if (n >= m->count || m->groups[n].start == NO_GROUP ||
	    m->groups[n].end < m->groups[n].start)
		return (0);
	return (buf_append(out, subject + m->groups[n].start,
	    m->groups[n].end - m->groups[n].start));
}

static bool
is_name_byte(char c)
{
	return ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '_');
}

/*
 * One reference at a $; returns the bytes it takes, 0 when it is none. The
 * longest name counts: $1a is the group "1a". In braces anything goes.
 */
static size_t
reference(const char *p, size_t len, const char **name, size_t *name_len)
{
	const char *close;
	size_t n = 1;

	if (len > 1 && p[1] == '{') {
		close = memchr(p + 2, '}', len - 2);
		if (close == NULL)
			return (0);
		*name = p + 2;
		*name_len = (size_t)(close - p) - 2;
		return ((size_t)(close - p) + 1);
	}
	while (n < len && is_name_byte(p[n]))
		n++;
	*name = p + 1;
	*name_len = n - 1;
	return (n > 1 ? n : 0);
}

/* The replacement of one match. */
static int
expand(const struct regex *re, const struct regex_match *m,
    const char *subject, const char *p, size_t len, struct buf *out)
{
	const char *name, *dollar;
	size_t n, name_len;
	int err = 0;

	while (len > 0 && err == 0) {
		dollar = memchr(p, '$', len);
		n = dollar != NULL ? (size_t)(dollar - p) : len;
		err = buf_append(out, p, n);
		p += n;
		len -= n;
		if (len == 0 || err != 0)
			break;
		if (len > 1 && p[1] == '$') {
			err = buf_append_char(out, '$');
			n = 2;
		} else if ((n = reference(p, len, &name, &name_len)) > 0)
			err = append_group(re, m, subject, name, name_len,
			    out);
		else {
			err = buf_append_char(out, '$');
			n = 1;
		}
		p += n;
		len -= n;
	}
	return (err);
}

/* Length of the character at p. */
static size_t
character(const char *p, size_t len)
{
	uint32_t cp;
	size_t n = utf8_decode(p, len, &cp);

	return (n > 0 ? n : 1);
}

/*
 * As Rust iterates: an empty match may not touch the match before it, and
 * the search then goes on one character further.
 */
int
regex_replace_all(const struct regex *re, const char *subject, size_t len,
    const char *replacement, size_t replacement_len, struct buf *out)
{
	struct search s = {re, subject, len, clock_cpu()};
	struct regex_match m;
	size_t at = 0, copied = 0, last_end = NO_GROUP, count = 0;
	int rc, err = 0;

	while (at <= len && err == 0) {
		if (++count % 64 == 0 && clock_cpu() - s.begin > SEARCH_MOST)
			return (ERR_LIMIT);
		rc = search(&s, at, &m);
		if (rc <= 0) {
			err = rc;
			break;
		}
		if (m.groups[0].start == m.groups[0].end &&
		    m.groups[0].end == last_end) {
			at += at < len ? character(subject + at, len - at) : 1;
			continue;
		}
		err = buf_append(out, subject + copied,
		    m.groups[0].start - copied);
		if (err == 0)
			err = expand(re, &m, subject, replacement,
			    replacement_len, out);
		at = copied = last_end = m.groups[0].end;
	}
	if (err == 0)
		err = buf_append(out, subject + copied, len - copied);
	return (err);
}
