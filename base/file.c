/* SPDX-License-Identifier: ISC */
/* Files, whole. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/mem.h"

static int
read_all(int fd, struct buf *b)
{
	ssize_t n;

	for (;;) {
		size_t room = b->max_bytes - b->len < 65536 ?
		    b->max_bytes - b->len : 65536;

		if (room == 0 || buf_reserve(b, room) != 0)
			return (ERR_LIMIT);
		n = read(fd, b->data + b->len, room);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return (ERR_IO);
		if (n == 0)
			return (0);
		b->len += (size_t)n;
		b->data[b->len] = '\0';
	}
}

int
file_read(const char *path, size_t max_bytes, char **data, size_t *len)
{
	struct stat st;
	struct buf b;
	int fd, rc;

	/* Non-blocking: a FIFO in place of a file must not hang us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return (errno == ENOENT ? ERR_NOT_FOUND : ERR_IO);
	buf_init(&b, max_bytes + 1);
	if (fstat(fd, &st) != 0)
		rc = ERR_IO;
	else if (!S_ISREG(st.st_mode))
		rc = ERR_TYPE;
	else if (st.st_size > 0 && (size_t)st.st_size > max_bytes)
		rc = ERR_LIMIT;
	else
		rc = read_all(fd, &b);
	if (rc == 0 && b.len > max_bytes)
		rc = ERR_LIMIT;
	if (rc == 0)
		*data = buf_take(&b, len);
	buf_fini(&b);
	close(fd);
	return (rc);
}

int
file_write_all(int fd, const void *p, size_t len)
{
	const char *at = p;
	ssize_t n;

	while (len > 0) {
		n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return (ERR_IO);
		at += n;
		len -= (size_t)n;
	}
	return (0);
}

/* Close, with errno still telling of what was before. */
static void
close_quietly(int fd)
{
	int kept = errno;

	close(fd);
	errno = kept;
}

/* A new file beside path; *temp is its name, freed by the caller. */
static int
open_beside(const char *path, char **temp)
{
	uint64_t chance;

	crypto_random(&chance, sizeof(chance));
	*temp = xasprintf("%s.%016" PRIx64, path, chance);
	return (open(*temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
}

int
file_replace(const char *path, const void *data, size_t len)
{
	struct stat old;
	char *temp;
	int fd = open_beside(path, &temp), rc = ERR_IO, kept;

	if (fd < 0)
		goto out;
	rc = file_write_all(fd, data, len);
	if (rc == 0 && stat(path, &old) == 0 &&
	    fchmod(fd, old.st_mode & 0777) != 0)
		rc = ERR_IO;
	if (rc == 0 && fsync(fd) != 0)
		rc = ERR_IO;
	close_quietly(fd);
	if (rc == 0 && rename(temp, path) != 0)
		rc = ERR_IO;
	kept = errno;
	if (rc != 0)
		unlink(temp);
	errno = kept;
out:
	free(temp);
	return (rc);
}

/* True when a file of that name cannot be put in its place. */
static bool
is_stream(const char *path)
{
	struct stat st;

	return (strncmp(path, "/dev/std", 8) == 0 ||
	    strncmp(path, "/dev/fd/", 8) == 0 ||
	    strncmp(path, "/proc/self/fd/", 14) == 0 ||
	    (stat(path, &st) == 0 && !S_ISREG(st.st_mode)));
}

static int
write_through(const char *path, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC), rc;

	if (fd < 0)
		return (ERR_IO);
	rc = file_write_all(fd, data, len);
	close_quietly(fd);
	return (rc);
}

int
file_write(const char *path, const void *data, size_t len)
{
	char *real;
	int rc;

	if (is_stream(path))
		return (write_through(path, data, len));
	real = realpath(path, NULL);
	rc = file_replace(real != NULL ? real : path, data, len);
	free(real);
	return (rc);
}

char *
file_join(const char *dir, const char *name)
{
	size_t len = strlen(dir);

	if (name[0] == '/' || len == 0)
		return (xstrdup(name));
	return (xasprintf("%s%s%s", dir, dir[len - 1] == '/' ? "" : "/",
	    name));
}

char *
file_dir(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return (xstrdup("."));
	if (slash == path)
		return (xstrdup("/"));
	return (xstrndup(path, (size_t)(slash - path)));
}

int
file_resolve_below(const char *root, const char *name, char **out)
{
	char *joined, *real_root, *real;
	size_t len;
	int rc;

	if (root == NULL)
		return (ERR_LIMIT);
	joined = file_join(root, name);
	real_root = realpath(root, NULL);
	real = realpath(joined, NULL);
	rc = errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
	free(joined);
	if (real_root != NULL && real != NULL) {
		len = strlen(real_root);
		rc = strncmp(real, real_root, len) == 0 &&
		    (real[len] == '/' || real[len] == '\0' || len == 1) ?
		    0 : ERR_LIMIT;
	}
	if (rc == 0)
		*out = real;
	else
		free(real);
	free(real_root);
	return (rc);
}

int
file_make_dirs(const char *path)
{
	char *copy, *p;
	int rc = 0;

	if (path[0] == '\0') {
		errno = ENOENT;
		return (ERR_IO);
	}
	copy = xstrdup(path);
	for (p = copy + 1; rc == 0; p++) {
		if (*p != '/' && *p != '\0')
			continue;
		char c = *p;

		*p = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST)
			rc = ERR_IO;
		*p = c;
		if (c == '\0')
			break;
	}
	free(copy);
	return (rc);
}
