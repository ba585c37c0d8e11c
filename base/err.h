/* SPDX-License-Identifier: ISC */
/*
 * Return codes of functions and exit codes of programs. A check that fails is
 * data, never one of these: they say that we could not do our own work.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

enum err {
	ERR_NONE = 0,
	ERR_LIMIT = -1,       /* a bound was reached */
	ERR_SYNTAX = -2,      /* text that does not parse */
	ERR_TYPE = -3,        /* right syntax, wrong kind of value */
	ERR_NOT_FOUND = -4,   /* no such thing */
	ERR_EXISTS = -5,      /* there already */
	ERR_IO = -6,          /* the system refused; errno says why */
	ERR_CLOSED = -7,      /* the peer is gone */
	ERR_BUSY = -8,        /* not now */
	ERR_CORRUPT = -9,     /* bytes that contradict themselves */
	ERR_VERSION = -10,    /* made by a newer program */
	ERR_UNSUPPORTED = -11 /* understood, but cannot be done here */
};

enum exit_code {
	EXIT_GOOD = 0,          /* done, and all is well */
	EXIT_BAD = 10,          /* checked and bad: failed, blocked */
	EXIT_INCONCLUSIVE = 20, /* checked, and neither can be said */
	EXIT_UNMEASURED = 30,   /* could not measure: no probe, no store */
	EXIT_USAGE = 64,        /* wrong options */
	EXIT_DEFINITION = 78    /* a flow or manifest is wrong */
};

/* Return a short lower-case phrase for an enum err. */
const char *err_text(int err);

#endif
