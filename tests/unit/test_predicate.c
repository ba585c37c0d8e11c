/* SPDX-License-Identifier: ISC */
/*
 * Predicates and queries, one line of a flow a row.
 * The expected findings were checked with Hurl 8.0.1.
 */
#include "tests/unit/unit.h"

#include "tests/unit/evaluate_fixture.h"

static const char document[] =
    "{\"b\":1,\"a\":{\"z\":1,\"y\":[1,2,{\"k\":null}]},\"a\":{\"z\":2,\""
    "y\":[3]},\"\303\251\":\"x\",\"l\":[1,1.0,\"1\",true,null],\"e\":[],\"d"
    "ash-name\":5,\"u\":\"550e8400-e29b-41d4-a716-44665544000"
    "0\",\"n\":0,\"neg\":-0,\"negf\":-0.0,\"e2\":1E2,\"i\":922337203"
    "6854775807,\"i2\":9223372036854775808,\"m\":-92233720368"
    "54775808,\"m2\":-9223372036854775809,\"h\":\"&lt;a&gt; &c"
    "opy &notit; &amp;amp; &#128; &#x1F600; &#0; &#xD800;"
    " &#12345678901; &nbsp;x &foo; &Aacute &#x; &; &#65\","
    "\"s\":\"a b&c=d/\303\251\?#%41+\",\"pct\":\"%41%zz%c3%a9%ff+\",\"url"
    "\":\"https://h:8/p\?x=1&y=%20a+b&x=2&z&=e&w=a=b#f\?q=1\","
    "\"url2\":\"http://\",\"url3\":\"HTTP://x\?a=1\",\"dt\":\"2024-02"
    "-29T12:30:45.5+02:00\",\"ip\":[\"1.2.3.4\",\"01.2.3.4\",\"1."
    "2.3\",\"::1\",\"1::2::3\",\"::ffff:1.2.3.4\",\"fe80::1%eth0\""
    ",\" 1.2.3.4\"],\"uu\":[\"550e8400e29b41d4a716446655440000"
    "\",\"{550e8400-e29b-41d4-a716-446655440000}\",\"urn:uuid"
    ":550e8400-e29b-41d4-a716-446655440000\",\"550E8400-E29"
    "B-41D4-A716-446655440000\",\"550e8400-e29b-41d4-a716-4"
    "4665544000\",\"g50e8400-e29b-41d4-a716-446655440000\",\""
    "{550e8400e29b41d4a716446655440000}\",\"URN:UUID:550e84"
    "00-e29b-41d4-a716-446655440000\"],\"iso\":[\"2024-01-01T"
    "00:00:00Z\",\"2024-01-01\",\"2024-01-01T00:00:00\",\"2024-"
    "01-01 00:00:00Z\",\"2024-01-01t00:00:00z\",\"2024-01-01T"
    "00:00:00.1234567891Z\",\"2024-01-01T00:00:00+0200\",\"20"
    "24-01-01T24:00:00Z\",\"2024-13-01T00:00:00Z\",\"2024-01-"
    "01T00:00:60Z\",\"2024-01-01T00:00Z\",\"2024-01-01T00:00:"
    "00-00:00\"],\"se\":\"\",\"sp\":\" 12 \",\"plus\":\"+5\",\"hex\":\"0x"
    "1F\",\"fl\":\"1e5\",\"dot\":\".5\",\"inf\":\"inf\",\"und\":\"1_0\",\"b"
    "ig\":\"99999999999999999999\",\"b64\":[\"aGk\",\"aGk=\",\"aGk="
    "=\",\"a G k=\",\"aG/=\",\"aG-_\",\"YQ==\",\"YR==\",\"====\",\"\"]}";

