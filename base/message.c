/* SPDX-License-Identifier: ISC */
/* Heads of frames, and the names of messages and outcomes. */
#include "base/message.h"

#include <endian.h>
#include <string.h>

#include "base/err.h"
#include "base/must.h"

static const char *const message_names[] = {
#define X(upper, name) name,
    MESSAGE_TABLE(X)
#undef X
};

static const char *const outcome_names[] = {
#define X(upper, name) name,
    OUTCOME_TABLE(X)
#undef X
};

static const char *const trigger_names[] = {
#define X(upper, name) name,
    TRIGGER_TABLE(X)
#undef X
};

/* The index of name, or count. */
static size_t
find_name(const char *const *names, size_t count, const char *name)
{
	size_t i;

	for (i = 0; i < count && strcmp(name, names[i]) != 0; i++)
		continue;
	return (i);
}

const char *
message_name(enum message_type type)
{
	must((size_t)type < NELEMS(message_names));
	return (message_names[type]);
}

void
message_encode_head(const struct message *m,
    uint8_t out[static MESSAGE_HEAD_SIZE])
{
	uint32_t len = htole32((uint32_t)m->doc_len);
	uint16_t type = htole16((uint16_t)m->type), code = htole16(m->code);
	uint64_t cookie = htole64(m->cookie), extra = htole64(m->extra);

	must(m->doc_len <= MESSAGE_MOST_BYTES);
	memcpy(out, &len, 4);
	memcpy(out + 4, &type, 2);
	memcpy(out + 6, &code, 2);
	memcpy(out + 8, &cookie, 8);
	memcpy(out + 16, &extra, 8);
	memcpy(out + 24, m->id, MESSAGE_ID_SIZE);
}

int
message_decode_head(const uint8_t in[static MESSAGE_HEAD_SIZE],
    struct message *m)
{
	uint32_t len;
	uint16_t type, code;
	uint64_t cookie, extra;

	memcpy(&len, in, 4);
	memcpy(&type, in + 4, 2);
	memcpy(&code, in + 6, 2);
	memcpy(&cookie, in + 8, 8);
	memcpy(&extra, in + 16, 8);
	if (le32toh(len) > MESSAGE_MOST_BYTES ||
	    le16toh(type) >= MESSAGE_TYPE_COUNT)
		return (ERR_CORRUPT);
	m->type = (enum message_type)le16toh(type);
	m->code = le16toh(code);
	m->cookie = le64toh(cookie);
	m->extra = le64toh(extra);
	memcpy(m->id, in + 24, MESSAGE_ID_SIZE);
	m->doc = NULL;
	m->doc_len = le32toh(len);
	return (0);
}

const char *
outcome_name(enum outcome o)
{
	must((size_t)o < NELEMS(outcome_names));
	return (outcome_names[o]);
}

enum outcome
outcome_parse(const char *name)
{
	return ((enum outcome)find_name(outcome_names, OUTCOME_COUNT, name));
}

const char *
trigger_name(enum trigger t)
{
	must((size_t)t < NELEMS(trigger_names));
	return (trigger_names[t]);
}

enum trigger
trigger_parse(const char *name)
{
	return ((enum trigger)find_name(trigger_names, TRIGGER_COUNT, name));
}

int
outcome_is_against_service(enum outcome o)
{
	return (o == OUTCOME_FAILED || o == OUTCOME_UNREACHABLE ||
	    o == OUTCOME_UNKNOWN);
}

int
outcome_is_ours(enum outcome o)
{
	return (o == OUTCOME_INVALID || o == OUTCOME_LOST ||
	    o == OUTCOME_SKIPPED);
}
