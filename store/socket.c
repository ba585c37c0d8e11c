/* SPDX-License-Identifier: ISC */
/*
 * A Unix socket's path holds 107 bytes, a directory's may be longer: then it
 * is reached through /proc/self/fd of the opened directory (which a process
 * that made itself undumpable may not do, so not always).
 */
#include "store/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/err.h"

#define SOCKET_NAME "writer.sock"
#define BACKLOG 64

static int
open_dir(const char *dir, struct sockaddr_un *sun)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*sun = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (fd < 0 || (size_t)snprintf(sun->sun_path, sizeof(sun->sun_path),
	    "%s/" SOCKET_NAME, dir) < sizeof(sun->sun_path))
		return (fd);
	snprintf(sun->sun_path, sizeof(sun->sun_path),
	    "/proc/self/fd/%d/" SOCKET_NAME, fd);
	return (fd);
}

int
socket_listen(const char *dir)
{
	struct sockaddr_un sun;
	int dir_fd = open_dir(dir, &sun), fd = -1, kept;
	mode_t mask;

	if (dir_fd < 0)
		return (ERR_IO);
	unlinkat(dir_fd, SOCKET_NAME, 0);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mask = umask(0177);
	if (fd >= 0 && (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) != 0 ||
	    listen(fd, BACKLOG) != 0)) {
		kept = errno;
		close(fd);
		fd = -1;
		errno = kept;
	}
	umask(mask);
	kept = errno;
	close(dir_fd);
	errno = kept;
	return (fd >= 0 ? fd : ERR_IO);
}

int
socket_connect(const char *dir)
{
	struct sockaddr_un sun;
	int dir_fd = open_dir(dir, &sun), fd, kept;

	if (dir_fd < 0)
		return (errno == ENOENT ? ERR_NOT_FOUND : ERR_IO);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sun, sizeof(sun)) !=
	    0) {
		kept = errno;
		close(fd);
		close(dir_fd);
		errno = kept;
		return (kept == ENOENT || kept == ECONNREFUSED ?
		    ERR_NOT_FOUND : ERR_IO);
	}
	close(dir_fd);
	return (fd >= 0 ? fd : ERR_IO);
}

void
socket_remove(const char *dir)
{
	int fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	unlinkat(fd, SOCKET_NAME, 0);
	close(fd);
}
