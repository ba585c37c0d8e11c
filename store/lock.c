/* SPDX-License-Identifier: ISC */
/* The lock is flock's: it ends with the process, however that ends. */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/err.h"
#include "base/file.h"
#include "base/log.h"

int
lock_take(const char *dir, int *out, struct cause *c)
{
	char *path = file_join(dir, "writer.lock"), pid[32] = "";
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600), rc = 0;
	ssize_t n;

	if (fd < 0) {
		cause_add(c, "%s: %s", path, strerror(errno));
		rc = ERR_IO;
	} else if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		n = pread(fd, pid, sizeof(pid) - 1, 0);
		pid[n > 0 ? n : 0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		cause_add(c, "%s: another e2e-store writes to this store "
		    "(process %s)", dir, pid);
		rc = ERR_BUSY;
	} else {
		snprintf(pid, sizeof(pid), "%d\n", (int)getpid());
		if (ftruncate(fd, 0) != 0 ||
		    pwrite(fd, pid, strlen(pid), 0) < 0)
			log_debug("store.lock.unnamed", "path=%s",
			    log_quote(path));
	}
	free(path);
	if (rc == 0)
		*out = fd;
	else if (fd >= 0)
		close(fd);
	return (rc);
}

bool
lock_is_held(const char *dir)
{
	char *path = file_join(dir, "writer.lock");
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_held = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0;

	if (fd >= 0)
		close(fd);
	free(path);
	return (is_held);
}
