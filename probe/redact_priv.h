/* SPDX-License-Identifier: ISC */
/* What the parts of masking share: the forms of secrets, a view of text. */
#ifndef PROBE_REDACT_PRIV_H
#define PROBE_REDACT_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that a look back may need. */
#define REDACT_BACK_BYTES 64

/* Bytes that a card number may take, with escapes and separators. */
#define REDACT_CARD_BYTES 1024

#define REDACT_NO_FORM SIZE_MAX

/* One way in which a secret may stand in the text. */
struct redact_form {
	char *text;
	size_t len;
	size_t next;        /* with the same first byte */
	bool stands_alone;  /* a short one: only between other characters */
	bool has_head;      /* base64: the character before is partly it */
	bool has_tail;      /* and the one after */
	bool is_aligned;    /* hex: only at an even place of a word of hex */
};

/* The secrets of a run, for quick looks at each byte of text. */
struct redact {
	struct redact_form *forms;
	size_t count;
	size_t cap;
	size_t first[256];  /* index of the first form by its first byte */
	bool begins[256];   /* this byte may begin something */
	size_t reach_bytes; /* how far a match may go */
};

struct redact_view {
	const char *p;
	size_t len;
	bool is_cut; /* the text goes on, but nobody will see how */
};

/* One character of text, escaped in some way or not. */
struct redact_unit {
	size_t len;      /* bytes of the text */
	size_t out_len;  /* bytes that it stands for, 1 to 4 */
	char out[4];
};

enum redact_escape { /* kinds of escapes, to be combined */
	REDACT_PERCENT = 1,
	REDACT_JSON = 2,
	REDACT_HTML = 4,
	REDACT_ANY = 7
};

/* Decode the unit at byte i < len; escapes of other kinds are plain bytes. */
void redact_unit_at(const struct redact_view *v, size_t i,
    unsigned int escapes, struct redact_unit *u);

/* Length of the escape that ends just before i, 0: none does. */
size_t redact_escape_before(const struct redact_view *v, size_t i);

/* What is to be masked as a card number. */
struct redact_card {
	size_t len;     /* bytes of the text */
	char last[5];   /* the last four digits, or "" */
};

/* Find a card number that begins at byte i. */
bool redact_card_at(const struct redact_view *v, size_t i,
    struct redact_card *card);

#endif
