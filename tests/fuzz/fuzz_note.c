/* SPDX-License-Identifier: ISC */
/*
 * Any bytes as a note of the store: what rounds of a baseline against itself
 * have shown, and an override. What is taken of it is safe to judge by.
 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/must.h"
#include "gate/aa_note.h"
#include "gate/override.h"

#define STEPS 2
#define ROUNDS 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
judge(const struct suite_check *c)
{
	struct engine_phi0 phi0 = {c->phi0, c->tail_phi0};
	struct engine_check check = {.name = c->id, .step_count = STEPS,
	    .phi0 = c->phi0 != NULL ? &phi0 : NULL};
	struct engine *e = engine_new(&engine_config_default, &check, 1);
	int64_t slow[STEPS] = {50000000, 900000000}, fast[STEPS] = {1, 2};
	struct engine_pair pair = {.kind = ENGINE_PAIR_ROUND,
	    .candidate = {false, slow}, .baseline = {false, fast}};
	int i;

	for (i = 0; i < ROUNDS; i++)
		engine_add(e, 0, &pair);
	must(isfinite(engine_log_evidence(e)));
	must(engine_decide(e) != ENGINE_PASS);
	engine_free(&e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char first[] = "GET {{base_url}}/login", second[] = "POST /";
	struct suite_step steps[STEPS] = {{.name = first}, {.name = second}};
	struct definition d = {.environment = "local"};
	struct suite_check check = {.id = "payments/login",
	    .arms = {&d, &d}, .steps = steps, .step_count = STEPS};
	struct suite suite = {.checks = &check, .count = 1};
	struct override_wanted wanted = {"0123", "abcd", 1000};
	struct override_list list = {.count = 0};
	const char *text = (const char *)data;

	aa_note_read(&suite, text, size, 1);
	must((check.aa == NULL) == (check.phi0 == NULL));
	judge(&check);
	free(check.aa);
	free(check.phi0);
	override_take(&list, &wanted, text, size, 1);
	must(list.count <= 1);
	must(list.count == 0 || list.items[0].until > wanted.now);
	override_fini(&list);
	return (0);
}
