/* SPDX-License-Identifier: ISC */
/*
 * Filters: what each makes of each kind of value, one line of a flow a row.
 * The expected findings were checked with Hurl 8.0.1.
 */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "probe/filter_text.h"
#include "tests/unit/evaluate_document.h"
#include "tests/unit/evaluate_fixture.h"

static const struct evaluate_case on_document[] = {
	{"jsonpath \"$.a\" == \"@@\"", "Assert failure | object <Object()> | string <@@>"},
	{"jsonpath \"$.a.*\" == \"@@\"", "Assert failure | list <[[3],2]> | string <@@>"},
	{"jsonpath \"$..z\" == \"@@\"", "Assert failure | integer <2> | string <@@>"},
	{"jsonpath \"$.l\" == \"@@\"", "Assert failure | list <[1,1.0,1,true,null]> | string <@@>"},
	{"jsonpath \"$.l[*]\" == \"@@\"", "Assert failure | list <[1,1.0,1,true,null]> | string <@@>"},
	{"jsonpath \"$.e\" == \"@@\"", "Assert failure | list <[]> | string <@@>"},
	{"jsonpath \"$.e[*]\" == \"@@\"", "Assert failure | none | string <@@>"},
	{"jsonpath \"$.l[0:1]\" == \"@@\"", "Assert failure | integer <1> | string <@@>"},
	{"jsonpath \"$.l[0,1]\" == \"@@\"", "Assert failure | list <[1,1.0]> | string <@@>"},
	{"jsonpath \"$.l[\?@==1]\" == \"@@\"", "Assert failure | list <[1,1.0]> | string <@@>"},
	{"jsonpath \"$.\303\251\" == \"@@\"", "Assert failure | string <x> | string <@@>"},
	{"jsonpath \"$['dash-name']\" == \"@@\"", "Assert failure | integer <5> | string <@@>"},
	{"jsonpath \"$.n\" == \"@@\"", "Assert failure | integer <0> | string <@@>"},
	{"jsonpath \"$.neg\" == \"@@\"", "Assert failure | integer <0> | string <@@>"},
	{"jsonpath \"$.negf\" == \"@@\"", "Assert failure | float <-0.0> | string <@@>"},
	{"jsonpath \"$.e2\" == \"@@\"", "Assert failure | float <100.0> | string <@@>"},
	{"jsonpath \"$.i\" == \"@@\"", "Assert failure | integer <9223372036854775807> | string <@@>"},
	{"jsonpath \"$.i2\" == \"@@\"", "Assert failure | integer <9223372036854775808> | string <@@>"},
	{"jsonpath \"$.m\" == \"@@\"", "Assert failure | integer <-9223372036854775808> | string <@@>"},
	{"jsonpath \"$.m2\" == \"@@\"", "Assert failure | integer <-9223372036854775809> | string <@@>"},
	{"jsonpath \"$.h\" htmlUnescape == \"@@\"",
	    "Assert failure | string <<a> \302\251 \302\254it; &amp; \342\202\254 \360\237\230\200 \357\277\275 \357\277\275 \357\277\275 \302\240x &foo; \303\201 &#x; &; A> | string <@@>"},
	{"jsonpath \"$.h\" htmlEscape == \"@@\"",
	    "Assert failure | string <&amp;lt;a&amp;gt; &amp;copy &amp;notit; &amp;amp;amp; &amp;#128; &amp;#x1F600; &amp;#0; &amp;#xD800; &amp;#12345678901; &amp;nbsp;x &amp;foo; &amp;Aacute &amp;#x; &amp;; &amp;#65> | string <@@>"},
	{"jsonpath \"$.s\" urlEncode == \"@@\"", "Assert failure | string <a%20b%26c%3Dd/%C3%A9%3F%23%2541%2B> | string <@@>"},
	{"jsonpath \"$.pct\" urlDecode == \"@@\"", "Assert failure | string <A%zz\303\251\357\277\275+> | string <@@>"},
	{"jsonpath \"$.url\" urlQueryParam \"x\" == \"@@\"", "Assert failure | string <1> | string <@@>"},
	{"jsonpath \"$.url\" urlQueryParam \"y\" == \"@@\"", "Assert failure | string < a b> | string <@@>"},
	{"jsonpath \"$.url\" urlQueryParam \"z\" == \"@@\"", "Assert failure | string <> | string <@@>"},
	{"jsonpath \"$.url\" urlQueryParam \"\" == \"@@\"", "Assert failure | string <e> | string <@@>"},
	{"jsonpath \"$.url\" urlQueryParam \"w\" == \"@@\"", "Assert failure | string <a=b> | string <@@>"},
	{"jsonpath \"$.url\" urlQueryParam \"q\" == \"@@\"", "Assert failure | none | string <@@>"},
	{"jsonpath \"$.url\" urlQueryParam \"nope\" == \"@@\"", "Assert failure | none | string <@@>"},
	{"jsonpath \"$.url2\" urlQueryParam \"a\" == \"@@\"", "Invalid URL: invalid URL <http://> (empty host)"},
	{"jsonpath \"$.url3\" urlQueryParam \"a\" == \"@@\"", "Invalid URL: invalid URL <HTTP://x\?a=1> (Missing scheme <http://> or <https://>)"},
	{"jsonpath \"$.dt\" toDate \"%+\" == \"@@\"", "Assert failure | date <2024-02-29 10:30:45.500 UTC> | string <@@>"},
	{"jsonpath \"$.dt\" toDate \"%+\" dateFormat \"%d/%m\" == \"@@\"", "Assert failure | string <29/02> | string <@@>"},
	{"jsonpath \"$.se\" toInt == \"@@\"", "Filter error: invalid filter input: string <>"},
	{"jsonpath \"$.se\" toFloat == \"@@\"", "Filter error: invalid filter input: string <>"},
	{"jsonpath \"$.se\" count == \"@@\"", "Filter error: invalid filter input type | string | list, bytes or nodeset"},
	{"jsonpath \"$.se\" split \"\" == \"@@\"", "Assert failure | list <[,]> | string <@@>"},
	{"jsonpath \"$.se\" replace \"\" \"-\" == \"@@\"", "Assert failure | string <-> | string <@@>"},
	{"jsonpath \"$.se\" toString == \"@@\"", "Assert failure | string <> | string <@@>"},
	{"jsonpath \"$.sp\" toInt == \"@@\"", "Filter error: invalid filter input: string < 12 >"},
	{"jsonpath \"$.sp\" toFloat == \"@@\"", "Filter error: invalid filter input: string < 12 >"},
	{"jsonpath \"$.sp\" count == \"@@\"", "Filter error: invalid filter input type | string | list, bytes or nodeset"},
	{"jsonpath \"$.sp\" split \"\" == \"@@\"", "Assert failure | list <[, ,1,2, ,]> | string <@@>"},
	{"jsonpath \"$.sp\" replace \"\" \"-\" == \"@@\"", "Assert failure | string <- -1-2- -> | string <@@>"},
	{"jsonpath \"$.sp\" toString == \"@@\"", "Assert failure | string < 12 > | string <@@>"},
	{"jsonpath \"$.plus\" toInt == \"@@\"", "Assert failure | integer <5> | string <@@>"},
	{"jsonpath \"$.plus\" toFloat == \"@@\"", "Assert failure | float <5.0> | string <@@>"},
	{"jsonpath \"$.plus\" count == \"@@\"", "Filter error: invalid filter input type | string | list, bytes or nodeset"},
	{"jsonpath \"$.plus\" split \"\" == \"@@\"", "Assert failure | list <[,+,5,]> | string <@@>"},
	{"jsonpath \"$.plus\" replace \"\" \"-\" == \"@@\"", "Assert failure | string <-+-5-> | string <@@>"},
	{"jsonpath \"$.plus\" toString == \"@@\"", "Assert failure | string <+5> | string <@@>"},
	{"jsonpath \"$.hex\" toInt == \"@@\"", "Filter error: invalid filter input: string <0x1F>"},
	{"jsonpath \"$.hex\" toFloat == \"@@\"", "Filter error: invalid filter input: string <0x1F>"},
	{"jsonpath \"$.hex\" count == \"@@\"", "Filter error: invalid filter input type | string | list, bytes or nodeset"},
	{"jsonpath \"$.hex\" split \"\" == \"@@\"", "Assert failure | list <[,0,x,1,F,]> | string <@@>"},
	{"jsonpath \"$.hex\" replace \"\" \"-\" == \"@@\"", "Assert failure | string <-0-x-1-F-> | string <@@>"},
	{"jsonpath \"$.hex\" toString == \"@@\"", "Assert failure | string <0x1F> | string <@@>"},
	{"jsonpath \"$.fl\" toInt == \"@@\"", "Filter error: invalid filter input: string <1e5>"},
	{"jsonpath \"$.fl\" toFloat == \"@@\"", "Assert failure | float <100000.0> | string <@@>"},
	{"jsonpath \"$.fl\" count == \"@@\"", "Filter error: invalid filter input type | string | list, bytes or nodeset"},
	{"jsonpath \"$.fl\" split \"\" == \"@@\"", "Assert failure | list <[,1,e,5,]> | string <@@>"},
	{"jsonpath \"$.fl\" replace \"\" \"-\" == \"@@\"", "Assert failure | string <-1-e-5-> | string <@@>"},
	{"jsonpath \"$.fl\" toString == \"@@\"", "Assert failure | string <1e5> | string <@@>"},
	{"jsonpath \"$.dot\" toInt == \"@@\"", "Filter error: invalid filter input: string <.5>"},
	{"jsonpath \"$.dot\" toFloat == \"@@\"", "Assert failure | float <0.5> | string <@@>"},
	{"jsonpath \"$.dot\" count == \"@@\"", "Filter error: invalid filter input type | string | list, bytes or nodeset"},
	{"jsonpath \"$.dot\" split \"\" == \"@@\"", "Assert failure | list <[,.,5,]> | string <@@>"},
	{"jsonpath \"$.dot\" replace \"\" \"-\" == \"@@\"", "Assert failure | string <-.-5-> | string <@@>"},
	{"jsonpath \"$.dot\" toString == \"@@\"", "Assert failure | string <.5> | string <@@>"},
	{"jsonpath \"$.inf\" toInt == \"@@\"", "Filter error: invalid filter input: string <inf>"},
	{"jsonpath \"$.inf\" toFloat == \"@@\"", "Assert failure | float <inf> | string <@@>"},
	{"jsonpath \"$.inf\" count == \"@@\"", "Filter error: invalid filter input type | string | list, bytes or nodeset"},
	{"jsonpath \"$.inf\" split \"\" == \"@@\"", "Assert failure | list <[,i,n,f,]> | string <@@>"},
	{"jsonpath \"$.inf\" replace \"\" \"-\" == \"@@\"", "Assert failure | string <-i-n-f-> | string <@@>"},
	{"jsonpath \"$.inf\" toString == \"@@\"", "Assert failure | string <inf> | string <@@>"},
	{"jsonpath \"$.und\" toInt == \"@@\"", "Filter error: invalid filter input: string <1_0>"},
	{"jsonpath \"$.und\" toFloat == \"@@\"", "Filter error: invalid filter input: string <1_0>"},
	{"jsonpath \"$.und\" count == \"@@\"", "Filter error: invalid filter input type | string | list, bytes or nodeset"},
	{"jsonpath \"$.und\" split \"\" == \"@@\"", "Assert failure | list <[,1,_,0,]> | string <@@>"},
	{"jsonpath \"$.und\" replace \"\" \"-\" == \"@@\"", "Assert failure | string <-1-_-0-> | string <@@>"},
	{"jsonpath \"$.und\" toString == \"@@\"", "Assert failure | string <1_0> | string <@@>"},
	{"jsonpath \"$.big\" toInt == \"@@\"", "Filter error: invalid filter input: string <99999999999999999999>"},
	{"jsonpath \"$.big\" toFloat == \"@@\"", "Assert failure | float <100000000000000000000.0> | string <@@>"},
	{"jsonpath \"$.big\" count == \"@@\"", "Filter error: invalid filter input type | string | list, bytes or nodeset"},
	{"jsonpath \"$.big\" split \"\" == \"@@\"", "Assert failure | list <[,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,9,]> | string <@@>"},
	{"jsonpath \"$.big\" replace \"\" \"-\" == \"@@\"", "Assert failure | string <-9-9-9-9-9-9-9-9-9-9-9-9-9-9-9-9-9-9-9-9-> | string <@@>"},
	{"jsonpath \"$.big\" toString == \"@@\"", "Assert failure | string <99999999999999999999> | string <@@>"},
	{"jsonpath \"$.neg\" toInt == \"@@\"", "Assert failure | integer <0> | string <@@>"},
	{"jsonpath \"$.neg\" toFloat == \"@@\"", "Assert failure | float <0.0> | string <@@>"},
	{"jsonpath \"$.neg\" count == \"@@\"", "Filter error: invalid filter input type | integer | list, bytes or nodeset"},
	{"jsonpath \"$.neg\" split \"\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.neg\" replace \"\" \"-\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.neg\" toString == \"@@\"", "Assert failure | string <0> | string <@@>"},
	{"jsonpath \"$.i\" toInt == \"@@\"", "Assert failure | integer <9223372036854775807> | string <@@>"},
	{"jsonpath \"$.i\" toFloat == \"@@\"", "Assert failure | float <9223372036854776000.0> | string <@@>"},
	{"jsonpath \"$.i\" count == \"@@\"", "Filter error: invalid filter input type | integer | list, bytes or nodeset"},
	{"jsonpath \"$.i\" split \"\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.i\" replace \"\" \"-\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.i\" toString == \"@@\"", "Assert failure | string <9223372036854775807> | string <@@>"},
	{"jsonpath \"$.e2\" toInt == \"@@\"", "Assert failure | integer <100> | string <@@>"},
	{"jsonpath \"$.e2\" toFloat == \"@@\"", "Assert failure | float <100.0> | string <@@>"},
	{"jsonpath \"$.e2\" count == \"@@\"", "Filter error: invalid filter input type | float | list, bytes or nodeset"},
	{"jsonpath \"$.e2\" split \"\" == \"@@\"", "Filter error: invalid filter input type | float | string"},
	{"jsonpath \"$.e2\" replace \"\" \"-\" == \"@@\"", "Filter error: invalid filter input type | float | string"},
	{"jsonpath \"$.e2\" toString == \"@@\"", "Assert failure | string <100.0> | string <@@>"},
	{"jsonpath \"$.b64[0]\" base64Decode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.b64[1]\" base64Decode == \"@@\"", "Assert failure | bytes <6869> | string <@@>"},
	{"jsonpath \"$.b64[2]\" base64Decode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.b64[3]\" base64Decode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.b64[4]\" base64Decode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.b64[5]\" base64Decode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.b64[6]\" base64Decode == \"@@\"", "Assert failure | bytes <61> | string <@@>"},
	{"jsonpath \"$.b64[7]\" base64Decode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.b64[8]\" base64Decode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.b64[9]\" base64Decode == \"@@\"", "Assert failure | bytes <> | string <@@>"},
	{"jsonpath \"$.b64[0]\" base64UrlSafeDecode == \"@@\"", "Assert failure | bytes <6869> | string <@@>"},
	{"jsonpath \"$.b64[1]\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input: base64 string contains padding"},
	{"jsonpath \"$.b64[2]\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input: base64 string contains padding"},
	{"jsonpath \"$.b64[3]\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input: base64 string contains padding"},
	{"jsonpath \"$.b64[4]\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input: base64 string contains padding"},
	{"jsonpath \"$.b64[5]\" base64UrlSafeDecode == \"@@\"", "Assert failure | bytes <686fbf> | string <@@>"},
	{"jsonpath \"$.b64[6]\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input: base64 string contains padding"},
	{"jsonpath \"$.b64[7]\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input: base64 string contains padding"},
	{"jsonpath \"$.b64[8]\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input: base64 string contains padding"},
	{"jsonpath \"$.b64[9]\" base64UrlSafeDecode == \"@@\"", "Assert failure | bytes <> | string <@@>"},
	{"jsonpath \"$.s\" replaceRegex \"[a-c]\" \"<$0>\" == \"@@\"", "Assert failure | string <<a> <b>&<c>=d/\303\251\?#%41+> | string <@@>"},
	{"jsonpath \"$.s\" replaceRegex \"(\?<x>b)\" \"<$x$1$2$$>\" == \"@@\"", "Assert failure | string <a <bb$>&c=d/\303\251\?#%41+> | string <@@>"},
	{"jsonpath \"$.s\" replace \" \" \"\" == \"@@\"", "Assert failure | string <ab&c=d/\303\251\?#%41+> | string <@@>"},
	{"jsonpath \"$.s\" split \"b\" == \"@@\"", "Assert failure | list <[a ,&c=d/\303\251\?#%41+]> | string <@@>"},
	{"jsonpath \"$.s\" split \"zz\" == \"@@\"", "Assert failure | list <[a b&c=d/\303\251\?#%41+]> | string <@@>"},
	{"jsonpath \"$.s\" regex \"b(x)\?\" == \"@@\"", "Assert failure | none | string <@@>"},
	{"jsonpath \"$.s\" regex \"(b)|(c)\" == \"@@\"", "Assert failure | string <b> | string <@@>"},
	{"jsonpath \"$.l\" first == \"@@\"", "Assert failure | integer <1> | string <@@>"},
	{"jsonpath \"$.l\" nth -5 == \"@@\"", "Assert failure | integer <1> | string <@@>"},
	{"jsonpath \"$.l\" nth -6 == \"@@\"", "Filter error: invalid filter input: out of bound - size is 5"},
	{"jsonpath \"$.l\" last == \"@@\"", "Assert failure | null <null> | string <@@>"},
	{"jsonpath \"$.s\" charsetDecode \"utf-8\" == \"@@\"", "Filter error: invalid filter input type | string | bytes"},
	{"jsonpath \"$.s\" utf8Encode charsetDecode \"latin1\" == \"@@\"", "Assert failure | string <a b&c=d/\303\203\302\251\?#%41+> | string <@@>"},
	{"jsonpath \"$.s\" utf8Encode charsetDecode \"utf-16\" == \"@@\"",
	    "Assert failure | string <\342\201\241\342\231\242\343\265\243\342\275\244\352\247\203\342\214\277\343\220\245\342\254\261> | string <@@>"},
	{"jsonpath \"$.s\" utf8Encode toHex == \"@@\"", "Assert failure | string <61206226633d642fc3a93f232534312b> | string <@@>"},
	{"jsonpath \"$.s\" utf8Encode base64Encode == \"@@\"", "Assert failure | string <YSBiJmM9ZC/DqT8jJTQxKw==> | string <@@>"},
	{"jsonpath \"$.s\" utf8Encode base64UrlSafeEncode == \"@@\"", "Assert failure | string <YSBiJmM9ZC_DqT8jJTQxKw> | string <@@>"},
	{"bytes utf8Decode count == \"@@\"", "Filter error: invalid filter input type | string | list, bytes or nodeset"},
	{"jsonpath \"$.s\" xpath \"string(//p)\" == \"@@\"", "Assert failure | string <a b&c=d/\303\251\?#%41+> | string <@@>"},
	{"jsonpath \"$.h\" xpath \"string(/)\" == \"@@\"",
	    "Assert failure | string <<a> &copy &notit; &amp; \302\200 \360\237\230\200    \302\240x &foo; &Aacute  &; A> | string <@@>"},
	{"header \"x-y\" == \"@@\"", "Assert failure | list <[1,2]> | string <@@>"},
};

