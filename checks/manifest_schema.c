/* SPDX-License-Identifier: ISC */
/* What the tables of keys say, for editors (JSON Schema) and for people. */
#include <string.h>

#include "base/json_out.h"
#include "checks/manifest.h"
#include "config.h"

#define NAME_PATTERN "^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$"
#define VARIABLE_PATTERN "^[A-Za-z_][A-Za-z0-9_-]{0,99}$"

static void put_table(const struct manifest_table *t, struct json_out *o);

static void
put_pattern(struct json_out *o, const char *pattern)
{
	json_out_kv_str(o, "type", "string");
	json_out_kv_str(o, "pattern", pattern);
}

static void
put_range(const struct manifest_row *row, struct json_out *o)
{
	json_out_kv_str(o, "type", "integer");
	json_out_kv_int(o, "minimum", row->min);
	json_out_kv_int(o, "maximum", row->max);
}

static void
put_bytes(const struct manifest_row *row, struct json_out *o)
{
	json_out_key(o, "anyOf");
	json_out_array(o);
	json_out_object(o);
	put_range(row, o);
	json_out_object_end(o);
	json_out_object(o);
	put_pattern(o, "^[0-9]+(KiB|MiB)?$");
	json_out_object_end(o);
	json_out_array_end(o);
}

static void
put_list(struct json_out *o, const char *pattern)
{
	json_out_kv_str(o, "type", "array");
	json_out_kv_int(o, "minItems", 1);
	json_out_kv_bool(o, "uniqueItems", true);
	json_out_key(o, "items");
	json_out_object(o);
	put_pattern(o, pattern);
	json_out_object_end(o);
}

/* An object whose names follow a pattern; the caller adds the values. */
static void
put_map(struct json_out *o, const char *pattern)
{
	json_out_kv_str(o, "type", "object");
	json_out_key(o, "propertyNames");
	json_out_object(o);
	json_out_kv_str(o, "pattern", pattern);
	json_out_object_end(o);
	json_out_key(o, "additionalProperties");
}

static void
put_variables(struct json_out *o)
{
	static const char *const types[] = {"string", "number", "boolean"};
	size_t i;

	put_map(o, VARIABLE_PATTERN);
	json_out_object(o);
	json_out_key(o, "type");
	json_out_array(o);
	for (i = 0; i < NELEMS(types); i++)
		json_out_str(o, types[i]);
	json_out_array_end(o);
	json_out_object_end(o);
}

static void
put_tables(const struct manifest_row *row, struct json_out *o)
{
	if (row->type == MANIFEST_TABLES) {
		json_out_kv_str(o, "type", "array");
		json_out_key(o, "items");
	} else
		put_map(o, row->type == MANIFEST_SECRETS ?
		    VARIABLE_PATTERN : NAME_PATTERN);
	json_out_object(o);
	put_table(row->table, o);
	if (row->type == MANIFEST_SECRETS) {
		json_out_kv_int(o, "minProperties", 1);
		json_out_kv_int(o, "maxProperties", 1);
	}
	json_out_object_end(o);
}

static void
put_type(const struct manifest_row *row, struct json_out *o)
{
	switch (row->type) {
	case MANIFEST_NAME:
		put_pattern(o, NAME_PATTERN);
		break;
	case MANIFEST_TEXT:
	case MANIFEST_PATH:
		put_pattern(o, "^[^\\x00-\\x1f]+$");
		break;
	case MANIFEST_SPAN:
		put_pattern(o, "^[0-9]+(us|ms|s|m|h|d)$");
		break;
	case MANIFEST_PERCENT:
		put_pattern(o, "^[0-9]{1,2}(\\.[0-9]{1,2})?%$");
		break;
	case MANIFEST_COUNT:
		put_range(row, o);
		break;
	case MANIFEST_BYTES:
		put_bytes(row, o);
		break;
	case MANIFEST_BOOL:
		json_out_kv_str(o, "type", "boolean");
		break;
	case MANIFEST_NAMES:
		put_list(o, NAME_PATTERN);
		break;
	case MANIFEST_HOSTS:
		put_list(o, "^[^/]+$");
		break;
	case MANIFEST_VARIABLES:
		put_variables(o);
		break;
	case MANIFEST_ENVIRONMENTS:
		put_map(o, NAME_PATTERN);
		json_out_object(o);
		put_variables(o);
		json_out_object_end(o);
		break;
	case MANIFEST_TABLE:
		put_table(row->table, o);
		break;
	case MANIFEST_TABLES:
	case MANIFEST_TABLES_BY_NAME:
	case MANIFEST_SECRETS:
		put_tables(row, o);
		break;
	}
}

