/* SPDX-License-Identifier: ISC */
/*
 * Preloaded: a wall clock that a test steps. $E2E_TEST_CLOCK is a file of
 * eight bytes, the seconds that it is ahead.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile int64_t *
ahead(void)
{
	static volatile int64_t none, *seconds;
	const char *path;
	void *p = MAP_FAILED;
	int fd;

	if (seconds != NULL)
		return (seconds);
	path = getenv("E2E_TEST_CLOCK");
	fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd >= 0) {
		p = mmap(NULL, sizeof(*seconds), PROT_READ, MAP_SHARED, fd, 0);
		close(fd);
	}
	seconds = p != MAP_FAILED ? p : &none;
	return (seconds);
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	if (syscall(SYS_clock_gettime, id, ts) != 0)
		return (-1);
	if (id == CLOCK_REALTIME)
		ts->tv_sec += *ahead();
	return (0);
}
