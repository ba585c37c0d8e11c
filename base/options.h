/* SPDX-License-Identifier: ISC */
/*
 * Command lines as tables. One row per option gives the parser, --help, the
 * man page and the environment variable; a program declares a struct of
 * values and rows that point into it.
 */
#ifndef BASE_OPTIONS_H
#define BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_FLAG,   /* bool; --name sets true, --no-name sets false; in the
	                * environment 1 or 0 (or true, yes, on, ...) */
	OPTION_STR,    /* const char *, points into argv or environ */
	OPTION_LIST,   /* struct option_list, repeatable */
	OPTION_INT,    /* int64_t in [min, max] */
	OPTION_SPAN,   /* span_us; a bare number counts seconds */
	OPTION_DOUBLE, /* double in [min, max] */
	OPTION_CHOICE  /* int, the index into choices (NULL-terminated) */
};

struct option_list {
	const char **items;
	size_t count;
};

struct option_row {
	const char *name;            /* long name without dashes */
	char letter;                 /* 0: none */
	enum option_type type;
	size_t offset;               /* of the value in the struct */
	const char *arg;             /* name of the argument, for people */
	int64_t min, max;            /* inclusive; both 0: no bound */
	const char *const *choices;
	const char *help;            /* one sentence, no final stop */
	const char *env;             /* NULL: E2E_<NAME>; "": none */
	const char *env2;            /* read when env is not set, or NULL */
	const char *group;           /* title of this row and those behind it
	                              * in the help and the manual, or NULL */
};

struct option_command {
	const char *name;
	const char *args;
	const char *help;
};

struct option_text { /* a titled part of the man page */
	const char *title;
	const char *text; /* paragraphs separated by an empty line */
};

struct program {
	const char *name;
	int section;                 /* of the manual: 1 or 8; 0: it has none */
	const char *summary;         /* one line */
	const char *synopsis;        /* after the name: "[options] FILE..." */
	const struct option_row *rows; /* ends with a NULL name */
	const struct option_command *commands; /* NULL, or NULL-terminated */
	const struct option_text *texts; /* NULL, or NULL-terminated */
	bool stops_at_operand;       /* what follows belongs to a command */
	int usage_code;              /* of mistakes; 0: EXIT_USAGE */
};

/*
 * Read the environment, then argv, into values. --help, --version and --man
 * print and exit 0; a mistake prints a sentence on stderr and exits 64.
 * Returns the index in argv of the first operand; operands stand last.
 * A list given on the command line replaces the environment's.
 */
int options_parse(const struct program *p, int argc, char **argv,
    void *values);

/* Free the lists of values; everything else is borrowed. */
void options_fini(const struct program *p, void *values);

/* Print "name: sentence" and a hint to --help on stderr, and exit 64 or as
 * the program has it. */
_Noreturn void options_fail(const struct program *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Return the index of the command that word names. One that is unknown fails
 * as options_fail does, and says what was meant or which there are.
 */
size_t options_find_command(const struct program *p, const char *word);

/* Print the help text, or the manual page in man(7) format, to stdout. */
void options_print_help(const struct program *p);
void options_print_man(const struct program *p);

#define OPTION_AT(type, member) offsetof(type, member)
#define OPTION_END {.name = NULL}

/* --format, shared by all programs that print results. */
enum format {
	FORMAT_AUTO, /* table on a terminal, else the program's choice */
	FORMAT_TABLE,
	FORMAT_JSON,
	FORMAT_CSV,
	FORMAT_JUNIT,
	FORMAT_TAP,
	FORMAT_MARKDOWN,
	FORMAT_GITHUB, /* workflow commands */
	FORMAT_HTML
};

#endif
