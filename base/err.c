/* SPDX-License-Identifier: ISC */
/* Phrases for error codes. */
#include "base/err.h"

#include "base/must.h"

static const char *const err_texts[] = {
    [-ERR_NONE] = "no error",
    [-ERR_LIMIT] = "a limit was reached",
    [-ERR_SYNTAX] = "syntax error",
    [-ERR_TYPE] = "wrong type",
    [-ERR_NOT_FOUND] = "not found",
    [-ERR_EXISTS] = "exists already",
    [-ERR_IO] = "input or output failed",
    [-ERR_CLOSED] = "the peer closed the connection",
    [-ERR_BUSY] = "busy",
    [-ERR_CORRUPT] = "corrupt data",
    [-ERR_VERSION] = "made by a newer program",
    [-ERR_UNSUPPORTED] = "not supported here",
};

const char *
err_text(int err)
{
	if (err > 0 || -err >= (int)NELEMS(err_texts))
		return ("unknown error");
	return (err_texts[-err]);
}