static void
put_default(const struct manifest_row *row, struct json_out *o)
{
	size_t len = strlen(row->otherwise_text);

	json_out_key(o, "default");
	switch (row->type) {
	case MANIFEST_COUNT:
	case MANIFEST_BOOL:
		json_out_raw(o, row->otherwise_text, len);
		break;
	case MANIFEST_NAMES: /* "[local]" */
		json_out_array(o);
		json_out_str_n(o, row->otherwise_text + 1, len - 2);
		json_out_array_end(o);
		break;
	default:
		json_out_str(o, row->otherwise_text);
		break;
	}
}

static void
put_table(const struct manifest_table *t, struct json_out *o)
{
	size_t i;

	json_out_kv_str(o, "type", "object");
	json_out_kv_bool(o, "additionalProperties", false);
	json_out_key(o, "required");
	json_out_array(o);
	for (i = 0; i < t->count; i++)
		if (t->rows[i].is_required)
			json_out_str(o, t->rows[i].name);
	json_out_array_end(o);
	json_out_key(o, "properties");
	json_out_object(o);
	for (i = 0; i < t->count; i++) {
		json_out_key(o, t->rows[i].name);
		json_out_object(o);
		json_out_kv_str(o, "description", t->rows[i].help);
		put_type(&t->rows[i], o);
		if (t->rows[i].otherwise_text != NULL)
			put_default(&t->rows[i], o);
		json_out_object_end(o);
	}
	json_out_object_end(o);
}

void
manifest_print_schema(FILE *fp)
{
	struct json_out o;
	struct buf b;

	buf_init(&b, 1 << 20);
	json_out_init(&o, &b);
	json_out_object(&o);
	json_out_kv_str(&o, "$schema",
	    "http://json-schema.org/draft-07/schema#");
	json_out_kv_str(&o, "title", "e2e manifest");
	put_table(&manifest_table_top, &o);
	json_out_object_end(&o);
	must(!b.is_full);
	fprintf(fp, "%s\n", buf_str(&b));
	buf_fini(&b);
}

static const char *
type_text(enum manifest_type type)
{
	static const char *const texts[] = {
		[MANIFEST_NAME] = "name",
		[MANIFEST_TEXT] = "text",
		[MANIFEST_PATH] = "path",
		[MANIFEST_SPAN] = "duration: 500ms, 30s, 5m, 1h, 28d",
		[MANIFEST_PERCENT] = "percentage: 99.9%",
		[MANIFEST_COUNT] = "whole number",
		[MANIFEST_BYTES] = "size: 4096, 64KiB, 16MiB",
		[MANIFEST_BOOL] = "true or false",
		[MANIFEST_NAMES] = "list of names",
		[MANIFEST_HOSTS] = "list of hosts",
		[MANIFEST_VARIABLES] = ("variables: a text, number, true or "
		    "false by name"),
		[MANIFEST_ENVIRONMENTS] = "variables by name",
		[MANIFEST_TABLE] = "keys of its own, below",
		[MANIFEST_TABLES] = "list, each item with keys, below",
		[MANIFEST_TABLES_BY_NAME] = "by name, each with keys, below",
		[MANIFEST_SECRETS] = "{env: NAME} or {file: /path} by name"
	};

	return (texts[type]);
}

static void
put_man_text(FILE *fp, const char *s)
{
	if (*s == '.' || *s == '\'')
		fputs("\\&", fp);
	for (; *s != '\0'; s++) {
		if (*s == '-' || *s == '\\')
			fputc('\\', fp);
		fputc(*s == '\\' ? 'e' : *s, fp);
	}
}

