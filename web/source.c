/* SPDX-License-Identifier: ISC */
/* The store, opened when it is there. */
#include "web/source.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"

struct source {
	char *dir;
	char *main_path; /* its file tells one store from another */
	struct query *query;
	dev_t device;
	ino_t inode;
};

struct source *
source_new(const char *dir)
{
	struct source *s = xcalloc(1, sizeof(*s));

	s->dir = xstrdup(dir);
	s->main_path = file_join(dir, "main.db");
	return (s);
}

void
source_free(struct source **s)
{
	if ((*s)->query != NULL)
		query_close(&(*s)->query);
	free((*s)->main_path);
	free((*s)->dir);
	free(*s);
	*s = NULL;
}

struct query *
source_get(struct source *s, int *err, struct cause *c)
{
	struct stat st;
	bool is_there = stat(s->main_path, &st) == 0;

	if (s->query != NULL && (!is_there || st.st_dev != s->device ||
	    st.st_ino != s->inode))
		query_close(&s->query);
	*err = 0;
	if (s->query != NULL)
		return (s->query);
	if (!is_there) {
		*err = ERR_NOT_FOUND;
		cause_add(c, "there is no store in %s yet", s->dir);
		return (NULL);
	}
	if ((*err = query_open(s->dir, &s->query, c)) != 0) {
		s->query = NULL;
		return (NULL);
	}
	s->device = st.st_dev;
	s->inode = st.st_ino;
	return (s->query);
}
