/* SPDX-License-Identifier: ISC */
/* e2e-run: run flows or named checks once, here, now. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/proc.h"
#include "probe/runner.h"
#include "probe/runner_config.h"

int
main(int argc, char **argv)
{
	struct program program;
	struct runner_options o;
	struct runner_config config;
	static char very_verbose[] = "--very-verbose";
	int first, code, i;

	proc_init(0);
	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "-vv") == 0)
			argv[i] = very_verbose;
	runner_options_init(&o);
	runner_config_load(&config, &o);
	program = runner_program(argc, argv);
	first = options_parse(&program, argc, argv, &o);
	if (first == argc && o.checks == NULL && o.globs.count == 0 &&
	    !runner_has_input())
		options_fail(&program, "name a flow, a directory of "
		    "flows, or --checks DIR");
	runner_config_check(&program, &config);
	runner_options_check(&program, &o);
	code = runner_run(&o, (const char *const *)argv + first,
	    (size_t)(argc - first));
	options_fini(&program, &o);
	runner_config_fini(&config);
	return (code);
}
