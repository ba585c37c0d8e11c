/* SPDX-License-Identifier: ISC */
/* Finding the files of a tree, in an order that does not depend on the disk. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "checks/plan_priv.h"

#define WALK_MOST_DEPTH 32
#define WALK_MOST_FILES 100000

struct walk {
	struct cause *cause;
	void (*visit)(const char *file, void *arg);
	void *arg;
	size_t files;
	bool is_over;
};

static int
is_shown(const struct dirent *d)
{
	return (d->d_name[0] != '.');
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return (strcmp((*a)->d_name, (*b)->d_name));
}

static void walk_directory(struct walk *w, const char *path, int depth);

static void
walk_entry(struct walk *w, const char *path, int depth)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return;
	if (S_ISDIR(st.st_mode)) {
		walk_directory(w, path, depth + 1);
		return;
	}
	if (S_ISLNK(st.st_mode) && stat(path, &st) == 0 &&
	    S_ISDIR(st.st_mode))
		return;
	if (++w->files > WALK_MOST_FILES) {
		if (!w->is_over)
			cause_add_at(w->cause, path, (struct place){0}, NULL,
			    0, "more than %d files below one directory",
			    WALK_MOST_FILES);
		w->is_over = true;
		return;
	}
	w->visit(path, w->arg);
}

static void
walk_directory(struct walk *w, const char *path, int depth)
{
	struct dirent **names;
	char *child;
	int i, n;

	if (depth > WALK_MOST_DEPTH) {
		cause_add_at(w->cause, path, (struct place){0}, NULL, 0,
		    "directories are nested too deeply");
		return;
	}
	n = scandir(path, &names, is_shown, by_name);
	if (n < 0) {
		cause_add_at(w->cause, path, (struct place){0}, NULL, 0,
		    "cannot read the directory: %s", strerror(errno));
		return;
	}
	for (i = 0; i < n; i++) {
		child = file_join(strcmp(path, ".") == 0 ? "" : path,
		    names[i]->d_name);
		free(names[i]);
		if (!w->is_over)
			walk_entry(w, child, depth);
		free(child);
	}
	free(names);
}

void
plan_walk(struct cause *cause, const char *path,
    void (*visit)(const char *file, void *arg), void *arg)
{
	struct walk w = {.cause = cause, .visit = visit, .arg = arg};

	walk_directory(&w, path, 1);
}
