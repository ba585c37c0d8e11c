/* SPDX-License-Identifier: ISC */
/* writer.sock in a store directory, whatever the length of its path. */
#ifndef STORE_SOCKET_H
#define STORE_SOCKET_H

/*
 * Listen on dir's writer.sock, mode 0600, replacing a dead one: only the
 * holder of the writer lock may call this. Returns the fd or ERR_IO.
 */
int socket_listen(const char *dir);

/* Connect to it. Returns the fd, ERR_NOT_FOUND when nobody listens, ERR_IO. */
int socket_connect(const char *dir);

/* Remove it. */
void socket_remove(const char *dir);

#endif
