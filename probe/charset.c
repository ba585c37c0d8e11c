/* SPDX-License-Identifier: ISC */
/*
 * The label table, and conversion. Where the tables of iconv are not those of
 * the WHATWG Encoding Standard, the standard's are used: it maps the C1 holes
 * of the Windows code pages to themselves, and composes no characters.
 */
#include "probe/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/must.h"
#include "base/utf8.h"

struct charset {
	const char *name;   /* of the standard */
	const char *iconv;  /* of the C library; NULL: UTF-8 */
	bool has_c1;        /* undefined 0x80..0x9f stand for themselves */
	const char *labels; /* in lower case, between blanks */
};

/* Those in which the meaning of a byte depends on others. */
static const struct many {
	const char *name;
	uint16_t alone; /* what 0x80 is by itself; 0: a mistake */
} many_bytes[] = {
	{"GBK", 0x20ac}, {"gb18030", 0x20ac}, {"Big5", 0}, {"EUC-JP", 0},
	{"ISO-2022-JP", 0}, {"Shift_JIS", 0x80}, {"EUC-KR", 0},
	{"UTF-16BE", 0}, {"UTF-16LE", 0},
};

/* In the others, bytes that are another character to iconv. */
static const struct {
	const char *name;
	unsigned char byte;
	uint16_t c;
} corrections[] = {
	{"KOI8-U", 0xae, 0x45e}, {"KOI8-U", 0xbe, 0x40e},
	{"macintosh", 0xc6, 0x2206}, {"macintosh", 0xf0, 0xf8ff},
	{"windows-1255", 0xca, 0x5ba}, {"x-mac-cyrillic", 0xff, 0x20ac},
};

static const struct charset charsets[] = {
	{"UTF-8", NULL, false,
	    " unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 "
	    "x-unicode20utf8 "},
	{"windows-1252", "CP1252", true,
	    " ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 "
	    "iso-ir-100 iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 "
	    "latin1 us-ascii windows-1252 x-cp1252 "},
	{"IBM866", "IBM866", false, " 866 cp866 csibm866 ibm866 "},
	{"ISO-8859-2", "ISO-8859-2", false,
	    " csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 "
	    "iso_8859-2:1987 l2 latin2 "},
	{"ISO-8859-3", "ISO-8859-3", false,
	    " csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 "
	    "iso_8859-3:1988 l3 latin3 "},
	{"ISO-8859-4", "ISO-8859-4", false,
	    " csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 "
	    "iso_8859-4:1988 l4 latin4 "},
	{"ISO-8859-5", "ISO-8859-5", false,
	    " csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 "
	    "iso88595 iso_8859-5 iso_8859-5:1988 "},
	{"ISO-8859-6", "ISO-8859-6", false,
	    " arabic asmo-708 csiso88596e csiso88596i csisolatinarabic "
	    "ecma-114 iso-8859-6 iso-8859-6-e iso-8859-6-i iso-ir-127 "
	    "iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987 "},
	{"ISO-8859-7", "ISO-8859-7", false,
	    " csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 "
	    "iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 "
	    "sun_eu_greek "},
	{"ISO-8859-8", "ISO-8859-8", false,
	    " csiso88598e csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e "
	    "iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 "
	    "visual "},
	{"ISO-8859-8-I", "ISO-8859-8", false,
	    " csiso88598i iso-8859-8-i logical "},
	{"ISO-8859-10", "ISO-8859-10", false,
	    " csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 "
	    "latin6 "},
	{"ISO-8859-13", "ISO-8859-13", false,
	    " iso-8859-13 iso8859-13 iso885913 "},
	{"ISO-8859-14", "ISO-8859-14", false,
	    " iso-8859-14 iso8859-14 iso885914 "},
	{"ISO-8859-15", "ISO-8859-15", false,
	    " csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 "},
	{"ISO-8859-16", "ISO-8859-16", false, " iso-8859-16 "},
	{"KOI8-R", "KOI8-R", false, " cskoi8r koi koi8 koi8-r koi8_r "},
	{"KOI8-U", "KOI8-U", false, " koi8-ru koi8-u "},
	{"macintosh", "MACINTOSH", false,
	    " csmacintosh mac macintosh x-mac-roman "},
	{"windows-874", "CP874", true,
	    " dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874 "},
	{"windows-1250", "CP1250", true, " cp1250 windows-1250 x-cp1250 "},
	{"windows-1251", "CP1251", true, " cp1251 windows-1251 x-cp1251 "},
	{"windows-1253", "CP1253", true, " cp1253 windows-1253 x-cp1253 "},
	{"windows-1254", "CP1254", true,
	    " cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 "
	    "iso_8859-9 iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254 "},
	{"windows-1255", "CP1255", true, " cp1255 windows-1255 x-cp1255 "},
	{"windows-1256", "CP1256", true, " cp1256 windows-1256 x-cp1256 "},
	{"windows-1257", "CP1257", true, " cp1257 windows-1257 x-cp1257 "},
	{"windows-1258", "CP1258", true, " cp1258 windows-1258 x-cp1258 "},
	{"x-mac-cyrillic", "MAC-UK", false,
	    " x-mac-cyrillic x-mac-ukrainian "},
	{"GBK", "GB18030", false,
	    " chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk "
	    "iso-ir-58 x-gbk "},
	{"gb18030", "GB18030", false, " gb18030 "},
	{"Big5", "BIG5-HKSCS", false,
	    " big5 big5-hkscs cn-big5 csbig5 x-x-big5 "},
	{"EUC-JP", "EUC-JP-MS", false,
	    " cseucpkdfmtjapanese euc-jp x-euc-jp "},
	{"ISO-2022-JP", "ISO-2022-JP", false, " csiso2022jp iso-2022-jp "},
	{"Shift_JIS", "CP932", false,
	    " csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j "
	    "x-sjis "},
	{"EUC-KR", "CP949", false,
	    " cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 "
	    "ks_c_5601-1989 ksc5601 ksc_5601 windows-949 "},
	{"UTF-16BE", "UTF-16BE", false, " unicodefffe utf-16be "},
	{"UTF-16LE", "UTF-16LE", false,
	    " csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 "
	    "utf-16le "},
};

