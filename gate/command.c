/* SPDX-License-Identifier: ISC */
/* What all commands of e2e-gate end with: was it really printed? */
#include "gate/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"

int
command_flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return (0);
	fprintf(stderr, "e2e-gate: stdout: %s\n", strerror(errno));
	return (EXIT_UNMEASURED);
}

int
command_print(const struct buf *out)
{
	if (out->is_full) {
		fprintf(stderr, "e2e-gate: stdout: what is to be said is too "
		    "long\n");
		return (EXIT_UNMEASURED);
	}
	fwrite(buf_str(out), 1, out->len, stdout);
	return (command_flush());
}