/* "; 1 to 1000", in the units in which the key is written. */
static void
put_man_bounds(const struct manifest_row *row, FILE *fp)
{
	char low[32], high[32];

	if (row->type != MANIFEST_SPAN && row->type != MANIFEST_PERCENT &&
	    row->type != MANIFEST_COUNT && row->type != MANIFEST_BYTES)
		return;
	manifest_format_bound(row, row->min, low, sizeof(low));
	manifest_format_bound(row, row->max, high, sizeof(high));
	fprintf(fp, "; %s to %s", low, high);
}

static void
put_man_table(FILE *fp, const char *title, const struct manifest_table *t)
{
	const struct manifest_row *row;

	fprintf(fp, ".SH %s\n", title);
	for (row = t->rows; row < t->rows + t->count; row++) {
		fprintf(fp, ".TP\n.B %s\n", row->name);
		put_man_text(fp, row->help);
		fputs("\n(", fp);
		put_man_text(fp, type_text(row->type));
		if (row->is_required)
			fputs("; required", fp);
		put_man_bounds(row, fp);
		if (row->otherwise_text != NULL) {
			fputs("; default ", fp);
			put_man_text(fp, row->otherwise_text);
		}
		fputs(")\n", fp);
	}
}

static const char man_head[] =
    ".TH E2E\\-MANIFEST 5 \"" PACKAGE_DATE "\" \"e2e " PACKAGE_VERSION "\" "
    "\"e2e manual\"\n"
    ".SH NAME\ne2e\\-manifest \\- what is checked, when, where and how it "
    "is judged\n"
    ".SH DESCRIPTION\n"
    "A manifest is a YAML file (one document, at most 1 MiB, without "
    "anchors, aliases and tags) that names the checks of a service. A "
    "directory of manifests is read with all its folders; files whose names "
    "begin with a dot are passed over.\n"
    ".PP\n.nf\n"
    "service: payments\n"
    "owner: payments\\-oncall\n"
    "environments:\n"
    "  production: {base_url: \"https://api.example.com\"}\n"
    "secrets:\n"
    "  api_key: {env: PAYMENTS_TEST_KEY}\n"
    "hosts: [\"*.example.com\"]\n"
    "checks:\n"
    "  \\- name: card\\-payment\n"
    "    flow: card\\-payment.hurl\n"
    "    every: 30s\n"
    "    timeout: 20s\n"
    "    slo: {success: 99.9%, window: 28d}\n"
    "    alert: {after: 3, notify: [pager]}\n"
    "notify:\n"
    "  pager: {flow: notify/pagerduty.hurl}\n"
    ".fi\n.PP\n"
    "Numbers keep their exact text: 0.10 stays 0.10. Unquoted true and "
    "false are truth values, unquoted JSON numbers are numbers, everything "
    "else is a text. Secrets are named, never written: the probe reads them "
    "where they are.\n";

void
manifest_print_man(FILE *fp)
{
	fputs(man_head, fp);
	put_man_table(fp, "KEYS", &manifest_table_top);
	put_man_table(fp, "KEYS OF A CHECK", &manifest_table_check);
	put_man_table(fp, "KEYS OF A CHECK\\(aqS SLO", &manifest_table_slo);
	put_man_table(fp, "KEYS OF A CHECK\\(aqS ALERT",
	    &manifest_table_alert);
	put_man_table(fp, "KEYS OF A CHECK\\(aqS LIMITS",
	    &manifest_table_limits);
	put_man_table(fp, "KEYS OF A CHECK\\(aqS GATE",
	    &manifest_table_check_gate);
	put_man_table(fp, "KEYS OF A QUARANTINE",
	    &manifest_table_quarantine);
	put_man_table(fp, "KEYS OF THE GATE", &manifest_table_gate);
	put_man_table(fp, "KEYS OF A NOTIFICATION", &manifest_table_notify);
	put_man_table(fp, "KEYS OF A SECRET", &manifest_table_secret);
	fputs(".SH SEE ALSO\n.BR e2e\\-lint (1),\n.BR e2e\\-scheduler (8)\n",
	    fp);
}
