/* SPDX-License-Identifier: ISC */
/* The form parser: no crash, only valid keys and text, found again. */
#include <stdint.h>
#include <string.h>

#include "base/must.h"
#include "base/utf8.h"
#include "contrib/paysim/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_pair(const struct form *f, const struct form_pair *pair)
{
	size_t name_len = form_name_len(pair->key);

	must(utf8_check(pair->key, strlen(pair->key)) == strlen(pair->key));
	must(utf8_check(pair->value, strlen(pair->value)) ==
	    strlen(pair->value));
	must(name_len > 0 && memchr(pair->key, ']', name_len) == NULL);
	must(form_get(f, pair->key) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct form f;
	const char *why = NULL, *inner;
	size_t i, pos = 0;
	int rc;

	form_init(&f);
	rc = form_parse(&f, (const char *)data, size, &why);
	must((rc != 0) == (why != NULL));
	for (i = 0; i < f.count; i++)
		check_pair(&f, &f.pairs[i]);
	while (form_below(&f, "metadata", &pos, &inner) != NULL)
		must(strchr(inner, ']') != NULL);
	form_fini(&f);
	return (0);
}
