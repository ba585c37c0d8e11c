/* SPDX-License-Identifier: ISC */
/* Clocks, UTF-8, hashes, files, messages and the log's quoting. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/crypto.h"
#include "base/err.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/message.h"
#include "base/proc.h"
#include "base/utf8.h"

static void
durations_parse_with_units_and_bounds(void **state)
{
	static const struct {
		const char *text;
		int rc;
		span_us us;
	} rows[] = {{"30s", 0, 30 * SPAN_S}, {"5", 0, 5 * SPAN_S},
	    {"250ms", 0, 250 * SPAN_MS}, {"7us", 0, 7}, {"2m", 0, 120 * SPAN_S},
	    {"1h", 0, SPAN_H}, {"28d", 0, 28 * SPAN_DAY}, {"0", 0, 0},
	    {"", ERR_SYNTAX, 0}, {"s", ERR_SYNTAX, 0}, {"-1s", ERR_SYNTAX, 0},
	    {"1.5s", ERR_SYNTAX, 0}, {"5 s", ERR_SYNTAX, 0},
	    {"5S", ERR_SYNTAX, 0}, {"99999999d", ERR_LIMIT, 0},
	    {"99999999999999999999", ERR_LIMIT, 0}};
	span_us us;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		us = 0;
		assert_int_equal(clock_parse_span(rows[i].text, SPAN_S, &us),
		    rows[i].rc);
		assert_int_equal(us, rows[i].us);
	}
}

static void
wall_time_is_written_and_read_in_utc(void **state)
{
	char text[CLOCK_TEXT_SIZE];
	wall_us t;

	(void)state;
	clock_format_wall(1700000000123456, text);
	assert_string_equal(text, "2023-11-14T22:13:20.123456Z");
	assert_int_equal(clock_parse_wall(text, &t), 0);
	assert_true(t == 1700000000123456);
	clock_format_wall(-1, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
	assert_int_equal(clock_parse_wall("2023-11-14", &t), 0);
	assert_true(t == 1699920000 * SPAN_S);
	assert_int_equal(clock_parse_wall("2023-11-14T22", &t), ERR_SYNTAX);
	assert_int_equal(clock_parse_wall("0987-11-29", &t), 0);
	clock_format_wall(t, text);
	assert_string_equal(text, "0987-11-29T00:00:00.000000Z");
	assert_int_equal(clock_parse_wall("yesterday", &t), ERR_SYNTAX);
	assert_int_equal(clock_parse_wall("2024-02-29", &t), 0);
	assert_int_equal(clock_parse_wall("2023-02-29", &t), ERR_SYNTAX);
	assert_int_equal(clock_parse_wall("2023-04-31T00:00:00Z", &t),
	    ERR_SYNTAX);
	assert_int_equal(clock_parse_wall("2023- 2-21", &t), ERR_SYNTAX);
	assert_int_equal(clock_parse_wall("2023-11-14T22: 3:20", &t),
	    ERR_SYNTAX);
	assert_int_equal(clock_parse_wall("2023-11-14T22:13:20.Z", &t),
	    ERR_SYNTAX);
}

static void
spans_are_shown_in_fitting_units(void **state)
{
	char text[CLOCK_SPAN_SIZE];

	(void)state;
	clock_format_span(812, text);
	assert_string_equal(text, "812us");
	clock_format_span(4200, text);
	assert_string_equal(text, "4.2ms");
	clock_format_span(1300 * SPAN_MS, text);
	assert_string_equal(text, "1.30s");
	clock_format_span(125 * SPAN_S, text);
	assert_string_equal(text, "2m05s");
	clock_format_span(184 * SPAN_MIN, text);
	assert_string_equal(text, "3h04m");
	clock_format_span(-2 * SPAN_H, text);
	assert_string_equal(text, "-2h00m");
	clock_format_span(-1300 * SPAN_MS, text);
	assert_string_equal(text, "-1.30s");
	clock_format_span(INT64_MIN, text);
	assert_string_equal(text, "-2562047788h00m");
}

/* A clock that moves when it is read; the first looks are interrupted. */
static mono_us fake_now;
static span_us fake_step, fake_stall;