static const char kinds[] =
    "{\"s\":\"a,b\",\"i\":7,\"f\":2.75,\"neg\":-2.75,\"big\":12345678"
    "9012345678901,\"l\":[\"x\",2,null],\"el\":[],\"o\":{\"a\":1},\""
    "n\":null,\"b\":true,\"ns\":\"-12\",\"fs\":\"1.50\",\"u\":\"http://"
    "x/p\?a=1%202&b&a=3\",\"js\":\"{\\\"a\\\":[1,2]}\",\"b6\":\"aGk=\"}";

static const struct evaluate_case on_kinds[] = {
	{"jsonpath \"$.s\" base64Decode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.i\" base64Decode == \"@@\"", "Filter error: invalid filter input type | integer | base64 string"},
	{"jsonpath \"$.ns\" base64Decode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.fs\" base64Decode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.u\" base64Decode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.js\" base64Decode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.b6\" base64Decode == \"@@\"", "Assert failure | bytes <6869> | string <@@>"},
	{"jsonpath \"$.s\" base64Encode == \"@@\"", "Filter error: invalid filter input type | string | bytes"},
	{"jsonpath \"$.s\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.i\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.fs\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.u\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input: base64 string contains padding"},
	{"jsonpath \"$.js\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input: string is not base64"},
	{"jsonpath \"$.b6\" base64UrlSafeDecode == \"@@\"", "Filter error: invalid filter input: base64 string contains padding"},
	{"jsonpath \"$.s\" base64UrlSafeEncode == \"@@\"", "Filter error: invalid filter input type | string | bytes"},
	{"jsonpath \"$.s\" charsetDecode \"utf-8\" == \"@@\"", "Filter error: invalid filter input type | string | bytes"},
	{"bytes charsetDecode \"utf-8\" == \"@@\"",
	    "Assert failure | string <{\"s\":\"a,b\",\"i\":7,\"f\":2.75,\"neg\":-2.75,\"big\":123456789012345678901,\"l\":[\"x\",2,null],\"el\":[],\"o\":{\"a\":1},\"n\":null,\"b\":true,\"ns\":\"-12\",\"fs\":\"1.50\",\"u\":\"http://x/p\?a=1%202&b&a=3\",\"js\":\"{\\\"a\\\":[1,2]}\",\"b6\":\"aGk=\"}> | string <@@>"},
	{"jsonpath \"$.s\" charsetDecode \"xx\" == \"@@\"", "Filter error: invalid filter input type | string | bytes"},
	{"bytes charsetDecode \"xx\" == \"@@\"", "Filter error: <xx> encoding is not supported"},
	{"jsonpath \"$.s\" count == \"@@\"", "Filter error: invalid filter input type | string | list, bytes or nodeset"},
	{"jsonpath \"$.l\" count == \"@@\"", "Assert failure | integer <3> | string <@@>"},
	{"jsonpath \"$.el\" count == \"@@\"", "Assert failure | integer <0> | string <@@>"},
	{"bytes count == \"@@\"", "Assert failure | integer <208> | string <@@>"},
	{"redirects count == \"@@\"", "Assert failure | integer <0> | string <@@>"},
	{"jsonpath \"$.s\" dateFormat \"%Y\" == \"@@\"", "Filter error: invalid filter input type | string | date"},
	{"jsonpath \"$.s\" first == \"@@\"", "Filter error: invalid filter input type | string | list"},
	{"jsonpath \"$.l\" first == \"@@\"", "Assert failure | string <x> | string <@@>"},
	{"jsonpath \"$.el\" first == \"@@\"", "Filter error: invalid filter input: list is empty"},
	{"redirects first == \"@@\"", "Filter error: invalid filter input: list is empty"},
	{"jsonpath \"$.s\" last == \"@@\"", "Filter error: invalid filter input type | string | list"},
	{"jsonpath \"$.l\" last == \"@@\"", "Assert failure | null <null> | string <@@>"},
	{"jsonpath \"$.el\" last == \"@@\"", "Filter error: invalid filter input: list is empty"},
	{"redirects last == \"@@\"", "Filter error: invalid filter input: list is empty"},
	{"jsonpath \"$.s\" htmlEscape == \"@@\"", "Assert failure | string <a,b> | string <@@>"},
	{"jsonpath \"$.i\" htmlEscape == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" htmlEscape == \"@@\"", "Assert failure | string <-12> | string <@@>"},
	{"jsonpath \"$.fs\" htmlEscape == \"@@\"", "Assert failure | string <1.50> | string <@@>"},
	{"jsonpath \"$.u\" htmlEscape == \"@@\"", "Assert failure | string <http://x/p\?a=1%202&amp;b&amp;a=3> | string <@@>"},
	{"jsonpath \"$.js\" htmlEscape == \"@@\"", "Assert failure | string <{&quot;a&quot;:[1,2]}> | string <@@>"},
	{"jsonpath \"$.b6\" htmlEscape == \"@@\"", "Assert failure | string <aGk=> | string <@@>"},
	{"jsonpath \"$.s\" htmlUnescape == \"@@\"", "Assert failure | string <a,b> | string <@@>"},
	{"jsonpath \"$.i\" htmlUnescape == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" htmlUnescape == \"@@\"", "Assert failure | string <-12> | string <@@>"},
	{"jsonpath \"$.fs\" htmlUnescape == \"@@\"", "Assert failure | string <1.50> | string <@@>"},
	{"jsonpath \"$.u\" htmlUnescape == \"@@\"", "Assert failure | string <http://x/p\?a=1%202&b&a=3> | string <@@>"},
	{"jsonpath \"$.js\" htmlUnescape == \"@@\"", "Assert failure | string <{\"a\":[1,2]}> | string <@@>"},
	{"jsonpath \"$.b6\" htmlUnescape == \"@@\"", "Assert failure | string <aGk=> | string <@@>"},
	{"jsonpath \"$.s\" jsonpath \"$.a\" == \"@@\"", "Filter error: invalid filter input: value is not a valid JSON"},
	{"jsonpath \"$.i\" jsonpath \"$.a\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" jsonpath \"$.a\" == \"@@\"", "Assert failure | none | string <@@>"},
	{"jsonpath \"$.fs\" jsonpath \"$.a\" == \"@@\"", "Assert failure | none | string <@@>"},
	{"jsonpath \"$.u\" jsonpath \"$.a\" == \"@@\"", "Filter error: invalid filter input: value is not a valid JSON"},
	{"jsonpath \"$.js\" jsonpath \"$.a\" == \"@@\"", "Assert failure | list <[1,2]> | string <@@>"},
	{"jsonpath \"$.b6\" jsonpath \"$.a\" == \"@@\"", "Filter error: invalid filter input: value is not a valid JSON"},
	{"jsonpath \"$.s\" jsonpath \"$..[\" == \"@@\"", "Filter error: invalid filter input: value is not a valid JSON"},
	{"jsonpath \"$.i\" jsonpath \"$..[\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" jsonpath \"$..[\" == \"@@\"", "Invalid JSONPath: JSONPath expression '$..[' is not valid: a selector is missing at character 5"},
	{"jsonpath \"$.fs\" jsonpath \"$..[\" == \"@@\"", "Invalid JSONPath: JSONPath expression '$..[' is not valid: a selector is missing at character 5"},
	{"jsonpath \"$.u\" jsonpath \"$..[\" == \"@@\"", "Filter error: invalid filter input: value is not a valid JSON"},
	{"jsonpath \"$.js\" jsonpath \"$..[\" == \"@@\"", "Invalid JSONPath: JSONPath expression '$..[' is not valid: a selector is missing at character 5"},
	{"jsonpath \"$.b6\" jsonpath \"$..[\" == \"@@\"", "Filter error: invalid filter input: value is not a valid JSON"},
	{"jsonpath \"$.s\" xpath \"//a\" == \"@@\"", "Assert failure | nodeset <Nodeset(size=0)> | string <@@>"},
	{"jsonpath \"$.i\" xpath \"//a\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" xpath \"//a\" == \"@@\"", "Assert failure | nodeset <Nodeset(size=0)> | string <@@>"},
	{"jsonpath \"$.fs\" xpath \"//a\" == \"@@\"", "Assert failure | nodeset <Nodeset(size=0)> | string <@@>"},
	{"jsonpath \"$.u\" xpath \"//a\" == \"@@\"", "Assert failure | nodeset <Nodeset(size=0)> | string <@@>"},
	{"jsonpath \"$.js\" xpath \"//a\" == \"@@\"", "Assert failure | nodeset <Nodeset(size=0)> | string <@@>"},
	{"jsonpath \"$.b6\" xpath \"//a\" == \"@@\"", "Assert failure | nodeset <Nodeset(size=0)> | string <@@>"},
	{"jsonpath \"$.s\" xpath \"//[\" == \"@@\"", "Invalid XPath expression: XPath expression is not valid"},
	{"jsonpath \"$.i\" xpath \"//[\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" xpath \"//[\" == \"@@\"", "Invalid XPath expression: XPath expression is not valid"},
	{"jsonpath \"$.fs\" xpath \"//[\" == \"@@\"", "Invalid XPath expression: XPath expression is not valid"},
	{"jsonpath \"$.u\" xpath \"//[\" == \"@@\"", "Invalid XPath expression: XPath expression is not valid"},
	{"jsonpath \"$.js\" xpath \"//[\" == \"@@\"", "Invalid XPath expression: XPath expression is not valid"},
	{"jsonpath \"$.b6\" xpath \"//[\" == \"@@\"", "Invalid XPath expression: XPath expression is not valid"},
	{"jsonpath \"$.s\" location == \"@@\"", "Filter error: invalid filter input type | string | http response"},
	{"jsonpath \"$.s\" nth 0 == \"@@\"", "Filter error: invalid filter input type | string | list"},
	{"jsonpath \"$.l\" nth 0 == \"@@\"", "Assert failure | string <x> | string <@@>"},
	{"jsonpath \"$.el\" nth 0 == \"@@\"", "Filter error: invalid filter input: out of bound - size is 0"},
	{"redirects nth 0 == \"@@\"", "Filter error: invalid filter input: out of bound - size is 0"},
	{"jsonpath \"$.s\" nth 5 == \"@@\"", "Filter error: invalid filter input type | string | list"},
	{"jsonpath \"$.l\" nth 5 == \"@@\"", "Filter error: invalid filter input: out of bound - size is 3"},
	{"jsonpath \"$.el\" nth 5 == \"@@\"", "Filter error: invalid filter input: out of bound - size is 0"},
	{"redirects nth 5 == \"@@\"", "Filter error: invalid filter input: out of bound - size is 0"},
	{"jsonpath \"$.s\" nth -1 == \"@@\"", "Filter error: invalid filter input type | string | list"},
	{"jsonpath \"$.l\" nth -1 == \"@@\"", "Assert failure | null <null> | string <@@>"},
	{"jsonpath \"$.el\" nth -1 == \"@@\"", "Filter error: invalid filter input: out of bound - size is 0"},
	{"redirects nth -1 == \"@@\"", "Filter error: invalid filter input: out of bound - size is 0"},
	{"jsonpath \"$.s\" regex \"(.)\" == \"@@\"", "Assert failure | string <a> | string <@@>"},
	{"jsonpath \"$.i\" regex \"(.)\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" regex \"(.)\" == \"@@\"", "Assert failure | string <-> | string <@@>"},
	{"jsonpath \"$.fs\" regex \"(.)\" == \"@@\"", "Assert failure | string <1> | string <@@>"},
	{"jsonpath \"$.u\" regex \"(.)\" == \"@@\"", "Assert failure | string <h> | string <@@>"},
	{"jsonpath \"$.js\" regex \"(.)\" == \"@@\"", "Assert failure | string <{> | string <@@>"},
	{"jsonpath \"$.b6\" regex \"(.)\" == \"@@\"", "Assert failure | string <a> | string <@@>"},
	{"jsonpath \"$.s\" regex \".\" == \"@@\"", "Assert failure | none | string <@@>"},
	{"jsonpath \"$.i\" regex \".\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" regex \".\" == \"@@\"", "Assert failure | none | string <@@>"},
	{"jsonpath \"$.fs\" regex \".\" == \"@@\"", "Assert failure | none | string <@@>"},
	{"jsonpath \"$.u\" regex \".\" == \"@@\"", "Assert failure | none | string <@@>"},
	{"jsonpath \"$.js\" regex \".\" == \"@@\"", "Assert failure | none | string <@@>"},
	{"jsonpath \"$.b6\" regex \".\" == \"@@\"", "Assert failure | none | string <@@>"},
	{"jsonpath \"$.s\" regex \"(\" == \"@@\"", "Invalid regex: regex expression is not valid: the group is not closed"},
	{"jsonpath \"$.i\" regex \"(\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" regex \"(\" == \"@@\"", "Invalid regex: regex expression is not valid: the group is not closed"},
	{"jsonpath \"$.fs\" regex \"(\" == \"@@\"", "Invalid regex: regex expression is not valid: the group is not closed"},
	{"jsonpath \"$.u\" regex \"(\" == \"@@\"", "Invalid regex: regex expression is not valid: the group is not closed"},
	{"jsonpath \"$.js\" regex \"(\" == \"@@\"", "Invalid regex: regex expression is not valid: the group is not closed"},
	{"jsonpath \"$.b6\" regex \"(\" == \"@@\"", "Invalid regex: regex expression is not valid: the group is not closed"},
	{"jsonpath \"$.s\" replace \"a\" \"b\" == \"@@\"", "Assert failure | string <b,b> | string <@@>"},
	{"jsonpath \"$.i\" replace \"a\" \"b\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" replace \"a\" \"b\" == \"@@\"", "Assert failure | string <-12> | string <@@>"},
	{"jsonpath \"$.fs\" replace \"a\" \"b\" == \"@@\"", "Assert failure | string <1.50> | string <@@>"},
	{"jsonpath \"$.u\" replace \"a\" \"b\" == \"@@\"", "Assert failure | string <http://x/p\?b=1%202&b&b=3> | string <@@>"},
	{"jsonpath \"$.js\" replace \"a\" \"b\" == \"@@\"", "Assert failure | string <{\"b\":[1,2]}> | string <@@>"},
	{"jsonpath \"$.b6\" replace \"a\" \"b\" == \"@@\"", "Assert failure | string <bGk=> | string <@@>"},
	{"jsonpath \"$.s\" replaceRegex \"a\" \"b\" == \"@@\"", "Assert failure | string <b,b> | string <@@>"},
	{"jsonpath \"$.i\" replaceRegex \"a\" \"b\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" replaceRegex \"a\" \"b\" == \"@@\"", "Assert failure | string <-12> | string <@@>"},
	{"jsonpath \"$.fs\" replaceRegex \"a\" \"b\" == \"@@\"", "Assert failure | string <1.50> | string <@@>"},
	{"jsonpath \"$.u\" replaceRegex \"a\" \"b\" == \"@@\"", "Assert failure | string <http://x/p\?b=1%202&b&b=3> | string <@@>"},
	{"jsonpath \"$.js\" replaceRegex \"a\" \"b\" == \"@@\"", "Assert failure | string <{\"b\":[1,2]}> | string <@@>"},
	{"jsonpath \"$.b6\" replaceRegex \"a\" \"b\" == \"@@\"", "Assert failure | string <bGk=> | string <@@>"},
	{"jsonpath \"$.s\" split \",\" == \"@@\"", "Assert failure | list <[a,b]> | string <@@>"},
	{"jsonpath \"$.i\" split \",\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" split \",\" == \"@@\"", "Assert failure | list <[-12]> | string <@@>"},
	{"jsonpath \"$.fs\" split \",\" == \"@@\"", "Assert failure | list <[1.50]> | string <@@>"},
	{"jsonpath \"$.u\" split \",\" == \"@@\"", "Assert failure | list <[http://x/p\?a=1%202&b&a=3]> | string <@@>"},
	{"jsonpath \"$.js\" split \",\" == \"@@\"", "Assert failure | list <[{\"a\":[1,2]}]> | string <@@>"},
	{"jsonpath \"$.b6\" split \",\" == \"@@\"", "Assert failure | list <[aGk=]> | string <@@>"},
	{"jsonpath \"$.s\" split \"\" == \"@@\"", "Assert failure | list <[,a,,,b,]> | string <@@>"},
	{"jsonpath \"$.i\" split \"\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" split \"\" == \"@@\"", "Assert failure | list <[,-,1,2,]> | string <@@>"},
	{"jsonpath \"$.fs\" split \"\" == \"@@\"", "Assert failure | list <[,1,.,5,0,]> | string <@@>"},
	{"jsonpath \"$.u\" split \"\" == \"@@\"", "Assert failure | list <[,h,t,t,p,:,/,/,x,/,p,\?,a,=,1,%,2,0,2,&,b,&,a,=,3,]> | string <@@>"},
	{"jsonpath \"$.js\" split \"\" == \"@@\"", "Assert failure | list <[,{,\",a,\",:,[,1,,,2,],},]> | string <@@>"},
	{"jsonpath \"$.b6\" split \"\" == \"@@\"", "Assert failure | list <[,a,G,k,=,]> | string <@@>"},
	{"jsonpath \"$.s\" toDate \"%Y\" == \"@@\"", "Filter error: value <a,b> could not be parsed with <%Y> format"},
	{"jsonpath \"$.i\" toDate \"%Y\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" toDate \"%Y\" == \"@@\"", "Filter error: value <-12> could not be parsed with <%Y> format"},
	{"jsonpath \"$.fs\" toDate \"%Y\" == \"@@\"", "Filter error: value <1.50> could not be parsed with <%Y> format"},
	{"jsonpath \"$.u\" toDate \"%Y\" == \"@@\"", "Filter error: value <http://x/p\?a=1%202&b&a=3> could not be parsed with <%Y> format"},
	{"jsonpath \"$.js\" toDate \"%Y\" == \"@@\"", "Filter error: value <{\"a\":[1,2]}> could not be parsed with <%Y> format"},
	{"jsonpath \"$.b6\" toDate \"%Y\" == \"@@\"", "Filter error: value <aGk=> could not be parsed with <%Y> format"},
	{"jsonpath \"$.s\" toInt == \"@@\"", "Filter error: invalid filter input: string <a,b>"},
	{"jsonpath \"$.i\" toInt == \"@@\"", "Assert failure | integer <7> | string <@@>"},
	{"jsonpath \"$.f\" toInt == \"@@\"", "Assert failure | integer <2> | string <@@>"},
	{"jsonpath \"$.neg\" toInt == \"@@\"", "Assert failure | integer <-2> | string <@@>"},
	{"jsonpath \"$.big\" toInt == \"@@\"", "Filter error: invalid filter input type | integer | float, integer or string"},
	{"jsonpath \"$.ns\" toInt == \"@@\"", "Assert failure | integer <-12> | string <@@>"},
	{"jsonpath \"$.fs\" toInt == \"@@\"", "Filter error: invalid filter input: string <1.50>"},
	{"jsonpath \"$.u\" toInt == \"@@\"", "Filter error: invalid filter input: string <http://x/p\?a=1%202&b&a=3>"},
	{"jsonpath \"$.js\" toInt == \"@@\"", "Filter error: invalid filter input: string <{\"a\":[1,2]}>"},
	{"jsonpath \"$.b6\" toInt == \"@@\"", "Filter error: invalid filter input: string <aGk=>"},
	{"jsonpath \"$.s\" toFloat == \"@@\"", "Filter error: invalid filter input: string <a,b>"},
	{"jsonpath \"$.i\" toFloat == \"@@\"", "Assert failure | float <7.0> | string <@@>"},
	{"jsonpath \"$.f\" toFloat == \"@@\"", "Assert failure | float <2.75> | string <@@>"},
	{"jsonpath \"$.neg\" toFloat == \"@@\"", "Assert failure | float <-2.75> | string <@@>"},
	{"jsonpath \"$.big\" toFloat == \"@@\"", "Filter error: invalid filter input: integer <123456789012345678901> is too big to be cast as a float"},
	{"jsonpath \"$.l\" toFloat == \"@@\"", "Filter error: invalid filter input type | list | float, integer or string"},
	{"jsonpath \"$.ns\" toFloat == \"@@\"", "Assert failure | float <-12.0> | string <@@>"},
	{"jsonpath \"$.fs\" toFloat == \"@@\"", "Assert failure | float <1.5> | string <@@>"},
	{"jsonpath \"$.u\" toFloat == \"@@\"", "Filter error: invalid filter input: string <http://x/p\?a=1%202&b&a=3>"},
	{"jsonpath \"$.js\" toFloat == \"@@\"", "Filter error: invalid filter input: string <{\"a\":[1,2]}>"},
	{"jsonpath \"$.b6\" toFloat == \"@@\"", "Filter error: invalid filter input: string <aGk=>"},
	{"jsonpath \"$.s\" toString == \"@@\"", "Assert failure | string <a,b> | string <@@>"},
	{"jsonpath \"$.i\" toString == \"@@\"", "Assert failure | string <7> | string <@@>"},
	{"jsonpath \"$.f\" toString == \"@@\"", "Assert failure | string <2.75> | string <@@>"},
	{"jsonpath \"$.neg\" toString == \"@@\"", "Assert failure | string <-2.75> | string <@@>"},
	{"jsonpath \"$.big\" toString == \"@@\"", "Assert failure | string <123456789012345678901> | string <@@>"},
	{"jsonpath \"$.l\" toString == \"@@\"", "Filter error: invalid filter input: list <[x,2,null]> can not be converted to a string"},
	{"jsonpath \"$.el\" toString == \"@@\"", "Filter error: invalid filter input: list <[]> can not be converted to a string"},
	{"jsonpath \"$.o\" toString == \"@@\"", "Filter error: invalid filter input: object <Object()> can not be converted to a string"},
	{"jsonpath \"$.n\" toString == \"@@\"", "Assert failure | string <null> | string <@@>"},
	{"jsonpath \"$.b\" toString == \"@@\"", "Assert failure | string <true> | string <@@>"},
	{"jsonpath \"$.ns\" toString == \"@@\"", "Assert failure | string <-12> | string <@@>"},
	{"jsonpath \"$.fs\" toString == \"@@\"", "Assert failure | string <1.50> | string <@@>"},
	{"jsonpath \"$.u\" toString == \"@@\"", "Assert failure | string <http://x/p\?a=1%202&b&a=3> | string <@@>"},
	{"jsonpath \"$.js\" toString == \"@@\"", "Assert failure | string <{\"a\":[1,2]}> | string <@@>"},
	{"jsonpath \"$.b6\" toString == \"@@\"", "Assert failure | string <aGk=> | string <@@>"},
	{"redirects toString == \"@@\"", "Filter error: invalid filter input: list <[]> can not be converted to a string"},
	{"jsonpath \"$.s\" toHex == \"@@\"", "Filter error: invalid filter input type | string | bytes"},
	{"jsonpath \"$.s\" urlDecode == \"@@\"", "Assert failure | string <a,b> | string <@@>"},
	{"jsonpath \"$.i\" urlDecode == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" urlDecode == \"@@\"", "Assert failure | string <-12> | string <@@>"},
	{"jsonpath \"$.fs\" urlDecode == \"@@\"", "Assert failure | string <1.50> | string <@@>"},
	{"jsonpath \"$.u\" urlDecode == \"@@\"", "Assert failure | string <http://x/p\?a=1 2&b&a=3> | string <@@>"},
	{"jsonpath \"$.js\" urlDecode == \"@@\"", "Assert failure | string <{\"a\":[1,2]}> | string <@@>"},
	{"jsonpath \"$.b6\" urlDecode == \"@@\"", "Assert failure | string <aGk=> | string <@@>"},
	{"jsonpath \"$.s\" urlEncode == \"@@\"", "Assert failure | string <a%2Cb> | string <@@>"},
	{"jsonpath \"$.i\" urlEncode == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" urlEncode == \"@@\"", "Assert failure | string <-12> | string <@@>"},
	{"jsonpath \"$.fs\" urlEncode == \"@@\"", "Assert failure | string <1.50> | string <@@>"},
	{"jsonpath \"$.u\" urlEncode == \"@@\"", "Assert failure | string <http%3A//x/p%3Fa%3D1%25202%26b%26a%3D3> | string <@@>"},
	{"jsonpath \"$.js\" urlEncode == \"@@\"", "Assert failure | string <%7B%22a%22%3A%5B1%2C2%5D%7D> | string <@@>"},
	{"jsonpath \"$.b6\" urlEncode == \"@@\"", "Assert failure | string <aGk%3D> | string <@@>"},
	{"jsonpath \"$.s\" urlQueryParam \"a\" == \"@@\"", "Invalid URL: invalid URL <a,b> (Missing scheme <http://> or <https://>)"},
	{"jsonpath \"$.i\" urlQueryParam \"a\" == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" urlQueryParam \"a\" == \"@@\"", "Invalid URL: invalid URL <-12> (Missing scheme <http://> or <https://>)"},
	{"jsonpath \"$.fs\" urlQueryParam \"a\" == \"@@\"", "Invalid URL: invalid URL <1.50> (Missing scheme <http://> or <https://>)"},
	{"jsonpath \"$.u\" urlQueryParam \"a\" == \"@@\"", "Assert failure | string <1 2> | string <@@>"},
	{"jsonpath \"$.js\" urlQueryParam \"a\" == \"@@\"", "Invalid URL: invalid URL <{\"a\":[1,2]}> (Missing scheme <http://> or <https://>)"},
	{"jsonpath \"$.b6\" urlQueryParam \"a\" == \"@@\"", "Invalid URL: invalid URL <aGk=> (Missing scheme <http://> or <https://>)"},
	{"jsonpath \"$.s\" utf8Decode == \"@@\"", "Filter error: invalid filter input type | string | bytes"},
	{"bytes utf8Decode == \"@@\"",
	    "Assert failure | string <{\"s\":\"a,b\",\"i\":7,\"f\":2.75,\"neg\":-2.75,\"big\":123456789012345678901,\"l\":[\"x\",2,null],\"el\":[],\"o\":{\"a\":1},\"n\":null,\"b\":true,\"ns\":\"-12\",\"fs\":\"1.50\",\"u\":\"http://x/p\?a=1%202&b&a=3\",\"js\":\"{\\\"a\\\":[1,2]}\",\"b6\":\"aGk=\"}> | string <@@>"},
	{"jsonpath \"$.s\" utf8Encode == \"@@\"", "Assert failure | bytes <612c62> | string <@@>"},
	{"jsonpath \"$.i\" utf8Encode == \"@@\"", "Filter error: invalid filter input type | integer | string"},
	{"jsonpath \"$.ns\" utf8Encode == \"@@\"", "Assert failure | bytes <2d3132> | string <@@>"},
	{"jsonpath \"$.fs\" utf8Encode == \"@@\"", "Assert failure | bytes <312e3530> | string <@@>"},
	{"jsonpath \"$.u\" utf8Encode == \"@@\"", "Assert failure | bytes <687474703a2f2f782f703f613d3125323032266226613d33> | string <@@>"},
	{"jsonpath \"$.js\" utf8Encode == \"@@\"", "Assert failure | bytes <7b2261223a5b312c325d7d> | string <@@>"},
	{"jsonpath \"$.b6\" utf8Encode == \"@@\"", "Assert failure | bytes <61476b3d> | string <@@>"},
	{"jsonpath \"$.s\" count count == \"@@\"", "Filter error: invalid filter input type | string | list, bytes or nodeset"},
};

