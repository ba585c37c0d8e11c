/* SPDX-License-Identifier: ISC */
#include "tests/unit/unit.h"

#include <string.h>

#include "base/err.h"
#include "base/must.h"
#include "probe/url_text.h"

static const char *const cases[][2] = {
    {"http://h", "http://h/"},
    {"http://H.Example:80", "http://h.example/"},
    {"https://h:443?a", "https://h/?a"},
    {"https://h:80/", "https://h:80/"},
    {"http://h:08080/a", "http://h:8080/a"},
    {"http://[::1]:80/a", "http://[::1]/a"},
    {"http://[::1]", "http://[::1]/"},
    {"http://u:p%20w@H/a", "http://u:p%20w@h/a"},
    {"http://u@h", "http://u@h/"},
    {"http://u:@h", "http://u@h/"},
    {"http://h/a/./b/../c", "http://h/a/c"},
    {"http://h/a/%2e%2E/b/%2e", "http://h/b/"},
    {"http://h/a/..", "http://h/"},
    {"http://h/../../a", "http://h/a"},
    {"http://h//a//../b/..", "http://h//a/"},
    {"http://h/a\\b/..\\c", "http://h/a/c"},
    {"http://h/...", "http://h/..."},
    {"http://h/caf\303\251?\303\251='#\303\251'",
	"http://h/caf%C3%A9?%C3%A9=%27#%C3%A9'"},
    {"http://h/ \"<>`{}|^[]~'();,", "http://h/%20%22%3C%3E%60%7B%7D|^[]~'();,"},
    {"http://h/?\"<>`{}|^\\", "http://h/?%22%3C%3E`{}|^\\"},
    {"http://h/%7e%41%zz?%zz#%zz", "http://h/%7e%41%zz?%zz#%zz"},
    {"http://h/?a?b#c#d", "http://h/?a?b#c#d"},
};

static void
a_url_is_spelt_as_the_standard_has_it(void **state)
{
	struct buf out;
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(cases); i++) {
		buf_init(&out, 4096);
		assert_int_equal(url_format(cases[i][0], &out), 0);
		assert_string_equal(buf_str(&out), cases[i][1]);
		buf_fini(&out);
	}
}

static void
a_url_that_does_not_fit_is_an_error(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 12);
	assert_int_equal(url_format("http://host/\303\251\303\251/../b", &out),
	    ERR_LIMIT);
	buf_fini(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_is_spelt_as_the_standard_has_it),
		cmocka_unit_test(a_url_that_does_not_fit_is_an_error),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
