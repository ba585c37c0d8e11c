/* SPDX-License-Identifier: ISC */
/* e2e-run: run flows or named checks once, here, now. */
#include <stdio.h>

#include "base/err.h"
#include "base/proc.h"
#include "probe/runner.h"

int
main(int argc, char **argv)
{
	struct runner_options o;
	int first, code;

	proc_init(0);
	runner_options_init(&o);
	first = options_parse(&runner_program, argc, argv, &o);
	if (first == argc && o.checks == NULL)
		options_fail(&runner_program, "name a flow, a directory of "
		    "flows, or --checks DIR");
	if (o.last_entry > 0 && o.first_entry > o.last_entry)
		options_fail(&runner_program, "--from-entry is behind "
		    "--to-entry");
	code = runner_run(&o, (const char *const *)argv + first,
	    (size_t)(argc - first));
	options_fini(&runner_program, &o);
	return (code);
}