static void
filters_give_what_hurl_gives(void **state)
{
	(void)state;
	evaluate_cases(evaluate_document, "X-Y: 1\nX-Y: 2", on_document,
	    NELEMS(on_document));
}

static void
filters_take_only_their_kinds(void **state)
{
	(void)state;
	evaluate_cases(kinds, "", on_kinds, NELEMS(on_kinds));
}

/* Or a small text could ask for a hundred times its size of memory. */
static void
json_in_an_answer_is_bounded_as_the_answer_is(void **state)
{
	static const struct evaluate_case row = {
		"body jsonpath \"$[0]\" exists",
		"Filter error: invalid filter input: the JSON is too big"};
	struct buf text;
	int i;

	(void)state;
	buf_init(&text, 1000);
	for (i = 0; i < 200; i++)
		buf_append_char(&text, '[');
	for (i = 0; i < 200; i++)
		buf_append_char(&text, ']');
	evaluate_cases(text.data, "", &row, 1);
	buf_fini(&text);
}

/* An answer of separators alone asks for a hundred times its size. */
static void
a_text_is_split_into_so_many_pieces_only(void **state)
{
	struct value list;
	struct buf separator;
	char *text = xmalloc(TEXT_PIECES_MOST);

	(void)state;
	memset(text, 'x', TEXT_PIECES_MOST);
	/* Before, between and behind the characters. */
	buf_init(&separator, 10);
	assert_int_equal(text_split(text, TEXT_PIECES_MOST - 2, &separator,
	    &list), 0);
	assert_int_equal(value_count(&list), TEXT_PIECES_MOST);
	value_release(&list);
	assert_int_equal(text_split(text, TEXT_PIECES_MOST - 1, &separator,
	    &list), ERR_LIMIT);
	assert_int_equal(list.kind, VALUE_NONE);
	buf_fini(&separator);
	free(text);
}

