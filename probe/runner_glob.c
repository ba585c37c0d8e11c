/* SPDX-License-Identifier: ISC */
/*
 * Patterns of files. glob(3) has no **, which is what people write who have
 * flows in folders.
 */
#include "probe/runner_glob.h"

#include <dirent.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/mem.h"

#define DEPTH_MOST 64 /* of folders that ** goes down to */

static void visit(struct runner_paths *out, const char *base,
    const char *pattern, int depth);

static void
add(struct runner_paths *out, const char *path)
{
	if (out->count == out->cap) {
		out->cap = out->cap * 2 + 8;
		out->items = xreallocarray(out->items, out->cap,
		    sizeof(*out->items));
	}
	out->items[out->count++] = xstrdup(path);
}

/* A name below base, of which rest is still to be matched. */
static void
step(struct runner_paths *out, const char *base, const char *name,
    const char *rest, int depth)
{
	char *path = xasprintf("%s%s", base, name), *folder;
	struct stat st;

	if (stat(path, &st) == 0 && *rest == '\0') {
		if (S_ISREG(st.st_mode))
			add(out, path);
	} else if (*rest == '/') {
		folder = xasprintf("%s/", path);
		visit(out, folder, rest + strspn(rest, "/"), depth);
		free(folder);
	}
	free(path);
}

static DIR *
open_folder(const char *base)
{
	return (opendir(*base == '\0' ? "." : base));
}

/* Any folders, none too; links are not followed, as they may lead back. */
static void
visit_folders(struct runner_paths *out, const char *base,
    const char *pattern, int depth)
{
	DIR *dir = open_folder(base);
	struct dirent *e;
	struct stat st;
	char *path, *folder;

	visit(out, base, pattern + 2 + strspn(pattern + 2, "/"), depth);
	while (dir != NULL && depth < DEPTH_MOST &&
	    (e = readdir(dir)) != NULL) {
		path = xasprintf("%s%s", base, e->d_name);
		folder = xasprintf("%s/", path);
		if (e->d_name[0] != '.' && lstat(path, &st) == 0 &&
		    S_ISDIR(st.st_mode))
			visit_folders(out, folder, pattern, depth + 1);
		free(folder);
		free(path);
	}
	if (dir != NULL)
		closedir(dir);
}

static void
visit_names(struct runner_paths *out, const char *base, const char *name,
    const char *rest, int depth)
{
	DIR *dir = open_folder(base);
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (fnmatch(name, e->d_name, FNM_NOESCAPE | FNM_PERIOD) == 0)
			step(out, base, e->d_name, rest, depth);
	if (dir != NULL)
		closedir(dir);
}

static void
visit(struct runner_paths *out, const char *base, const char *pattern,
    int depth)
{
	size_t len = strcspn(pattern, "/");
	char *name = xstrndup(pattern, len);

	if (len == 0)
		; /* a folder is meant, and folders are not run */
	else if (strcmp(name, "**") == 0)
		visit_folders(out, base, pattern, depth);
	else if (strpbrk(name, "*?[") != NULL)
		visit_names(out, base, name, pattern + len, depth);
	else
		step(out, base, name, pattern + len, depth);
	free(name);
}

/* ** means folders, and so is a name of its own. */
static bool
is_well_formed(const char *pattern)
{
	size_t len;

	for (; *pattern != '\0'; pattern += len + (pattern[len] == '/')) {
		len = strcspn(pattern, "/");
		if (len != 2 && memmem(pattern, len, "**", 2) != NULL)
			return (false);
	}
	return (true);
}

static int
by_name(const void *a, const void *b)
{
	return (strcmp(*(char *const *)a, *(char *const *)b));
}

int
runner_glob(const char *pattern, struct runner_paths *out)
{
	size_t i, count = 0, root = strspn(pattern, "/");

	*out = (struct runner_paths){0};
	if (!is_well_formed(pattern))
		return (ERR_SYNTAX);
	visit(out, root > 0 ? "/" : "", pattern + root, 0);
	if (out->count == 0)
		return (ERR_NOT_FOUND);
	qsort(out->items, out->count, sizeof(*out->items), by_name);
	/* Several ** find a file in several ways. */
	for (i = 0; i < out->count; i++) {
		if (count > 0 && strcmp(out->items[count - 1],
		    out->items[i]) == 0)
			free(out->items[i]);
		else
			out->items[count++] = out->items[i];
	}
	out->count = count;
	return (0);
}

void
runner_paths_fini(struct runner_paths *paths)
{
	while (paths->count > 0)
		free(paths->items[--paths->count]);
	free(paths->items);
}
