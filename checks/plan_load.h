/* SPDX-License-Identifier: ISC */
/* The parts of loading one manifest. Private to checks/plan_*.c. */
#ifndef CHECKS_PLAN_LOAD_H
#define CHECKS_PLAN_LOAD_H

#include "checks/definition_priv.h"
#include "checks/plan_priv.h"

/* A manifest being loaded. */
struct load {
	struct plan_loader *l;
	struct manifest_source source;
	struct plan_manifest *m;
	char *dir;                 /* of the manifest, as found */
	struct plan_flow_entry **flows; /* of its checks */
	size_t flow_count;
	bool *is_environment_used; /* in the tree's arena */
	bool *is_notify_used;
	int64_t own_alpha;         /* of the checks so far, permyriad */
};

/* Copy a text into the plan. */
const char *load_keep(struct load *ld, const char *s);

/* Each accepts a NULL node: nothing is there. */
void load_hosts(struct load *ld, const struct manifest_node *node,
    const char *const **hosts, size_t *count);
void load_secrets(struct load *ld, const struct manifest_node *node,
    const struct definition_secret **secrets, size_t *count);
void load_variables(struct load *ld, const struct manifest_node *node,
    const struct definition_variable **variables, size_t *count);
void load_names(struct load *ld, const struct manifest_node *node,
    const char *const **names, size_t *count);
void load_environments(struct load *ld, const struct manifest_node *node);
void load_notifies(struct load *ld, const struct manifest_node *node);

/* Report variables of node that are secrets also. */
void load_check_clash(struct load *ld, const struct manifest_node *node,
    const struct definition_secret *secrets, size_t count);

/* Find the flow that node names; NULL when that was a mistake. */
struct plan_flow_entry *load_flow(struct load *ld,
    const struct manifest_node *node);

/* Report hosts that the flow's URLs name but hosts do not cover. */
void load_check_hosts(struct load *ld, const struct manifest_node *node,
    const struct plan_flow_entry *flow, const char *const *hosts,
    size_t count);

/* Report environments whose base URLs are not covered by hosts. */
void load_check_urls(struct load *ld, const struct manifest_node *node);

/* What is said to the gate, by either table; node may be NULL. */
const struct plan_gate *load_gate(struct load *ld,
    const struct manifest_node *node, const struct manifest_table *table);

/* Make a check of its values; id stays NULL when it has no usable name. */
struct plan_check *load_check(struct load *ld,
    const struct manifest_node *node, const struct manifest_check_values *v);

#endif
