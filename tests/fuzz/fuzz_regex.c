/* SPDX-License-Identifier: ISC */
/*
 * The regex translator: a pattern, a newline, a subject. What is accepted
 * must also match within its bounds, and stay inside the subject.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "base/regex.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
match(const struct regex *re, const char *subject, size_t len)
{
	struct regex_match m;
	struct buf out;
	size_t i;

	if (utf8_check(subject, len) != len)
		return;
	if (regex_search(re, subject, len, 0, &m) == 1) {
		for (i = 0; i < m.count; i++)
			must(m.groups[i].start == (size_t)-1 ||
			    (m.groups[i].start <= len &&
			    m.groups[i].end <= len));
	}
	buf_init(&out, 1u << 16);
	(void)regex_replace_all(re, subject, len, "[$0$1${n}$$]", 12, &out);
	buf_fini(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *pattern = (const char *)data, *newline;
	struct regex *re = NULL;
	char *sentence = NULL;
	size_t offset, len;
	int err;

	newline = size > 0 ? memchr(pattern, '\n', size) : NULL;
	len = newline != NULL ? (size_t)(newline - pattern) : size;
	if (len > 2000 || size > 10000)
		return (0);
	err = regex_compile(pattern, len, &re, &sentence, &offset);
	must((err == 0) == (re != NULL) && (err == 0) == (sentence == NULL));
	if (err != 0)
		must(offset <= len);
	else if (newline != NULL)
		match(re, newline + 1, size - len - 1);
	regex_free(&re);
	free(sentence);
	return (0);
}