static const struct evaluate_case on_document[] = {
	{"jsonpath \"$.ip[0]\" isIpv4", NULL},
	{"jsonpath \"$.ip[0]\" isIpv6", "Assert failure | 1.2.3.4 | string in IPv6 format"},
	{"jsonpath \"$.uu[0]\" isUuid", NULL},
	{"jsonpath \"$.ip[1]\" isIpv4", "Assert failure | 01.2.3.4 | string in IPv4 format"},
	{"jsonpath \"$.ip[1]\" isIpv6", "Assert failure | 01.2.3.4 | string in IPv6 format"},
	{"jsonpath \"$.uu[1]\" isUuid", NULL},
	{"jsonpath \"$.ip[2]\" isIpv4", "Assert failure | 1.2.3 | string in IPv4 format"},
	{"jsonpath \"$.ip[2]\" isIpv6", "Assert failure | 1.2.3 | string in IPv6 format"},
	{"jsonpath \"$.uu[2]\" isUuid", NULL},
	{"jsonpath \"$.ip[3]\" isIpv4", "Assert failure | ::1 | string in IPv4 format"},
	{"jsonpath \"$.ip[3]\" isIpv6", NULL},
	{"jsonpath \"$.uu[3]\" isUuid", NULL},
	{"jsonpath \"$.ip[4]\" isIpv4", "Assert failure | 1::2::3 | string in IPv4 format"},
	{"jsonpath \"$.ip[4]\" isIpv6", "Assert failure | 1::2::3 | string in IPv6 format"},
	{"jsonpath \"$.uu[4]\" isUuid", "Assert failure | 550e8400-e29b-41d4-a716-44665544000 | string in UUID format"},
	{"jsonpath \"$.ip[5]\" isIpv4", "Assert failure | ::ffff:1.2.3.4 | string in IPv4 format"},
	{"jsonpath \"$.ip[5]\" isIpv6", NULL},
	{"jsonpath \"$.uu[5]\" isUuid", "Assert failure | g50e8400-e29b-41d4-a716-446655440000 | string in UUID format"},
	{"jsonpath \"$.ip[6]\" isIpv4", "Assert failure | fe80::1%eth0 | string in IPv4 format"},
	{"jsonpath \"$.ip[6]\" isIpv6", "Assert failure | fe80::1%eth0 | string in IPv6 format"},
	{"jsonpath \"$.uu[6]\" isUuid", "Assert failure | {550e8400e29b41d4a716446655440000} | string in UUID format"},
	{"jsonpath \"$.ip[7]\" isIpv4", "Assert failure |  1.2.3.4 | string in IPv4 format"},
	{"jsonpath \"$.ip[7]\" isIpv6", "Assert failure |  1.2.3.4 | string in IPv6 format"},
	{"jsonpath \"$.uu[7]\" isUuid", "Assert failure | URN:UUID:550e8400-e29b-41d4-a716-446655440000 | string in UUID format"},
	{"jsonpath \"$.iso[0]\" isIsoDate", NULL},
	{"jsonpath \"$.iso[1]\" isIsoDate", "Assert failure | 2024-01-01 | string with format YYYY-MM-DDTHH:mm:ss.sssZ"},
	{"jsonpath \"$.iso[2]\" isIsoDate", "Assert failure | 2024-01-01T00:00:00 | string with format YYYY-MM-DDTHH:mm:ss.sssZ"},
	{"jsonpath \"$.iso[3]\" isIsoDate", NULL},
	{"jsonpath \"$.iso[4]\" isIsoDate", NULL},
	{"jsonpath \"$.iso[5]\" isIsoDate", NULL},
	{"jsonpath \"$.iso[6]\" isIsoDate", "Assert failure | 2024-01-01T00:00:00+0200 | string with format YYYY-MM-DDTHH:mm:ss.sssZ"},
	{"jsonpath \"$.iso[7]\" isIsoDate", "Assert failure | 2024-01-01T24:00:00Z | string with format YYYY-MM-DDTHH:mm:ss.sssZ"},
	{"jsonpath \"$.iso[8]\" isIsoDate", "Assert failure | 2024-13-01T00:00:00Z | string with format YYYY-MM-DDTHH:mm:ss.sssZ"},
	{"jsonpath \"$.iso[9]\" isIsoDate", NULL},
	{"jsonpath \"$.iso[10]\" isIsoDate", "Assert failure | 2024-01-01T00:00Z | string with format YYYY-MM-DDTHH:mm:ss.sssZ"},
	{"jsonpath \"$.iso[11]\" isIsoDate", NULL},
	{"jsonpath \"$.b\" == 1.0", NULL},
	{"jsonpath \"$.b\" != 1.0", "Assert failure | integer <1> | float <1.0>"},
	{"jsonpath \"$.b\" contains 1.0", "Assert failure: types between actual and expected are not consistent | integer <1> | contains float <1.0>"},
	{"jsonpath \"$.b\" not == 1.0", "Assert failure | integer <1> | not float <1.0>"},
	{"jsonpath \"$.b\" not contains 1.0", "Assert failure: types between actual and expected are not consistent | integer <1> | not contains float <1.0>"},
	{"jsonpath \"$.b\" > 1.0", "Assert failure | integer <1> | greater than float <1.0>"},
	{"jsonpath \"$.b\" >= 1.0", NULL},
	{"jsonpath \"$.b\" < 1.0", "Assert failure | integer <1> | less than float <1.0>"},
	{"jsonpath \"$.b\" <= 1.0", NULL},
	{"jsonpath \"$.b\" not < 1.0", NULL},
	{"jsonpath \"$.b\" == \"1\"", "Assert failure | integer <1> | string <1>"},
	{"jsonpath \"$.b\" != \"1\"", NULL},
	{"jsonpath \"$.b\" contains \"1\"", "Assert failure: types between actual and expected are not consistent | integer <1> | contains string <1>"},
	{"jsonpath \"$.b\" not == \"1\"", NULL},
	{"jsonpath \"$.b\" not contains \"1\"", "Assert failure: types between actual and expected are not consistent | integer <1> | not contains string <1>"},
	{"jsonpath \"$.b\" > \"1\"", "Assert failure: types between actual and expected are not consistent | integer <1> | greater than string <1>"},
	{"jsonpath \"$.b\" >= \"1\"", "Assert failure: types between actual and expected are not consistent | integer <1> | greater or equal than string <1>"},
	{"jsonpath \"$.b\" < \"1\"", "Assert failure: types between actual and expected are not consistent | integer <1> | less than string <1>"},
	{"jsonpath \"$.b\" <= \"1\"", "Assert failure: types between actual and expected are not consistent | integer <1> | less or equal than string <1>"},
	{"jsonpath \"$.b\" not < \"1\"", "Assert failure: types between actual and expected are not consistent | integer <1> | not less than string <1>"},
	{"jsonpath \"$.i\" == 9223372036854775807", NULL},
	{"jsonpath \"$.i\" != 9223372036854775807", "Assert failure | integer <9223372036854775807> | integer <9223372036854775807>"},
	{"jsonpath \"$.i\" contains 9223372036854775807",
	    "Assert failure: types between actual and expected are not consistent | integer <9223372036854775807> | contains integer <9223372036854775807>"},
	{"jsonpath \"$.i\" not == 9223372036854775807", "Assert failure | integer <9223372036854775807> | not integer <9223372036854775807>"},
	{"jsonpath \"$.i\" not contains 9223372036854775807",
	    "Assert failure: types between actual and expected are not consistent | integer <9223372036854775807> | not contains integer <9223372036854775807>"},
	{"jsonpath \"$.i\" > 9223372036854775807", "Assert failure | integer <9223372036854775807> | greater than integer <9223372036854775807>"},
	{"jsonpath \"$.i\" >= 9223372036854775807", NULL},
	{"jsonpath \"$.i\" < 9223372036854775807", "Assert failure | integer <9223372036854775807> | less than integer <9223372036854775807>"},
	{"jsonpath \"$.i\" <= 9223372036854775807", NULL},
	{"jsonpath \"$.i\" not < 9223372036854775807", NULL},
	{"jsonpath \"$.i2\" == 9223372036854775808", NULL},
	{"jsonpath \"$.i2\" != 9223372036854775808", "Assert failure | integer <9223372036854775808> | integer <9223372036854775808>"},
	{"jsonpath \"$.i2\" contains 9223372036854775808",
	    "Assert failure: types between actual and expected are not consistent | integer <9223372036854775808> | contains integer <9223372036854775808>"},
	{"jsonpath \"$.i2\" not == 9223372036854775808", "Assert failure | integer <9223372036854775808> | not integer <9223372036854775808>"},
	{"jsonpath \"$.i2\" not contains 9223372036854775808",
	    "Assert failure: types between actual and expected are not consistent | integer <9223372036854775808> | not contains integer <9223372036854775808>"},
	{"jsonpath \"$.i2\" > 9223372036854775808", "Assert failure | integer <9223372036854775808> | greater than integer <9223372036854775808>"},
	{"jsonpath \"$.i2\" >= 9223372036854775808", NULL},
	{"jsonpath \"$.i2\" < 9223372036854775808", "Assert failure | integer <9223372036854775808> | less than integer <9223372036854775808>"},
	{"jsonpath \"$.i2\" <= 9223372036854775808", NULL},
	{"jsonpath \"$.i2\" not < 9223372036854775808", NULL},
	{"jsonpath \"$.i2\" == 9223372036854775808.0", NULL},
	{"jsonpath \"$.i2\" != 9223372036854775808.0", "Assert failure | integer <9223372036854775808> | float <9223372036854775808.0>"},
	{"jsonpath \"$.i2\" contains 9223372036854775808.0",
	    "Assert failure: types between actual and expected are not consistent | integer <9223372036854775808> | contains float <9223372036854775808.0>"},
	{"jsonpath \"$.i2\" not == 9223372036854775808.0", "Assert failure | integer <9223372036854775808> | not float <9223372036854775808.0>"},
	{"jsonpath \"$.i2\" not contains 9223372036854775808.0",
	    "Assert failure: types between actual and expected are not consistent | integer <9223372036854775808> | not contains float <9223372036854775808.0>"},
	{"jsonpath \"$.i2\" > 9223372036854775808.0", "Assert failure | integer <9223372036854775808> | greater than float <9223372036854775808.0>"},
	{"jsonpath \"$.i2\" >= 9223372036854775808.0", NULL},
	{"jsonpath \"$.i2\" < 9223372036854775808.0", "Assert failure | integer <9223372036854775808> | less than float <9223372036854775808.0>"},
	{"jsonpath \"$.i2\" <= 9223372036854775808.0", NULL},
	{"jsonpath \"$.i2\" not < 9223372036854775808.0", NULL},
	{"jsonpath \"$.i\" == 9223372036854775807.0", NULL},
	{"jsonpath \"$.i\" != 9223372036854775807.0", "Assert failure | integer <9223372036854775807> | float <9223372036854775807.0>"},
	{"jsonpath \"$.i\" contains 9223372036854775807.0",
	    "Assert failure: types between actual and expected are not consistent | integer <9223372036854775807> | contains float <9223372036854775807.0>"},
	{"jsonpath \"$.i\" not == 9223372036854775807.0", "Assert failure | integer <9223372036854775807> | not float <9223372036854775807.0>"},
	{"jsonpath \"$.i\" not contains 9223372036854775807.0",
	    "Assert failure: types between actual and expected are not consistent | integer <9223372036854775807> | not contains float <9223372036854775807.0>"},
	{"jsonpath \"$.i\" > 9223372036854775807.0", "Assert failure | integer <9223372036854775807> | greater than float <9223372036854775807.0>"},
	{"jsonpath \"$.i\" >= 9223372036854775807.0", NULL},
	{"jsonpath \"$.i\" < 9223372036854775807.0", "Assert failure | integer <9223372036854775807> | less than float <9223372036854775807.0>"},
	{"jsonpath \"$.i\" <= 9223372036854775807.0", NULL},
	{"jsonpath \"$.i\" not < 9223372036854775807.0", NULL},
	{"jsonpath \"$.l\" == 1", "Assert failure | list <[1,1.0,1,true,null]> | integer <1>"},
	{"jsonpath \"$.l\" != 1", NULL},
	{"jsonpath \"$.l\" contains 1", NULL},
	{"jsonpath \"$.l\" not == 1", NULL},
	{"jsonpath \"$.l\" not contains 1", "Assert failure | list <[1,1.0,1,true,null]> | not contains integer <1>"},
	{"jsonpath \"$.l\" > 1", "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | greater than integer <1>"},
	{"jsonpath \"$.l\" >= 1",
	    "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | greater or equal than integer <1>"},
	{"jsonpath \"$.l\" < 1", "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | less than integer <1>"},
	{"jsonpath \"$.l\" <= 1",
	    "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | less or equal than integer <1>"},
	{"jsonpath \"$.l\" not < 1",
	    "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | not less than integer <1>"},
	{"jsonpath \"$.l\" == \"1\"", "Assert failure | list <[1,1.0,1,true,null]> | string <1>"},
	{"jsonpath \"$.l\" != \"1\"", NULL},
	{"jsonpath \"$.l\" contains \"1\"", NULL},
	{"jsonpath \"$.l\" not == \"1\"", NULL},
	{"jsonpath \"$.l\" not contains \"1\"", "Assert failure | list <[1,1.0,1,true,null]> | not contains string <1>"},
	{"jsonpath \"$.l\" > \"1\"",
	    "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | greater than string <1>"},
	{"jsonpath \"$.l\" >= \"1\"",
	    "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | greater or equal than string <1>"},
	{"jsonpath \"$.l\" < \"1\"", "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | less than string <1>"},
	{"jsonpath \"$.l\" <= \"1\"",
	    "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | less or equal than string <1>"},
	{"jsonpath \"$.l\" not < \"1\"",
	    "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | not less than string <1>"},
	{"jsonpath \"$.l\" == null", "Assert failure | list <[1,1.0,1,true,null]> | null <null>"},
	{"jsonpath \"$.l\" != null", NULL},
	{"jsonpath \"$.l\" contains null", NULL},
	{"jsonpath \"$.l\" not == null", NULL},
	{"jsonpath \"$.l\" not contains null", "Assert failure | list <[1,1.0,1,true,null]> | not contains null <null>"},
	{"jsonpath \"$.l\" == 2", "Assert failure | list <[1,1.0,1,true,null]> | integer <2>"},
	{"jsonpath \"$.l\" != 2", NULL},
	{"jsonpath \"$.l\" contains 2", "Assert failure | list <[1,1.0,1,true,null]> | contains integer <2>"},
	{"jsonpath \"$.l\" not == 2", NULL},
	{"jsonpath \"$.l\" not contains 2", NULL},
	{"jsonpath \"$.l\" > 2", "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | greater than integer <2>"},
	{"jsonpath \"$.l\" >= 2",
	    "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | greater or equal than integer <2>"},
	{"jsonpath \"$.l\" < 2", "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | less than integer <2>"},
	{"jsonpath \"$.l\" <= 2",
	    "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | less or equal than integer <2>"},
	{"jsonpath \"$.l\" not < 2",
	    "Assert failure: types between actual and expected are not consistent | list <[1,1.0,1,true,null]> | not less than integer <2>"},
	{"jsonpath \"$.a\" == null", "Assert failure | object <Object()> | null <null>"},
	{"jsonpath \"$.a\" != null", NULL},
	{"jsonpath \"$.a\" contains null", "Assert failure: types between actual and expected are not consistent | object <Object()> | contains null <null>"},
	{"jsonpath \"$.a\" not == null", NULL},
	{"jsonpath \"$.a\" not contains null",
	    "Assert failure: types between actual and expected are not consistent | object <Object()> | not contains null <null>"},
	{"jsonpath \"$.negf\" == 0", NULL},
	{"jsonpath \"$.negf\" != 0", "Assert failure | float <-0.0> | integer <0>"},
	{"jsonpath \"$.negf\" contains 0", "Assert failure: types between actual and expected are not consistent | float <-0.0> | contains integer <0>"},
	{"jsonpath \"$.negf\" not == 0", "Assert failure | float <-0.0> | not integer <0>"},
	{"jsonpath \"$.negf\" not contains 0", "Assert failure: types between actual and expected are not consistent | float <-0.0> | not contains integer <0>"},
	{"jsonpath \"$.negf\" > 0", "Assert failure | float <-0.0> | greater than integer <0>"},
	{"jsonpath \"$.negf\" >= 0", NULL},
	{"jsonpath \"$.negf\" < 0", "Assert failure | float <-0.0> | less than integer <0>"},
	{"jsonpath \"$.negf\" <= 0", NULL},
	{"jsonpath \"$.negf\" not < 0", NULL},
	{"jsonpath \"$.negf\" == 0.0", NULL},
	{"jsonpath \"$.negf\" != 0.0", "Assert failure | float <-0.0> | float <0.0>"},
	{"jsonpath \"$.negf\" contains 0.0", "Assert failure: types between actual and expected are not consistent | float <-0.0> | contains float <0.0>"},
	{"jsonpath \"$.negf\" not == 0.0", "Assert failure | float <-0.0> | not float <0.0>"},
	{"jsonpath \"$.negf\" not contains 0.0",
	    "Assert failure: types between actual and expected are not consistent | float <-0.0> | not contains float <0.0>"},
	{"jsonpath \"$.negf\" > 0.0", "Assert failure | float <-0.0> | greater than float <0.0>"},
	{"jsonpath \"$.negf\" >= 0.0", NULL},
	{"jsonpath \"$.negf\" < 0.0", "Assert failure | float <-0.0> | less than float <0.0>"},
	{"jsonpath \"$.negf\" <= 0.0", NULL},
	{"jsonpath \"$.negf\" not < 0.0", NULL},
	{"jsonpath \"$.e2\" == 100", NULL},
	{"jsonpath \"$.e2\" != 100", "Assert failure | float <100.0> | integer <100>"},
	{"jsonpath \"$.e2\" contains 100", "Assert failure: types between actual and expected are not consistent | float <100.0> | contains integer <100>"},
	{"jsonpath \"$.e2\" not == 100", "Assert failure | float <100.0> | not integer <100>"},
	{"jsonpath \"$.e2\" not contains 100",
	    "Assert failure: types between actual and expected are not consistent | float <100.0> | not contains integer <100>"},
	{"jsonpath \"$.e2\" > 100", "Assert failure | float <100.0> | greater than integer <100>"},
	{"jsonpath \"$.e2\" >= 100", NULL},
	{"jsonpath \"$.e2\" < 100", "Assert failure | float <100.0> | less than integer <100>"},
	{"jsonpath \"$.e2\" <= 100", NULL},
	{"jsonpath \"$.e2\" not < 100", NULL},
	{"jsonpath \"$.l\" == true", "Assert failure | list <[1,1.0,1,true,null]> | boolean <true>"},
	{"jsonpath \"$.l\" != true", NULL},
	{"jsonpath \"$.l\" contains true", NULL},
	{"jsonpath \"$.l\" not == true", NULL},
	{"jsonpath \"$.l\" not contains true", "Assert failure | list <[1,1.0,1,true,null]> | not contains boolean <true>"},
	{"jsonpath \"$.se\" == \"\"", NULL},
	{"jsonpath \"$.se\" != \"\"", "Assert failure | string <> | string <>"},
	{"jsonpath \"$.se\" contains \"\"", NULL},
	{"jsonpath \"$.se\" not == \"\"", "Assert failure | string <> | not string <>"},
	{"jsonpath \"$.se\" not contains \"\"", "Assert failure | string <> | not contains string <>"},
	{"jsonpath \"$.se\" > \"\"", "Assert failure | string <> | greater than string <>"},
	{"jsonpath \"$.se\" >= \"\"", NULL},
	{"jsonpath \"$.se\" < \"\"", "Assert failure | string <> | less than string <>"},
	{"jsonpath \"$.se\" <= \"\"", NULL},
	{"jsonpath \"$.se\" not < \"\"", NULL},
	{"jsonpath \"$.s\" == \"a\"", "Assert failure | string <a b&c=d/\303\251\?#%41+> | string <a>"},
	{"jsonpath \"$.s\" != \"a\"", NULL},
	{"jsonpath \"$.s\" contains \"a\"", NULL},
	{"jsonpath \"$.s\" not == \"a\"", NULL},
	{"jsonpath \"$.s\" not contains \"a\"", "Assert failure | string <a b&c=d/\303\251\?#%41+> | not contains string <a>"},
	{"jsonpath \"$.s\" > \"a\"", NULL},
	{"jsonpath \"$.s\" >= \"a\"", NULL},
	{"jsonpath \"$.s\" < \"a\"", "Assert failure | string <a b&c=d/\303\251\?#%41+> | less than string <a>"},
	{"jsonpath \"$.s\" <= \"a\"", "Assert failure | string <a b&c=d/\303\251\?#%41+> | less or equal than string <a>"},
	{"jsonpath \"$.s\" not < \"a\"", NULL},
	{"jsonpath \"$.u\" == /^550/", "Assert failure | string <550e8400-e29b-41d4-a716-446655440000> | regex </^550/>"},
	{"jsonpath \"$.u\" != /^550/", NULL},
	{"jsonpath \"$.u\" contains /^550/",
	    "Assert failure: types between actual and expected are not consistent | string <550e8400-e29b-41d4-a716-446655440000> | contains regex </^550/>"},
	{"jsonpath \"$.u\" not == /^550/", NULL},
	{"jsonpath \"$.u\" not contains /^550/",
	    "Assert failure: types between actual and expected are not consistent | string <550e8400-e29b-41d4-a716-446655440000> | not contains regex </^550/>"},
	{"jsonpath \"$.i2\" == 1", "Assert failure | integer <9223372036854775808> | integer <1>"},
	{"jsonpath \"$.i2\" != 1", NULL},
	{"jsonpath \"$.i2\" contains 1",
	    "Assert failure: types between actual and expected are not consistent | integer <9223372036854775808> | contains integer <1>"},
	{"jsonpath \"$.i2\" not == 1", NULL},
	{"jsonpath \"$.i2\" not contains 1",
	    "Assert failure: types between actual and expected are not consistent | integer <9223372036854775808> | not contains integer <1>"},
	{"jsonpath \"$.i2\" > 1", NULL},
	{"jsonpath \"$.i2\" >= 1", NULL},
	{"jsonpath \"$.i2\" < 1", "Assert failure | integer <9223372036854775808> | less than integer <1>"},
	{"jsonpath \"$.i2\" <= 1", "Assert failure | integer <9223372036854775808> | less or equal than integer <1>"},
	{"jsonpath \"$.i2\" not < 1", NULL},
	{"jsonpath \"$.e\" == \"\"", "Assert failure | list <[]> | string <>"},
	{"jsonpath \"$.e\" != \"\"", NULL},
	{"jsonpath \"$.e\" contains \"\"", "Assert failure | list <[]> | contains string <>"},
	{"jsonpath \"$.e\" not == \"\"", NULL},
	{"jsonpath \"$.e\" not contains \"\"", NULL},
	{"jsonpath \"$.e\" > \"\"", "Assert failure: types between actual and expected are not consistent | list <[]> | greater than string <>"},
	{"jsonpath \"$.e\" >= \"\"", "Assert failure: types between actual and expected are not consistent | list <[]> | greater or equal than string <>"},
	{"jsonpath \"$.e\" < \"\"", "Assert failure: types between actual and expected are not consistent | list <[]> | less than string <>"},
	{"jsonpath \"$.e\" <= \"\"", "Assert failure: types between actual and expected are not consistent | list <[]> | less or equal than string <>"},
	{"jsonpath \"$.e\" not < \"\"", "Assert failure: types between actual and expected are not consistent | list <[]> | not less than string <>"},
	{"jsonpath \"$.b\" == true", "Assert failure | integer <1> | boolean <true>"},
	{"jsonpath \"$.b\" != true", NULL},
	{"jsonpath \"$.b\" contains true", "Assert failure: types between actual and expected are not consistent | integer <1> | contains boolean <true>"},
	{"jsonpath \"$.b\" not == true", NULL},
	{"jsonpath \"$.b\" not contains true",
	    "Assert failure: types between actual and expected are not consistent | integer <1> | not contains boolean <true>"},
	{"jsonpath \"$.n\" == null", "Assert failure | integer <0> | null <null>"},
	{"jsonpath \"$.n\" != null", NULL},
	{"jsonpath \"$.n\" contains null", "Assert failure: types between actual and expected are not consistent | integer <0> | contains null <null>"},
	{"jsonpath \"$.n\" not == null", NULL},
	{"jsonpath \"$.n\" not contains null", "Assert failure: types between actual and expected are not consistent | integer <0> | not contains null <null>"},
	{"jsonpath \"$.dt\" toDate \"%+\" isDate", NULL},
	{"jsonpath \"$.s\" startsWith \"a \"", NULL},
	{"jsonpath \"$.s\" endsWith hex,2b;",
	    "Assert failure: types between actual and expected are not consistent | string <a b&c=d/\303\251\?#%41+> | ends with bytes <2b>"},
	{"bytes startsWith hex,7b22;", NULL},
	{"bytes endsWith base64,fQ==;", NULL},
	{"bytes contains hex,2262;", NULL},
	{"jsonpath \"$.s\" matches /^A/", "Assert failure | string <a b&c=d/\303\251\?#%41+> | matches regex </^A/>"},
	{"jsonpath \"$.s\" matches /(\?i)^A/", NULL},
	{"jsonpath \"$.s\" matches \"^a\\\\sb\"", NULL},
	{"jsonpath \"$.b\" matches /1/", "Assert failure: types between actual and expected are not consistent | integer <1> | matches regex </1/>"},
	{"jsonpath \"$.s\" includes \"a\"",
	    "Assert failure: types between actual and expected are not consistent | string <a b&c=d/\303\251\?#%41+> | includes string <a>"},
	{"jsonpath \"$.l\" includes 1", NULL},
	{"jsonpath \"$.s\" contains \"\"", NULL},
	{"jsonpath \"$.s\" startsWith \"\"", NULL},
	{"jsonpath \"$.l\" == null", "Assert failure | list <[1,1.0,1,true,null]> | null <null>"},
};

