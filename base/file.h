/* SPDX-License-Identifier: ISC */
/* Files, whole: reading with a bound, replacing atomically, paths. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Read a regular file of at most max_bytes into *data, NUL-terminated; the
 * caller frees it. Returns 0, ERR_NOT_FOUND, ERR_IO (errno is set),
 * ERR_LIMIT, or ERR_TYPE when it is not a regular file.
 */
int file_read(const char *path, size_t max_bytes, char **data, size_t *len);

/* Write a whole file beside path, sync it and rename it over path. */
int file_replace(const char *path, const void *data, size_t len);

/* Join with one slash; an absolute name stands alone. The caller frees. */
char *file_join(const char *dir, const char *name);

/* Return the directory of path ("." when it has none). The caller frees. */
char *file_dir(const char *path);

/*
 * Resolve name below root: links followed, and ERR_LIMIT when the result is
 * neither root nor inside of it (or root is NULL). *out is the real path,
 * freed by the caller.
 */
int file_resolve_below(const char *root, const char *name, char **out);

/* Make a directory and its parents, mode 0700 for what is new. */
int file_make_dirs(const char *path);

#endif