static mono_us
fake_mono(void)
{
	mono_us now = fake_now++;

	fake_now += fake_stall;
	fake_stall /= 1000;
	return (now);
}

static wall_us
fake_wall(void)
{
	return (1700000000 * SPAN_S + fake_now++ + fake_step);
}

static void
offset_of_the_clocks_changes_when_one_is_stepped(void **state)
{
	static const struct clock fake = {fake_mono, fake_wall};
	span_us before;

	(void)state;
	clock_install(&fake);
	before = clock_offset();
	fake_now += SPAN_DAY;
	assert_true(llabs(clock_offset() - before) <= SPAN_MS);
	fake_step = -SPAN_H;
	fake_stall = 10 * SPAN_S;
	assert_true(llabs(clock_offset() - before + SPAN_H) <= SPAN_MS);
	clock_install(NULL);
}

static void
utf8_is_checked_by_rfc_3629(void **state)
{
	static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf",
	    "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
	    "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82", "\xff"};
	char out[4];
	uint32_t cp, back;
	size_t i, n;

	(void)state;
	for (i = 0; i < NELEMS(bad); i++)
		assert_int_equal(utf8_check(bad[i], strlen(bad[i])), 0);
	assert_int_equal(utf8_check("abcdefgh\xff", 9), 8);
	assert_int_equal(utf8_count("a\xc3\xa9\xff", 4), 3);
	for (cp = 0; cp <= 0x10ffff; cp += cp < 0x11000 ? 1 : 97) {
		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		n = utf8_encode(cp, out);
		assert_int_equal(utf8_decode(out, n, &back), n);
		assert_int_equal(back, cp);
	}
}

static void
hashes_agree_with_published_vectors(void **state)
{
	uint8_t out[32];
	char hex[65];
	struct crypto_hash *h;

	(void)state;
	crypto_sha256("abc", 3, out);
	crypto_hex(out, 32, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad");
	h = crypto_hash_new();
	crypto_hash_update(h, "a", 1);
	crypto_hash_update(h, "bc", 2);
	crypto_hash_final(&h, out);
	assert_null(h);
	crypto_hex(out, 4, hex);
	assert_string_equal(hex, "ba7816bf");
	crypto_md5("abc", 3, out);
	crypto_hex(out, 16, hex);
	assert_string_equal(hex, "900150983cd24fb0d6963f7d28e17f72");
	/* RFC 4231, test case 2 */
	crypto_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
	crypto_hex(out, 32, hex);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c7"
	    "5a003f089d2739839dec58b964ec3843");
	assert_int_equal(crypto_unhex("DEADbe", 6, out), 0);
	assert_int_equal(out[0], 0xde);
	assert_int_equal(out[2], 0xbe);
	assert_int_equal(crypto_unhex("abc", 3, out), ERR_SYNTAX);
	assert_int_equal(crypto_unhex("zz", 2, out), ERR_SYNTAX);
	assert_true(crypto_equal("abc", "abc", 3));
	assert_false(crypto_equal("abc", "abd", 3));
}

