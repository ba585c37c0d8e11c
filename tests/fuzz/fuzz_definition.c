/* SPDX-License-Identifier: ISC */
/* The definition document: what is accepted reads back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"
#include "checks/definition.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct definition *d = NULL, *again = NULL;
	char *sentence = NULL;
	struct buf a, b;

	if (definition_decode((const char *)data, size, &d, &sentence) != 0) {
		must(sentence != NULL && d == NULL);
		free(sentence);
		return (0);
	}
	buf_init(&a, MESSAGE_MOST_BYTES);
	buf_init(&b, MESSAGE_MOST_BYTES);
	must(definition_encode(d, &a) == 0);
	must(definition_decode(a.data, a.len, &again, &sentence) == 0);
	must(definition_encode(again, &b) == 0);
	must(a.len == b.len && memcmp(a.data, b.data, a.len) == 0);
	buf_fini(&a);
	buf_fini(&b);
	definition_free(&d);
	definition_free(&again);
	return (0);
}
