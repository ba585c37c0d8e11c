/* SPDX-License-Identifier: ISC */
/* Patterns of files: * and ? and [a-z] within a name, "**" for folders. */
#ifndef PROBE_RUNNER_GLOB_H
#define PROBE_RUNNER_GLOB_H

#include <stddef.h>

struct runner_paths {
	char **items;
	size_t count, cap;
};

/*
 * Find the regular files that match, in the order of their names. A name
 * that begins with a dot is matched by a dot only. Returns 0; ERR_SYNTAX
 * when ** does not stand alone between slashes; or ERR_NOT_FOUND. Free out
 * in any case.
 */
int runner_glob(const char *pattern, struct runner_paths *out);
void runner_paths_fini(struct runner_paths *paths);

#endif
