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

/* Write all bytes to a descriptor. Returns 0 or ERR_IO (errno is set). */
int file_write_all(int fd, const void *p, size_t len);

/*
 * Write a whole file beside path, sync it and rename it over path. It gets
 * the mode of the file it replaces, else what the umask leaves of 0666.
 * Returns 0 or ERR_IO (errno is set).
 */
int file_replace(const char *path, const void *data, size_t len);

/*
 * Write a whole file where a person said, as file_replace, but: what path
 * links to is replaced, not the link; a device, a pipe or a stream of ours
 * (/dev/stdout) is written to.
 */
int file_write(const char *path, const void *data, size_t len);

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

/*
 * Make a directory and its parents, mode 0700 for what is new. Returns 0 or
 * ERR_IO (errno is set).
 */
int file_make_dirs(const char *path);

#endif