static const struct evaluate_case on_little[] = {
	{"variable \"nope\" exists", "Assert failure | none | something"},
	{"jsonpath \"$.a\" == \"{{nope}}\"", "Undefined variable: you must set the variable nope"},
	{"jsonpath \"$[\" == 1", "Invalid JSONPath: JSONPath expression '$[' is not valid: a selector is missing at character 3"},
	{"jsonpath \"$.a\" matches \"(\"", "Invalid regex: regex expression is not valid: the group is not closed"},
	{"jsonpath \"$.a\" matches /q/", NULL},
	{"jsonpath \"$.a\" matches \"{{nope}}\"", "Undefined variable: you must set the variable nope"},
	{"xpath \"//[\" == 1", "Invalid XML: HTTP response is not a valid XML"},
	{"certificate \"Subject\" == 1", "Assert failure | none | integer <1>"},
	{"version == 1", "Assert failure | string <1.1> | integer <1>"},
	{"bytes == 1", "Assert failure | bytes <7b2261223a2271227d> | integer <1>"},
	{"rawbytes == 1", "Assert failure | bytes <7b2261223a2271227d> | integer <1>"},
	{"sha256 == 1", "Assert failure | bytes <17bb2494cf81e6202ff08e82e6e8228f90d3087b7a035ac3ee2a81ad6bbb3a45> | integer <1>"},
	{"md5 == 1", "Assert failure | bytes <38e48662686e6792de5dfa01a1a705db> | integer <1>"},
	{"regex \"(\" == 1", "Invalid regex: regex expression is not valid: the group is not closed"},
	{"regex \"(q)\" == 1", "Assert failure | string <q> | integer <1>"},
	{"regex \"q\" == 1", "Assert failure | none | integer <1>"},
	{"cookie \"a\" == 1", "Assert failure | none | integer <1>"},
	{"redirects == 1", "Assert failure | list <[]> | integer <1>"},
	{"redirects count == 1", "Assert failure | integer <0> | integer <1>"},
	{"jsonpath \"$.zz\" not exists", NULL},
	{"jsonpath \"$.zz\" not == 1", NULL},
	{"jsonpath \"$.zz\" != 1", "Assert failure | none | integer <1>"},
	{"jsonpath \"$.zz\" isEmpty", "Assert failure | none | count equals to 0"},
	{"jsonpath \"$.zz\" not isEmpty", NULL},
	{"jsonpath \"$.zz\" > 5", "Assert failure | none | greater than integer <5>"},
	{"jsonpath \"$.zz\" startsWith \"x\"", "Assert failure | none | starts with string <x>"},
	{"jsonpath \"$.zz\" contains \"x\"", "Assert failure | none | contains string <x>"},
	{"jsonpath \"$.zz\" matches \"x\"", "Assert failure | none | matches regex <x>"},
	{"jsonpath \"$.zz\" isIpv4", "Assert failure | none | string in IPv4 format"},
	{"jsonpath \"$.zz\" isUuid", "Assert failure | none | string in UUID format"},
	{"jsonpath \"$.zz\" isList", "Assert failure | none | list"},
	{"jsonpath \"$.zz\" isObject", "Assert failure | none | object"},
	{"jsonpath \"$.zz\" isIsoDate", "Assert failure | none | string with format YYYY-MM-DDTHH:mm:ss.sssZ"},
	{"jsonpath \"$.zz\" == null", "Assert failure | none | null <null>"},
	{"jsonpath \"$.zz\" == 1.5", "Assert failure | none | float <1.5>"},
	{"jsonpath \"$.zz\" == hex,01;", "Assert failure | none | bytes <01>"},
	{"jsonpath \"$.zz\" == 99999999999999999999", "Assert failure | none | integer <99999999999999999999>"},
	{"jsonpath \"$.zz\" <= 5", "Assert failure | none | less or equal than integer <5>"},
	{"jsonpath \"$.zz\" exists", "Assert failure | none | something"},
	{"jsonpath \"$.zz\" endsWith \"x\"", "Assert failure | none | ends with string <x>"},
	{"jsonpath \"$.zz\" == true", "Assert failure | none | boolean <true>"},
	{"jsonpath \"$.zz\" == /a/", "Assert failure | none | regex </a/>"},
	{"jsonpath \"$.zz\" count == 1", "Filter error: missing value to apply filter"},
	{"jsonpath \"$.zz\" isNumber", "Assert failure | none | number"},
	{"jsonpath \"$.zz\" isCollection", "Assert failure | none | collection"},
	{"jsonpath \"$.zz\" isBoolean", "Assert failure | none | boolean"},
	{"jsonpath \"$.zz\" isDate", "Assert failure | none | date"},
	{"jsonpath \"$.zz\" isIpv6", "Assert failure | none | string in IPv6 format"},
	{"body > 5", "Assert failure: types between actual and expected are not consistent | string <{\"a\":\"q\"}> | greater than integer <5>"},
	{"body >= \"a\"", NULL},
	{"body < 5", "Assert failure: types between actual and expected are not consistent | string <{\"a\":\"q\"}> | less than integer <5>"},
	{"body <= \"a\"", "Assert failure | string <{\"a\":\"q\"}> | less or equal than string <a>"},
	{"body not < \"a\"", NULL},
	{"body endsWith \"x\"", "Assert failure | string <{\"a\":\"q\"}> | ends with string <x>"},
	{"body not contains \"q\"", "Assert failure | string <{\"a\":\"q\"}> | not contains string <q>"},
	{"body isDate", "Assert failure | string <{\"a\":\"q\"}> | date"},
	{"body isCollection", "Assert failure | string <{\"a\":\"q\"}> | collection"},
	{"body isObject", "Assert failure | string <{\"a\":\"q\"}> | object"},
	{"body isFloat", "Assert failure | string <{\"a\":\"q\"}> | float"},
	{"body isInteger", "Assert failure | string <{\"a\":\"q\"}> | integer"},
	{"body isNumber", "Assert failure | string <{\"a\":\"q\"}> | number"},
	{"body isBoolean", "Assert failure | string <{\"a\":\"q\"}> | boolean"},
	{"body isIpv6", "Assert failure | {\"a\":\"q\"} | string in IPv6 format"},
	{"body not isString", "Assert failure | string <{\"a\":\"q\"}> | not string"},
};

