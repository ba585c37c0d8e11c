/* SPDX-License-Identifier: ISC */
/*
 * Masking: card numbers and secrets never reach disk, log or report. A card
 * number becomes "****" and its last four digits, a secret becomes "***".
 *
 * Card numbers: 13 to 19 digits with the prefix and length of a card scheme
 * and a valid check digit (Luhn), also in groups with spaces, dashes or (four
 * digits first) dots, also percent-encoded, JSON- or HTML-escaped. Longer
 * numbers, fractions, timestamps, UUIDs and hexadecimal ids stay as they are.
 *
 * Secrets: as they are, percent-encoded, JSON-escaped, HTML-escaped, in
 * base64 (also in the middle of it, as in "Authorization: Basic") and in hex
 * (a short one only where it is whole bytes of the hex). The lines of one
 * that has several are secrets, too. Where two overlap, all that they cover
 * is masked. A secret of less than REDACT_SHORT_BYTES is masked only where it
 * stands alone, between characters that are no letters, digits or '_': else a
 * secret "1" would mask every number.
 */
#ifndef PROBE_REDACT_H
#define PROBE_REDACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define REDACT_SHORT_BYTES 4

struct redact;
struct redact_stream;

/* The secrets of a run: none at first. */
struct redact *redact_new(void);
void redact_free(struct redact **r);

/* Add a secret; the text is copied. Empty and known ones are passed over. */
void redact_add_secret(struct redact *r, const char *text, size_t len);

/*
 * Append text to out, masked. r may be NULL: card numbers alone. is_cut says
 * that the text was cut off at its end, so that the beginning of a secret or
 * card number there is masked too. Returns 0, or ERR_LIMIT when out is full;
 * what it holds then is masked.
 */
int redact_text(const struct redact *r, const char *text, size_t len,
    bool is_cut, struct buf *out);

/*
 * The same for a description of a value, in which "..." may stand for what
 * was cut off there.
 */
int redact_description(const struct redact *r, const char *text, size_t len,
    bool is_cut, struct buf *out);

/*
 * The same for text that comes in pieces, cut anywhere. r (may be NULL) and
 * out stay where they are until redact_stream_free; secrets added meanwhile
 * count from the next feed on. Some of the text is held back until finish.
 */
struct redact_stream *redact_stream_new(const struct redact *r,
    struct buf *out);
int redact_feed(struct redact_stream *s, const char *text, size_t len);
int redact_finish(struct redact_stream *s, bool is_cut);
void redact_stream_free(struct redact_stream **s);

/*
 * Append text to out without the credentials that nobody has declared: what
 * stands behind a name such as "client_secret", "access_token", "password" or
 * "cvc", as a member of JSON (also in a string), a field of a form, a
 * parameter of a URL, a header, a line of YAML or an element of XML. Members
 * that are objects, arrays or words stay.
 */
void redact_names(const char *text, size_t len, struct buf *out);

/* Whether a name says that its value is a credential. */
bool redact_is_credential(const char *name, size_t len);

#endif