#define LABEL_MOST_BYTES 32

const struct charset *
charset_find(const char *label, size_t len)
{
	char word[LABEL_MOST_BYTES + 3];
	size_t i;

	while (len > 0 && strchr(" \t\n\f\r", label[0]) != NULL)
		label++, len--;
	while (len > 0 && strchr(" \t\n\f\r", label[len - 1]) != NULL)
		len--;
	if (len == 5 && strncasecmp(label, "utf-8", 5) == 0)
		return (&charsets[0]); /* as most are */
	if (len == 0 || len > LABEL_MOST_BYTES || memchr(label, ' ', len) ||
	    memchr(label, '\0', len))
		return (NULL);
	word[0] = ' ';
	memcpy(word + 1, label, len);
	word[len + 1] = ' ';
	word[len + 2] = '\0';
	for (i = 0; i < NELEMS(charsets); i++)
		if (strcasestr(charsets[i].labels, word) != NULL)
			return (&charsets[i]);
	return (NULL);
}

const char *
charset_name(const struct charset *charset)
{
	return (charset->name);
}

static int
append_char(struct buf *out, uint32_t c)
{
	char text[4];

	return (buf_append(out, text, utf8_encode(c, text)));
}

/* A byte, with what it means. */
struct meaning {
	char text[4];
	size_t len; /* 0: nothing, it is a mistake */
};

static void
set_meaning(struct meaning *m, const struct charset *charset, iconv_t cd,
    unsigned char byte)
{
	char in = (char)byte, *from = &in, *to = m->text;
	size_t left = 1, room = sizeof(m->text), i;

	m->len = 0;
	iconv(cd, NULL, NULL, NULL, NULL);
	if (iconv(cd, &from, &left, &to, &room) != (size_t)-1 &&
	    iconv(cd, NULL, NULL, &to, &room) != (size_t)-1)
		m->len = sizeof(m->text) - room;
	else if (charset->has_c1 && (byte & 0xe0) == 0x80)
		m->len = utf8_encode(byte, m->text);
	for (i = 0; i < NELEMS(corrections); i++)
		if (corrections[i].byte == byte &&
		    strcmp(corrections[i].name, charset->name) == 0)
			m->len = utf8_encode(corrections[i].c, m->text);
}

/* Byte by byte, as no byte means anything to another. */
static int
convert_bytes(const struct charset *charset, iconv_t cd,
    const unsigned char *in, size_t left, struct buf *out)
{
	struct meaning meanings[256];
	char step[8192];
	size_t i, n = 0;
	int err;

	for (i = 0; i < NELEMS(meanings); i++)
		set_meaning(&meanings[i], charset, cd, (unsigned char)i);
	for (i = 0; i < left; i++) {
		const struct meaning *m = &meanings[in[i]];

		if (m->len == 0)
			return (ERR_CORRUPT);
		memcpy(step + n, m->text, sizeof(m->text));
		n += m->len;
		if (n + sizeof(m->text) <= sizeof(step) && i + 1 < left)
			continue;
		if ((err = buf_append(out, step, n)) != 0)
			return (err);
		n = 0;
	}
	return (0);
}

static int
convert_many(const struct many *many, iconv_t cd, char *in, size_t left,
    struct buf *out)
{
	char step[8192], *p;
	size_t room, rc;
	int err, why;

	while (left > 0) {
		p = step;
		room = sizeof(step);
		rc = iconv(cd, &in, &left, &p, &room);
		why = errno;
		if ((err = buf_append(out, step, sizeof(step) - room)) != 0)
			return (err);
		if (rc != (size_t)-1 || why == E2BIG)
			continue;
		if (why != EILSEQ || many->alone == 0 ||
		    (unsigned char)*in != 0x80)
			return (ERR_CORRUPT);
		if ((err = append_char(out, many->alone)) != 0)
			return (err);
		in++;
		left--;
	}
	p = step;
	room = sizeof(step);
	iconv(cd, NULL, NULL, &p, &room); /* what it still holds back */
	return (buf_append(out, step, sizeof(step) - room));
}

int
charset_decode(const struct charset *charset, const char *data, size_t len,
    struct buf *out)
{
	iconv_t cd;
	size_t i = 0;
	int err;

	if (charset->iconv == NULL) {
		if (utf8_check(data, len) != len)
			return (ERR_CORRUPT);
		return (buf_append(out, data, len));
	}
	cd = iconv_open("UTF-8", charset->iconv);
	if (cd == (iconv_t)-1)
		return (ERR_UNSUPPORTED);
	while (i < NELEMS(many_bytes) &&
	    strcmp(many_bytes[i].name, charset->name) != 0)
		i++;
	if (i < NELEMS(many_bytes))
		err = convert_many(&many_bytes[i], cd,
		    (char *)(uintptr_t)data, len, out);
	else
		err = convert_bytes(charset, cd, (const unsigned char *)data,
		    len, out);
	iconv_close(cd);
	return (err);
}