static const struct evaluate_case on_cookies[] = {
	{"cookie \"a\" == 1", "Assert failure | string <b> | integer <1>"},
	{"cookie \"a[Value]\" == 1", "Assert failure | string <b> | integer <1>"},
	{"cookie \"a[Expires]\" == 1", "Assert failure | date <2021-01-13 22:23:01 UTC> | integer <1>"},
	{"cookie \"a[Max-Age]\" == 1", "Assert failure | none | integer <1>"},
	{"cookie \"a[Domain]\" == 1", "Assert failure | string <d> | integer <1>"},
	{"cookie \"a[Path]\" == 1", "Assert failure | string </> | integer <1>"},
	{"cookie \"a[Secure]\" == 1", "Assert failure | unit | integer <1>"},
	{"cookie \"a[HttpOnly]\" == 1", "Assert failure | unit | integer <1>"},
	{"cookie \"a[SameSite]\" == 1", "Assert failure | string <Lax> | integer <1>"},
	{"cookie \"a[secure]\" == 1", "Assert failure | unit | integer <1>"},
	{"cookie \"c\" == 1", "Assert failure | string <\"d e\"> | integer <1>"},
	{"cookie \"c[Expires]\" == 1", "Assert failure | date <2021-01-13 22:23:01 UTC> | integer <1>"},
	{"cookie \"c[Max-Age]\" == 1", "Assert failure | integer <5> | integer <1>"},
	{"cookie \"c[Secure]\" == 1", "Assert failure | none | integer <1>"},
	{"cookie \"e[Expires]\" == 1", "could not parse Cookie Expires attribute value <foo>"},
	{"cookie \"e[Secure]\" == 1", "Assert failure | none | integer <1>"},
	{"cookie \"g\" == 1", "Assert failure | none | integer <1>"},
	{"cookie \"i\" == 1", "Assert failure | string <j=k> | integer <1>"},
	{"cookie \"i[Path]\" == 1", "Assert failure | string < /x> | integer <1>"},
	{"cookie \"i[Domain]\" == 1", "Assert failure | none | integer <1>"},
	{"cookie \"zz\" == 1", "Assert failure | none | integer <1>"},
	{"cookie \"g \" == 1", "Assert failure | none | integer <1>"},
	{"cookie \"a[Secure]\" exists", NULL},
	{"cookie \"a[Secure]\" isEmpty", "Assert failure: types between actual and expected are not consistent | unit | count equals to 0"},
	{"cookie \"a[Secure]\" isString", "Assert failure | unit | string"},
};

