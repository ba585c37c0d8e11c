/* SPDX-License-Identifier: ISC */
/*
 * must(): what can only be false through a bug of ours. It is never compiled
 * out, and never used on anything that a target, user, file or peer can
 * influence.
 */
#ifndef BASE_MUST_H
#define BASE_MUST_H

/* Print the failed expression with its place and abort. */
_Noreturn void must_fail(const char *expr, const char *file, int line);

#define must(expr)                                                        \
	((expr) ? (void)0 : must_fail(#expr, __FILE__, __LINE__))

/* Checked cast of a callback's argument; the struct starts with its magic. */
#define must_magic(ptr, value)                                            \
	must((ptr) != NULL && (ptr)->magic == (value))

#define NELEMS(a) (sizeof(a) / sizeof((a)[0]))

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#endif