/* Where iconv by itself reads other characters, or none. */
static void
charsets_are_those_of_the_standard(void **state)
{
	static const struct {
		const char *label, *bytes, *hex;
	} rows[] = {
		{"gbk", "gDE=", "e282ac31"},
		{"shift_jis", "gDE=", "c28031"},
		{"euc-jp", "ocGtoaHdsKE=", "efbd9ee291a0efbc8de4ba9c"},
		{"windows-1258", "QcyBQew=", "41cc80c28141cc81"},
		{"windows-1255", "ytSB", "d6bad7b0c281"},
		{"koi8-u", "rr4=", "d19ed08e"},
		{"macintosh", "xvA=", "e28886efa3bf"},
		{"x-mac-cyrillic", "/w==", "e282ac"},
		{"windows-1252", "gYDp", "c281e282acc3a9"},
	};
	struct evaluate_case row = {NULL, NULL};
	char answer[64], line[200];
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(rows); i++) {
		snprintf(answer, sizeof(answer), "{\"b\":\"%s\"}",
		    rows[i].bytes);
		snprintf(line, sizeof(line), "jsonpath \"$.b\" base64Decode "
		    "charsetDecode \"%s\" utf8Encode toHex == \"%s\"",
		    rows[i].label, rows[i].hex);
		row.line = line;
		evaluate_cases(answer, "", &row, 1);
	}
	row.line = "jsonpath \"$.b\" base64Decode charsetDecode "
	    "\"iso-8859-8\" == \"\"";
	row.finding = "Filter error: value can not be decoded with "
	    "<iso-8859-8> encoding";
	evaluate_cases("{\"b\":\"QaE=\"}", "", &row, 1);
}

