/* SPDX-License-Identifier: ISC */
/* Decompression in steps, so that the output's bound holds at any moment. */
#include "probe/content_coding.h"

#include <string.h>
#include <strings.h>

#include <brotli/decode.h>
#include <zlib.h>

#include "base/err.h"
#include "base/must.h"

#define STEP_BYTES 65536

static const char too_long[] = "the decoded body is longer than the limit";

/* Run one zlib stream to its end; *used is what it took of the input. */
static int
inflate_stream(int window_bits, const char *data, size_t len, size_t *used,
    struct buf *out)
{
	z_stream z;
	unsigned char step[STEP_BYTES];
	int rc, err = 0;

	memset(&z, 0, sizeof(z));
	if (inflateInit2(&z, window_bits) != Z_OK)
		return (ERR_CORRUPT);
	z.next_in = (z_const Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)len;
	do {
		z.next_out = step;
		z.avail_out = sizeof(step);
		rc = inflate(&z, Z_NO_FLUSH);
		if (rc != Z_OK && rc != Z_STREAM_END)
			err = ERR_CORRUPT;
		else
			err = buf_append(out, step, sizeof(step) -
			    z.avail_out);
	} while (rc == Z_OK && err == 0);
	*used = len - z.avail_in;
	inflateEnd(&z);
	return (err);
}

/* RFC 1952: members may follow one another; other trailing bytes are lost. */
static int
decode_gzip(const char *data, size_t len, struct buf *out)
{
	size_t used;
	int err;

	do {
		err = inflate_stream(16 + MAX_WBITS, data, len, &used, out);
		data += used;
		len -= used;
	} while (err == 0 && len > 2 && memcmp(data, "\x1f\x8b", 2) == 0);
	return (err);
}

/* RFC 1950 by the book, but many servers send RFC 1951 alone. */
static int
decode_deflate(const char *data, size_t len, struct buf *out)
{
	size_t used, start = out->len;
	int err;

	err = inflate_stream(MAX_WBITS, data, len, &used, out);
	if (err != ERR_CORRUPT || out->len != start)
		return (err);
	return (inflate_stream(-MAX_WBITS, data, len, &used, out));
}

static int
decode_brotli(const char *data, size_t len, struct buf *out)
{
	BrotliDecoderState *state;
	BrotliDecoderResult rc;
	uint8_t step[STEP_BYTES], *next_out;
	const uint8_t *next_in = (const uint8_t *)data;
	size_t left;
	int err = 0;

	state = BrotliDecoderCreateInstance(NULL, NULL, NULL);
	if (state == NULL)
		return (ERR_CORRUPT);
	do {
		next_out = step;
		left = sizeof(step);
		rc = BrotliDecoderDecompressStream(state, &len, &next_in,
		    &left, &next_out, NULL);
		err = buf_append(out, step, sizeof(step) - left);
	} while (rc == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT && err == 0);
	if (err == 0 && rc != BROTLI_DECODER_RESULT_SUCCESS)
		err = ERR_CORRUPT;
	BrotliDecoderDestroyInstance(state);
	return (err);
}

static int
decode_identity(const char *data, size_t len, struct buf *out)
{
	return (buf_append(out, data, len));
}

static const struct coding {
	const char *name;
	int (*decode)(const char *data, size_t len, struct buf *out);
	const char *sentence; /* when the bytes are wrong */
} codings[] = {
	{"gzip", decode_gzip, "could not uncompress response with gzip"},
	{"deflate", decode_deflate, "could not uncompress response with zlib"},
	{"br", decode_brotli, "could not uncompress response with brotli"},
	{"identity", decode_identity, ""},
};

int
content_decode(const char *name, size_t name_len, const char *data,
    size_t len, struct buf *out, const char **sentence)
{
	size_t i;
	int err;

	for (i = 0; i < NELEMS(codings); i++)
		if (strlen(codings[i].name) == name_len &&
		    strncasecmp(codings[i].name, name, name_len) == 0)
			break;
	if (i == NELEMS(codings)) {
		*sentence = "the content encoding is not supported";
		return (ERR_UNSUPPORTED);
	}
	if (len == 0)
		return (0);
	err = codings[i].decode(data, len, out);
	if (err != 0)
		*sentence = err == ERR_LIMIT ? too_long : codings[i].sentence;
	return (err);
}
