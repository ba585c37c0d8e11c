/* SPDX-License-Identifier: ISC */
/*
 * The words of the flow language, as rows: name in a file, and what follows
 * it. The parser matches them by their beginning and in this order; enums,
 * names and messages are made from the same rows.
 */
#ifndef CHECKS_FLOW_TABLES_H
#define CHECKS_FLOW_TABLES_H

#define FLOW_QUERY_TABLE(X)                                                  \
	X(STATUS, "status", NONE)                                            \
	X(VERSION, "version", NONE)                                          \
	X(URL, "url", NONE)                                                  \
	X(HEADER, "header", STRING)                                          \
	X(COOKIE, "cookie", COOKIE)                                          \
	X(BODY, "body", NONE)                                                \
	X(XPATH, "xpath", STRING)                                            \
	X(JSONPATH, "jsonpath", STRING)                                      \
	X(REGEX, "regex", REGEX)                                             \
	X(VARIABLE, "variable", STRING)                                      \
	X(DURATION, "duration", NONE)                                        \
	X(BYTES, "bytes", NONE)                                              \
	X(RAWBYTES, "rawbytes", NONE)                                        \
	X(SHA256, "sha256", NONE)                                            \
	X(MD5, "md5", NONE)                                                  \
	X(CERTIFICATE, "certificate", FIELD)                                 \
	X(IP, "ip", NONE)                                                    \
	X(REDIRECTS, "redirects", NONE)

#define FLOW_FILTER_TABLE(X)                                                 \
	X(BASE64_DECODE, "base64Decode", NONE)                               \
	X(BASE64_ENCODE, "base64Encode", NONE)                               \
	X(BASE64_URL_SAFE_DECODE, "base64UrlSafeDecode", NONE)               \
	X(BASE64_URL_SAFE_ENCODE, "base64UrlSafeEncode", NONE)               \
	X(CHARSET_DECODE, "charsetDecode", STRING)                           \
	X(COUNT, "count", NONE)                                              \
	X(DATE_FORMAT, "dateFormat", STRING)                                 \
	X(DAYS_AFTER_NOW, "daysAfterNow", NONE)                              \
	X(DAYS_BEFORE_NOW, "daysBeforeNow", NONE)                            \
	X(DECODE, "decode", STRING)                                          \
	X(FIRST, "first", NONE)                                              \
	X(FORMAT, "format", STRING)                                          \
	X(HTML_ESCAPE, "htmlEscape", NONE)                                   \
	X(HTML_UNESCAPE, "htmlUnescape", NONE)                               \
	X(JSONPATH, "jsonpath", STRING)                                      \
	X(LAST, "last", NONE)                                                \
	X(LOCATION, "location", NONE)                                        \
	X(NTH, "nth", INTEGER)                                               \
	X(REGEX, "regex", REGEX)                                             \
	X(REPLACE_REGEX, "replaceRegex", REGEX_STRING)                       \
	X(REPLACE, "replace", TWO_STRINGS)                                   \
	X(SPLIT, "split", STRING)                                            \
	X(TO_DATE, "toDate", STRING)                                         \
	X(TO_FLOAT, "toFloat", NONE)                                         \
	X(TO_HEX, "toHex", NONE)                                             \
	X(TO_INT, "toInt", NONE)                                             \
	X(TO_STRING, "toString", NONE)                                       \
	X(URL_DECODE, "urlDecode", NONE)                                     \
	X(URL_ENCODE, "urlEncode", NONE)                                     \
	X(URL_QUERY_PARAM, "urlQueryParam", STRING)                          \
	X(UTF8_DECODE, "utf8Decode", NONE)                                   \
	X(UTF8_ENCODE, "utf8Encode", NONE)                                   \
	X(XPATH, "xpath", STRING)

