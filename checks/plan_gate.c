/* SPDX-License-Identifier: ISC */
/* Loading what a manifest says to the gate, for a service or one check. */
#include <string.h>

#include "checks/plan_load.h"

#define ALPHA_DEFAULT 100 /* permyriad; as the gate's own */

/* The place of a word in a list that ends with NULL; -1: not there. */
static int
find_word(struct load *ld, const struct manifest_value *v, const char *name,
    const char *const *words)
{
	int i;

	if (v->node == NULL)
		return (-1);
	for (i = 0; words[i] != NULL; i++)
		if (strcmp(v->node->text, words[i]) == 0)
			return (i);
	manifest_wrong(&ld->source, v->node->place, "'%s' wants %s, %s%s%s",
	    name, words[0], words[1], words[2] != NULL ? " or " : "",
	    words[2] != NULL ? words[2] : "");
	return (-1);
}

static void
load_quarantine(struct load *ld, struct plan_gate *g,
    const struct manifest_node *node)
{
	struct manifest_quarantine_values v;

	if (node == NULL)
		return;
	manifest_read(&ld->source, &manifest_table_quarantine, node, &v);
	if (v.owner.node == NULL || v.reason.node == NULL ||
	    v.until.node == NULL)
		return;
	if (clock_parse_wall(v.until.node->text, &g->quarantine_until) != 0) {
		manifest_wrong(&ld->source, v.until.node->place, "'until' "
		    "wants a day such as 2026-12-24, in UTC");
		return;
	}
	g->is_quarantined = true;
	g->quarantine_owner = load_keep(ld, v.owner.node->text);
	g->quarantine_reason = load_keep(ld, v.reason.node->text);
	g->place = v.until.node->place;
	if (ld->l->wants_warnings && g->quarantine_until <= clock_wall())
		manifest_warn(&ld->source, g->place, "the quarantine has "
		    "expired: gates judge the check again");
}

/* The checks' alphas are parts of the service's. */
static void
add_alpha(struct load *ld, const struct manifest_value *alpha)
{
	int64_t most = ld->m->gate->alpha_permyriad;

	if (alpha->node == NULL)
		return;
	if (most < 0)
		most = ALPHA_DEFAULT;
	if (ld->own_alpha <= most && ld->own_alpha + alpha->number > most)
		manifest_wrong(&ld->source, alpha->node->place, "with this "
		    "the checks' own 'alpha' are more than the gate's %g%%, "
		    "of which they are parts", (double)most / 100);
	ld->own_alpha += alpha->number;
}

const struct plan_gate *
load_gate(struct load *ld, const struct manifest_node *node,
    const struct manifest_table *table)
{
	static const char *const policies[] = {"required", "advisory", NULL};
	static const char *const actions[] = {"hold", "pass", "block", NULL};
	static const char *const aa_words[] = {"none", "idle", NULL};
	struct plan_gate *g = arena_calloc(ld->l->arena, 1, sizeof(*g));
	struct manifest_gate_values v;

	/* The two tables share the struct: what one lacks must be absent. */
	memset(&v, 0, sizeof(v));
	manifest_read(&ld->source, table, node, &v);
	*g = (struct plan_gate){
		.alpha_permyriad = v.alpha.number,
		.beta_permyriad = v.beta.number,
		.rounds = v.rounds.number,
		.time = v.time.number,
		.tolerance_permyriad = v.tolerance.number,
		.tolerance_at_least = v.tolerance_at_least.number,
		.margin_permyriad = v.margin.number,
		.margin_at_least = v.margin_at_least.number,
		.failure_margin_permyriad = v.failure_margin.number,
		.on_inconclusive = find_word(ld, &v.on_inconclusive,
		    "on_inconclusive", actions),
		.policy = find_word(ld, &v.policy, "policy", policies),
		.aa = find_word(ld, &v.aa, "aa", aa_words)
	};
	load_quarantine(ld, g, v.quarantine.node);
	if (table == &manifest_table_check_gate && g->policy != 1)
		add_alpha(ld, &v.alpha);
	return (g);
}

bool
plan_gathers_aa(const struct plan_check *c, const char *location)
{
	int aa = c->gate->aa >= 0 ? c->gate->aa : c->manifest->gate->aa;

	return (aa == 1 && !c->is_paused && plan_check_is_at(c, location));
}
