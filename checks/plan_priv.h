/* SPDX-License-Identifier: ISC */
/* What the files that load a plan share. */
#ifndef CHECKS_PLAN_PRIV_H
#define CHECKS_PLAN_PRIV_H

#include <uthash.h>

#include "base/mem.h"
#include "checks/manifest.h"
#include "checks/plan.h"

struct plan_memory {
	struct arena arena;
};

/* Something that a flow names, and the line where. */
struct plan_mention {
	const char *name;
	int port; /* of a host */
	uint32_t line;
	const char *file; /* that the flow includes; NULL: the flow itself */
};

struct plan_mentions {
	struct plan_mention *items;
	size_t count;
};

/* A flow file that was looked at, good or not. */
struct plan_flow_entry {
	const char *real;         /* the key */
	struct plan_flow *flow;   /* NULL: it has mistakes */
	const struct plan_manifest *user; /* whose check used it last */
	struct plan_mentions variables;   /* that it reads */
	struct plan_mentions url_variables; /* that a URL begins with */
	struct plan_mentions hosts;       /* written out in its URLs */
	struct plan_mentions refused;     /* options that no fleet allows */
	bool has_open_url;        /* a URL whose host is not written out */
	UT_hash_handle hh;
};

struct plan_known { /* a check's id, a manifest's real path */
	const char *name;
	const char *file;
	uint32_t line;
	UT_hash_handle hh;
};

struct plan_loader {
	struct cause *cause;
	bool wants_warnings;
	struct plan *plan;
	struct arena *arena;      /* of the plan */
	struct plan_manifest **manifests;
	size_t manifest_count;
	struct plan_check **checks;
	size_t check_count;
	size_t checks_seen;       /* good or not */
	struct plan_flow_entry *flows;
	struct plan_known *ids;
	struct plan_known *files;
	struct plan_known *included; /* real paths of what flows include */
};

void plan_loader_init(struct plan_loader *l, struct cause *cause);

/* Add a manifest, or all below a directory; mistakes go to the cause. */
void plan_loader_add(struct plan_loader *l, const char *path);

/* Hand over the plan of all that was added. Call only without mistakes. */
struct plan *plan_loader_finish(struct plan_loader *l);
void plan_loader_fini(struct plan_loader *l);

/* Visit the files below a directory, in order, hidden ones left out. */
void plan_walk(struct cause *cause, const char *path,
    void (*visit)(const char *file, void *arg), void *arg);

/*
 * Find a flow by its real path, reading it the first time; path names it to
 * people, shown is the same beside its manifest's name. Returns the entry,
 * or NULL with *sentence (freed by the caller) when it cannot be read.
 */
struct plan_flow_entry *plan_flow_get(struct plan_loader *l,
    const char *real, const char *path, const char *shown, char **sentence);

/* Note a file that a flow includes. Look one up by its real path. */
void plan_include_add(struct plan_loader *l, const char *real);
bool plan_is_included(const struct plan_loader *l, const char *real);

/* "in its line 3", or "in line 3 of login.hurl". The caller frees it. */
char *plan_mention_place(const struct plan_mention *m);

/* Fill in the hash of a check's definition. */
void plan_hash_check(struct plan_check *check);

/* Fill in the hash of everything. */
void plan_hash(struct plan *plan);

#endif