#define FLOW_PREDICATE_TABLE(X)                                              \
	X(EQUAL, "==", VALUE)                                                \
	X(NOT_EQUAL, "!=", VALUE)                                            \
	X(GREATER_OR_EQUAL, ">=", ORDERED)                                   \
	X(GREATER, ">", ORDERED)                                             \
	X(LESS_OR_EQUAL, "<=", ORDERED)                                      \
	X(LESS, "<", ORDERED)                                                \
	X(STARTS_WITH, "startsWith", PREFIX)                                 \
	X(ENDS_WITH, "endsWith", PREFIX)                                     \
	X(CONTAINS, "contains", VALUE)                                       \
	X(INCLUDES, "includes", VALUE)                                       \
	X(MATCHES, "matches", REGEX)                                         \
	X(EXISTS, "exists", NONE)                                            \
	X(IS_EMPTY, "isEmpty", NONE)                                         \
	X(IS_BOOLEAN, "isBoolean", NONE)                                     \
	X(IS_INTEGER, "isInteger", NONE)                                     \
	X(IS_FLOAT, "isFloat", NONE)                                         \
	X(IS_NUMBER, "isNumber", NONE)                                       \
	X(IS_STRING, "isString", NONE)                                       \
	X(IS_COLLECTION, "isCollection", NONE)                               \
	X(IS_DATE, "isDate", NONE)                                           \
	X(IS_ISO_DATE, "isIsoDate", NONE)                                    \
	X(IS_IPV4, "isIpv4", NONE)                                           \
	X(IS_IPV6, "isIpv6", NONE)                                           \
	X(IS_UUID, "isUuid", NONE)                                           \
	X(IS_LIST, "isList", NONE)                                           \
	X(IS_OBJECT, "isObject", NONE)

/* [Options]: name, kind of value. */
#define FLOW_OPTION_TABLE(X)                                                 \
	X(ALWAYS, "always", LITERAL)                                         \
	X(AWS_SIGV4, "aws-sigv4", STRING)                                    \
	X(CACERT, "cacert", FILENAME)                                        \
	X(CERT, "cert", FILENAME_PASSWORD)                                   \
	X(COMPRESSED, "compressed", BOOL)                                    \
	X(CONNECT_TIMEOUT, "connect-timeout", DURATION)                      \
	X(CONNECT_TO, "connect-to", STRING)                                  \
	X(DELAY, "delay", DURATION)                                          \
	X(DIGEST, "digest", BOOL)                                            \
	X(HEADER, "header", STRING)                                          \
	X(HTTP10, "http1.0", BOOL)                                           \
	X(HTTP11, "http1.1", BOOL)                                           \
	X(HTTP2, "http2", BOOL)                                              \
	X(HTTP3, "http3", BOOL)                                              \
	X(IDEMPOTENT, "idempotent", BOOL)                                    \
	X(INSECURE, "insecure", BOOL)                                        \
	X(IPV4, "ipv4", BOOL)                                                \
	X(IPV6, "ipv6", BOOL)                                                \
	X(KEY, "key", FILENAME)                                              \
	X(LIMIT_RATE, "limit-rate", NATURAL)                                 \
	X(LOCATION, "location", BOOL)                                        \
	X(LOCATION_TRUSTED, "location-trusted", BOOL)                        \
	X(MAX_REDIRS, "max-redirs", COUNT)                                   \
	X(MAX_TIME, "max-time", DURATION)                                    \
	X(NEGOTIATE, "negotiate", BOOL)                                      \
	X(NETRC, "netrc", BOOL)                                              \
	X(NETRC_FILE, "netrc-file", STRING)                                  \
	X(NETRC_OPTIONAL, "netrc-optional", BOOL)                            \
	X(NTLM, "ntlm", BOOL)                                                \
	X(OUTPUT, "output", FILENAME)                                        \
	X(PATH_AS_IS, "path-as-is", BOOL)                                    \
	X(PINNEDPUBKEY, "pinnedpubkey", STRING)                              \
	X(PROXY, "proxy", STRING)                                            \
	X(REPEAT, "repeat", COUNT)                                           \
	X(RESOLVE, "resolve", STRING)                                        \
	X(RETRY, "retry", COUNT)                                             \
	X(RETRY_INTERVAL, "retry-interval", DURATION)                        \
	X(SKIP, "skip", BOOL)                                                \
	X(UNIX_SOCKET, "unix-socket", STRING)                                \
	X(USER, "user", STRING)                                              \
	X(VARIABLE, "variable", VARIABLE)                                    \
	X(VERBOSE, "verbose", BOOL)                                          \
	X(VERBOSITY, "verbosity", VERBOSITY)                                 \
	X(VERY_VERBOSE, "very-verbose", BOOL)

#endif