static void
predicates_hold_when_they_hold_in_hurl(void **state)
{
	(void)state;
	evaluate_cases(document, "", on_document, NELEMS(on_document));
}

static void
an_absent_value_meets_no_predicate(void **state)
{
	(void)state;
	evaluate_cases("{\"a\":\"q\"}", "", on_little, NELEMS(on_little));
}

static void
cookies_are_read_from_their_headers(void **state)
{
	(void)state;
	evaluate_cases("q", "Set-Cookie: a=b; Expires=Wed, 13-Jan-2021 "
	    "22:23:01 GMT; Max-Age=x; Domain=d; Path=/; Secure; HttpOnly; "
	    "SameSite=Lax\n"
	    "Set-Cookie: c=\"d e\"; Expires=Wed, 13 Jan 2021 22:23:01 GMT; "
	    "Max-Age=5; Foo=1\n"
	    "Set-Cookie: e=f; Expires=foo; secure=1\n"
	    "Set-Cookie: g = h ; path\n"
	    "Set-Cookie: i=j=k;Path = /x=y;  domain", on_cookies,
	    NELEMS(on_cookies));
}

/* T: holds; F: does not; !: fails with and without "not". */
static void
type_tests_know_every_kind(void **state)
{
	static const char *const tests[] = {"isBoolean", "isInteger", "isFloat", "isNumber",
	    "isString", "isCollection", "isDate",
	    "isList", "isObject", "isEmpty", "exists", "isIsoDate", "isIpv4", "isUuid"};
	static const struct {
		const char *path, *results;
	} rows[] = {
		{"$.a", "FFFFFTFFTFT!!!"},
		{"$.l", "FFFFFTFTFFT!!!"},
		{"$.e", "FFFFFTFTFTT!!!"},
		{"$.se", "FFFFTFFFFTTFFF"},
		{"$.b", "FTFTFFFFF!T!!!"},
		{"$.n", "FTFTFFFFF!T!!!"},
		{"$.neg", "FTFTFFFFF!T!!!"},
		{"$.e2", "FFTTFFFFF!T!!!"},
		{"$.i2", "FTFTFFFFF!T!!!"},
		{"$.s", "FFFFTFFFFFTFFF"},
		{"$.u", "FFFFTFFFFFTFFT"},
	};
	struct evaluate_case row;
	char line[100];
	size_t i, j;
	int is_negated;
	bool holds;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++)
		for (j = 0; j < 2 * NELEMS(tests); j++) {
			is_negated = j % 2;
			snprintf(line, sizeof(line), "jsonpath \"%s\" %s%s",
			    rows[i].path, is_negated ? "not " : "",
			    tests[j / 2]);
			holds = rows[i].results[j / 2] ==
			    (is_negated ? 'F' : 'T');
			row.line = line;
			row.finding = holds ? NULL : EVALUATE_ANY;
			evaluate_cases(document, "", &row, 1);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(predicates_hold_when_they_hold_in_hurl),
		cmocka_unit_test(an_absent_value_meets_no_predicate),
		cmocka_unit_test(cookies_are_read_from_their_headers),
		cmocka_unit_test(type_tests_know_every_kind),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