/* It would be the end of the text to the readers of C. */
static void
what_follows_a_nul_is_not_lost(void **state)
{
	static const char answer[] = "{\"i\":\"5\\u0000x\",\"f\":\"1.5\\u0000\","
	    "\"d\":\"2024-01-01\\u0000x\"}";
	static const struct evaluate_case rows[] = {
		{"jsonpath \"$.i\" toInt == 5", "Filter error: invalid filter input: string <5\342\220\200x>"},
		{"jsonpath \"$.f\" toFloat == 1.5", "Filter error: invalid filter input: string <1.5\342\220\200>"},
		{"jsonpath \"$.d\" toDate \"%F\" isDate", "Filter error: value <2024-01-01\342\220\200x> could not be parsed with <%F> format"},
	};

	(void)state;
	evaluate_cases(answer, "", rows, NELEMS(rows));
}

/* No filter takes an absent value, whatever it does. */
static void
nothing_cannot_be_filtered(void **state)
{
	static const char *const filters[] = {"base64Decode", "base64Encode",
	    "base64UrlSafeDecode", "base64UrlSafeEncode",
	    "charsetDecode \"utf-8\"", "count", "dateFormat \"%Y\"",
	    "daysAfterNow", "daysBeforeNow", "first", "htmlEscape",
	    "htmlUnescape", "jsonpath \"$\"", "last", "location", "nth 0",
	    "regex \"a\"", "replaceRegex \"a\" \"b\"",
	    "replace \"a\" \"b\"", "split \"a\"", "toDate \"%Y\"",
	    "toFloat", "toHex", "toInt", "toString", "urlDecode",
	    "urlEncode", "urlQueryParam \"a\"", "utf8Decode", "utf8Encode",
	    "xpath \"a\""};
	struct evaluate_case row;
	char line[200];
	size_t i;

	(void)state;
	for (i = 0; i < NELEMS(filters); i++) {
		snprintf(line, sizeof(line), "jsonpath \"$.zz\" %s == 1",
		    filters[i]);
		row.line = line;
		row.finding =
		    "Filter error: missing value to apply filter";
		evaluate_cases(kinds, "", &row, 1);
	}
}

static void
days_are_counted_from_now(void **state)
{
	static const struct evaluate_case rows[] = {
		{"variable \"d\" toDate \"%F\" daysAfterNow == 10", NULL},
		{"variable \"d\" toDate \"%F\" daysBeforeNow == -10", NULL},
		{"variable \"e\" toDate \"%F\" daysAfterNow == -1", NULL},
		{"variable \"e\" toDate \"%F\" daysBeforeNow == 1", NULL},
	};

	(void)state; /* now is 2026-01-01T12:00:00Z */
	evaluate_cases("", "", rows, NELEMS(rows));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_give_what_hurl_gives),
		cmocka_unit_test(filters_take_only_their_kinds),
		cmocka_unit_test(
		    json_in_an_answer_is_bounded_as_the_answer_is),
		cmocka_unit_test(a_text_is_split_into_so_many_pieces_only),
		cmocka_unit_test(charsets_are_those_of_the_standard),
		cmocka_unit_test(what_follows_a_nul_is_not_lost),
		cmocka_unit_test(nothing_cannot_be_filtered),
		cmocka_unit_test(days_are_counted_from_now),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