static void
base64_goes_both_ways_and_is_strict(void **state)
{
	static const char *const rows[][2] = {{"", ""}, {"f", "Zg=="},
	    {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
	    {"\xff\xfe\xfd", "//79"}};
	static const char *const bad[] = {"Z", "Zg=", "Zh==", "Zm9v!", "Z g=",
	    "====", "Zg==Zg=="};
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 1000);
	for (i = 0; i < NELEMS(rows); i++) {
		buf_reset(&b);
		crypto_base64_encode(rows[i][0], strlen(rows[i][0]), 0, &b);
		assert_string_equal(buf_str(&b), rows[i][1]);
		buf_reset(&b);
		assert_int_equal(crypto_base64_decode(rows[i][1],
		    strlen(rows[i][1]), 0, &b), 0);
		assert_string_equal(buf_str(&b), rows[i][0]);
	}
	for (i = 0; i < NELEMS(bad); i++) {
		buf_reset(&b);
		assert_int_equal(crypto_base64_decode(bad[i], strlen(bad[i]),
		    0, &b), ERR_SYNTAX);
	}
	buf_reset(&b);
	crypto_base64_encode("\xff\xfe\xfd\xfc", 4, 1, &b);
	assert_string_equal(buf_str(&b), "__79_A");
	buf_fini(&b);
}

static void
files_are_read_with_bounds_and_replaced_whole(void **state)
{
	char dir[] = "/tmp/e2e-test-XXXXXX", *path, *data, *real;
	size_t len;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = file_join(dir, "a/b/c.txt");
	assert_int_equal(file_read(path, 10, &data, &len), ERR_NOT_FOUND);
	data = file_dir(path);
	assert_int_equal(file_make_dirs(data), 0);
	assert_int_equal(file_read(data, 10, &real, &len), ERR_TYPE);
	free(data);
	assert_int_equal(file_replace(path, "0123456789", 10), 0);
	assert_int_equal(file_read(path, 9, &data, &len), ERR_LIMIT);
	assert_int_equal(file_read(path, 10, &data, &len), 0);
	assert_string_equal(data, "0123456789");
	free(data);
	assert_int_equal(file_resolve_below(dir, "a/b/c.txt", &real), 0);
	free(real);
	assert_int_equal(file_resolve_below(dir, "../../etc/passwd", &real),
	    ERR_LIMIT);
	assert_int_equal(file_resolve_below(dir, "/etc/passwd", &real),
	    ERR_LIMIT);
	assert_int_equal(file_resolve_below(NULL, "a/b/c.txt", &real),
	    ERR_LIMIT);
	assert_int_equal(file_resolve_below(dir, "nowhere", &real),
	    ERR_NOT_FOUND);
	unlink(path);
	data = file_join(dir, "a/b/link");
	assert_int_equal(symlink("/etc/passwd", data), 0);
	assert_int_equal(file_resolve_below(dir, "a/b/link", &real),
	    ERR_LIMIT);
	unlink(data);
	free(data);
	data = file_join(dir, "a/b");
	rmdir(data);
	data[strlen(data) - 2] = '\0';
	rmdir(data);
	free(data);
	rmdir(dir);
	free(path);
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return (st.st_mode & (S_IFMT | 0777));
}

static void
what_is_written_keeps_modes_links_and_streams(void **state)
{
	char dir[] = "/tmp/e2e-test-XXXXXX", *path, *link, *data;
	mode_t mask = umask(077);
	int ends[2];
	size_t len;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = file_join(dir, "new");
	link = file_join(dir, "link");
	assert_int_equal(symlink("new", link), 0);
	assert_int_equal(file_write(path, "1", 1), 0);
	assert_int_equal(mode_of(path), S_IFREG | 0600);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(file_write(link, "22", 2), 0);
	assert_int_equal(mode_of(path), S_IFREG | 0640);
	assert_int_equal(mode_of(link), S_IFLNK | 0777);
	assert_int_equal(file_read(path, 10, &data, &len), 0);
	assert_string_equal(data, "22");
	free(data);
	unlink(link);
	unlink(path);
	/* A pipe is written to; a directory is refused, nothing is left. */
	assert_int_equal(pipe(ends), 0);
	snprintf(path, strlen(path) + 1, "/dev/fd/%d", ends[1]);
	assert_int_equal(file_write(path, "333", 3), 0);
	assert_int_equal(read(ends[0], path, 4), 3);
	assert_memory_equal(path, "333", 3);
	assert_int_equal(file_write(dir, "4", 1), ERR_IO);
	assert_int_equal(file_make_dirs(""), ERR_IO);
	assert_int_equal(rmdir(dir), 0);
	close(ends[0]);
	close(ends[1]);
	umask(mask);
	free(link);
	free(path);
}

