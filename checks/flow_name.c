/* SPDX-License-Identifier: ISC */
/*
 * The names in front of a colon, and file names: read in one go, with
 * placeholders where text might stand.
 */
#include "checks/flow_priv.h"

#include <string.h>

/* What keys and file names are made of. */
struct name_kind {
	const char *literals; /* escaped, they stand for themselves */
	const char *ends;     /* what ends it unescaped; NULL: no key's */
	const char *what;
	bool is_password;     /* \: stays as written, [ may begin it */
};

static const struct name_kind key_kind = {"#:\\/", NULL, "a name", false};
static const struct name_kind file_kind = {"\\#; {}", "#;{} \n\r\\",
    "a file name", false};
static const struct name_kind cert_kind = {"\\#; {}:", "#;{} \n\r\\:",
    "a file name", false};
static const struct name_kind password_kind = {"\\#; {}:", "#;{} \n\r\\",
    "a password", true};

static bool
name_has(struct parser *p, const struct name_kind *kind, uint32_t c)
{
	if (c == READER_END)
		return (false);
	if (kind->ends != NULL)
		return (c >= 0x80 || c == 0 ||
		    strchr(kind->ends, (int)c) == NULL);
	return ((c > 0 && c < 0x80 && strchr("_-.[]@$", (int)c) != NULL) ||
	    reader_is_word(p, c));
}

static enum parse
name_text(struct parser *p, const struct name_kind *kind, struct builder *b)
{
	enum parse r;
	uint32_t c;

	for (;;) {
		c = reader_peek(p);
		if (c == '\\') {
			if ((r = escape_parse(p, kind->literals, false, &c)) !=
			    PARSE_OK)
				return (r);
			if (c == ':' && kind->is_password)
				builder_char(b, '\\');
		} else if (name_has(p, kind, c)) {
			reader_read(p);
		} else {
			return (PARSE_OK);
		}
		builder_char(b, c);
	}
}

/* Placeholders and text in turn, at least one of them. */
static enum parse
name_parse(struct parser *p, const struct name_kind *kind,
    struct flow_template *out)
{
	struct cursor start = p->cur, at;
	struct flow_part part;
	struct builder b;
	enum parse r;

	builder_init(&b, p);
	do {
		at = p->cur;
		r = placeholder_parse(p, &part);
		if (r == PARSE_OK)
			builder_part(&b, &part);
		else if (r == PARSE_SOFT)
			r = name_text(p, kind, &b);
		if (r != PARSE_OK)
			return (r);
	} while (p->cur.at > at.at);
	builder_fini(&b, start, p->cur, out);
	if (out->count == 0 || (out->source[0] == '[' && !kind->is_password))
		return (reader_hard(p, start, MISTAKE_EXPECTED, kind->what));
	return (PARSE_OK);
}

/* Every mistake in a key is soft: the line may be something else. */
enum parse
name_key(struct parser *p, struct flow_template *out)
{
	return (name_parse(p, &key_kind, out) == PARSE_OK ? PARSE_OK :
	    PARSE_SOFT);
}

enum parse
name_file(struct parser *p, struct flow_template *out)
{
	return (name_parse(p, &file_kind, out));
}

enum parse
name_file_password(struct parser *p, struct flow_template *name,
    struct flow_template *password)
{
	enum parse r;

	if ((r = name_parse(p, &cert_kind, name)) != PARSE_OK)
		return (r);
	if (reader_try(p, ":") != PARSE_OK)
		return (PARSE_OK);
	r = name_parse(p, &password_kind, password);
	if (r == PARSE_HARD && password->count == 0 &&
	    (reader_is_end(p) || reader_sees(p, "\n") ||
	    reader_sees(p, "\r") || reader_sees(p, " ") ||
	    reader_sees(p, "#")))
		return (PARSE_OK);
	return (r);
}
