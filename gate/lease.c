/* SPDX-License-Identifier: ISC */
/* A byte of DIR/gates.lock for each candidate: no litter, no clean-up. */
#include "gate/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"

#define LEASE_FILE "gates.lock"
#define LOOK_MS 100
#define KEY_DIGITS 15 /* as many as an offset holds */

static struct flock
lock_of(const char *key)
{
	char digits[KEY_DIGITS + 1];

	snprintf(digits, sizeof(digits), "%s", key);
	return ((struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET,
	    .l_start = (off_t)strtoull(digits, NULL, 16), .l_len = 1});
}

/* Try once. Returns 0, ERR_BUSY with the holder's process (0: unknown). */
static int
try_lock(int fd, const char *key, long *holder)
{
	struct flock lock = lock_of(key);

	*holder = 0;
	if (fcntl(fd, F_SETLK, &lock) == 0)
		return (0);
	if (errno != EACCES && errno != EAGAIN)
		return (ERR_IO);
	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK)
		*holder = (long)lock.l_pid;
	return (ERR_BUSY);
}

/* "another gate of this candidate (process 17)" */
static void
say_holder(long holder)
{
	fprintf(stderr, "e2e-gate: another gate of this candidate");
	if (holder > 0)
		fprintf(stderr, " (process %ld)", holder);
}

static int
wait_for_lock(int fd, const char *key, span_us within)
{
	mono_us end = clock_mono() + within;
	char span[CLOCK_SPAN_SIZE];
	bool is_told = false;
	long holder;
	int rc;

	clock_format_span(within, span);
	while ((rc = try_lock(fd, key, &holder)) == ERR_BUSY &&
	    clock_mono() < end) {
		if (!is_told) {
			say_holder(holder);
			fprintf(stderr, " is running: waiting for it, at "
			    "most %s\n", span);
		}
		is_told = true;
		poll(NULL, 0, LOOK_MS);
	}
	if (rc == ERR_BUSY) {
		say_holder(holder);
		fprintf(stderr, " still runs after %s: nothing was "
		    "measured\n", span);
	}
	return (rc);
}

int
lease_take(struct lease *lease, const char *dir, const char *key,
    span_us within)
{
	char *path;
	int rc = ERR_IO;

	lease->fd = -1;
	if (key[0] == '\0')
		return (0);
	path = file_join(dir, LEASE_FILE);
	if (file_make_dirs(dir) == 0)
		lease->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (lease->fd >= 0)
		rc = wait_for_lock(lease->fd, key, within);
	if (rc == ERR_IO)
		fprintf(stderr, "e2e-gate: warning: %s: %s: another gate of "
		    "this candidate would not be noticed\n", path,
		    strerror(errno));
	free(path);
	if (rc != 0)
		lease_release(lease);
	return (rc == ERR_BUSY ? EXIT_UNMEASURED : 0);
}

void
lease_release(struct lease *lease)
{
	if (lease->fd >= 0)
		close(lease->fd);
	lease->fd = -1;
}