/* Else the first file that a program opens would be its stderr. */
static void
closed_standard_descriptors_lead_nowhere(void **state)
{
	struct stat null, st;
	int fd, status;
	pid_t pid;

	(void)state;
	assert_int_equal(stat("/dev/null", &null), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		for (fd = 0; fd < 3; fd++)
			close(fd);
		proc_init(0);
		for (fd = 0; fd < 3; fd++)
			if (fstat(fd, &st) != 0 || st.st_rdev != null.st_rdev)
				_exit(1);
		_exit(fstat(3, &st) == 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
message_heads_go_both_ways_and_refuse_nonsense(void **state)
{
	struct message m = {.type = MESSAGE_RESULT, .code = OUTCOME_UNKNOWN,
	    .cookie = 0x1122334455667788u, .extra = UINT64_MAX,
	    .id = {1, 2, 3}, .doc = "{}", .doc_len = 2}, back;
	uint8_t head[MESSAGE_HEAD_SIZE];

	(void)state;
	message_encode_head(&m, head);
	assert_int_equal(message_decode_head(head, &back), 0);
	assert_int_equal(back.type, m.type);
	assert_int_equal(back.code, m.code);
	assert_true(back.cookie == m.cookie && back.extra == m.extra);
	assert_memory_equal(back.id, m.id, sizeof(m.id));
	assert_int_equal(back.doc_len, 2);
	assert_null(back.doc);
	head[3] = 0xff; /* 4 GB */
	assert_int_equal(message_decode_head(head, &back), ERR_CORRUPT);
	message_encode_head(&m, head);
	head[4] = MESSAGE_TYPE_COUNT;
	assert_int_equal(message_decode_head(head, &back), ERR_CORRUPT);
}

static void
outcomes_have_names_and_sides(void **state)
{
	int i;

	(void)state;
	for (i = 0; i < OUTCOME_COUNT; i++) {
		assert_int_equal(outcome_parse(outcome_name((enum outcome)i)),
		    i);
		assert_false(outcome_is_ours((enum outcome)i) &&
		    outcome_is_against_service((enum outcome)i));
	}
	assert_int_equal(outcome_parse("fine"), OUTCOME_COUNT);
	assert_false(outcome_is_ours(OUTCOME_PASSED) ||
	    outcome_is_against_service(OUTCOME_PASSED));
}

static void
log_values_are_quoted_where_needed(void **state)
{
	(void)state;
	assert_string_equal(log_quote("plain-1.2"), "plain-1.2");
	assert_string_equal(log_quote(""), "\"\"");
	assert_string_equal(log_quote("a b"), "\"a b\"");
	assert_string_equal(log_quote("a\"\n"), "\"a\\\"\\x0a\"");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(durations_parse_with_units_and_bounds),
	    cmocka_unit_test(wall_time_is_written_and_read_in_utc),
	    cmocka_unit_test(spans_are_shown_in_fitting_units),
	    cmocka_unit_test(offset_of_the_clocks_changes_when_one_is_stepped),
	    cmocka_unit_test(utf8_is_checked_by_rfc_3629),
	    cmocka_unit_test(hashes_agree_with_published_vectors),
	    cmocka_unit_test(base64_goes_both_ways_and_is_strict),
	    cmocka_unit_test(files_are_read_with_bounds_and_replaced_whole),
	    cmocka_unit_test(closed_standard_descriptors_lead_nowhere),
	    cmocka_unit_test(what_is_written_keeps_modes_links_and_streams),
	    cmocka_unit_test(message_heads_go_both_ways_and_refuse_nonsense),
	    cmocka_unit_test(outcomes_have_names_and_sides),
	    cmocka_unit_test(log_values_are_quoted_where_needed),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
