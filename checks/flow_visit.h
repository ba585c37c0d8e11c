/* SPDX-License-Identifier: ISC */
/* Walks over a flow: the files that it names, the variables that it reads. */
#ifndef CHECKS_FLOW_VISIT_H
#define CHECKS_FLOW_VISIT_H

#include "checks/flow.h"

/* What a walk over a flow comes by: a name, and where it stands. */
struct flow_mention {
	const char *name;
	const struct flow_file *file;
	struct place place;
};

/*
 * Call visit for every file that the flow names by a literal (bodies,
 * multipart, certificates), so that its content can be hashed and checked.
 * Names are as written: flow_name_below makes them relative to the flow.
 */
void flow_visit_files(const struct flow *flow,
    void (*visit)(const struct flow_mention *m, void *arg), void *arg);

/*
 * Call visit for every reading of a variable that the flow itself has not set
 * before, by an option or a capture: what must come from outside.
 */
void flow_visit_variables(const struct flow *flow,
    void (*visit)(const struct flow_mention *m, void *arg), void *arg);

#endif
