/* SPDX-License-Identifier: ISC */
/* A list of findings. */
#include "probe/findings.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/mem.h"

void
findings_init(struct findings *f)
{
	f->items = NULL;
	f->count = 0;
}

void
findings_fini(struct findings *f)
{
	size_t i;

	for (i = 0; i < f->count; i++) {
		free(f->items[i].message);
		free(f->items[i].expected);
		free(f->items[i].actual);
	}
	free(f->items);
	findings_init(f);
}

void
findings_add(struct findings *f, enum finding_kind kind, struct place place,
    char *expected, char *actual, const char *fmt, ...)
{
	struct finding *item;
	va_list ap;

	f->items = xreallocarray(f->items, f->count + 1, sizeof(*f->items));
	item = &f->items[f->count++];
	item->kind = kind;
	item->place = place;
	item->expected = expected;
	item->actual = actual;
	va_start(ap, fmt);
	item->message = xvasprintf(fmt, ap);
	va_end(ap);
}
