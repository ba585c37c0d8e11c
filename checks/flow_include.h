/* SPDX-License-Identifier: ISC */
/* Flows that include other files: where those come from. */
#ifndef CHECKS_FLOW_INCLUDE_H
#define CHECKS_FLOW_INCLUDE_H

#include "checks/flow.h"

/* Where the texts of included files come from. */
struct flow_loader {
	/*
	 * Load the file of this name (relative, plain) into *text, freed by
	 * the caller. Returns 0, or an error with why in *sentence.
	 */
	int (*load)(const struct flow_loader *loader, const char *name,
	    char **text, size_t *len, const char **sentence);
	const void *arg;
	const char *folder; /* of the files, for messages; NULL: that of the
	                     * flow's path */
};

struct flow_text {
	const char *path, *source;
	size_t len;
	const struct flow_loader *loader; /* NULL: nothing can be included */
};

/*
 * Return a loader of files below root, a real directory, links resolved. It
 * borrows both texts.
 */
struct flow_loader flow_loader_below(const char *root, const char *folder);

/*
 * Parse a flow and what it includes. As flow_parse; mistakes have the path of
 * the file in which they stand.
 */
int flow_parse_text(const struct flow_text *text, struct cause *cause,
    struct flow **out);

/*
 * Return the name below the flow's folder of what is called name in file: a
 * file's names are meant from its own folder. The caller frees it.
 */
char *flow_name_below(const struct flow_file *file, const char *name);

#endif
