# SPDX-License-Identifier: ISC
"""The cases of options.py: a command line each, and the flows that it names.

%HOST%, %OTHER%, %SECURE% are URLs of servers (see server.py), %HOST.PORT%
their ports, %CLOSED.PORT% one where nobody is, %SOCKET% a Unix socket, %FILES%
the files of the corpus, %DIR% the folder in which the case runs.
"""

OK = "GET %HOST%/text\nHTTP 200\n"
JSON = "GET %HOST%/json\nHTTP 200\n"
BAD = "GET %HOST%/text\nHTTP 201\n"
ASSERT = ('GET %HOST%/json\nHTTP 200\n[Asserts]\njsonpath "$.count" == 4\n'
          'jsonpath "$.name" == "x"\n')
WRONG = "GET %HOST%/text\nHTTP abc\n"
GONE = "GET http://127.0.0.1:%CLOSED.PORT%/\nHTTP 200\n"
SECURE = "GET %SECURE%/text\nHTTP 200\n"
MOVED = "GET %HOST%/redirect/2\nHTTP *\n"
AWAY = "GET %HOST%/to?url=%OTHER%/echo\nHTTP *\n"
CAPTURE = ('POST %HOST%/echo\nX-A: b\n{"a": "{{v}}"}\nHTTP 200\n[Captures]\n'
           'm: jsonpath "$.method"\nsize: bytes count\n[Asserts]\n'
           'variable "m" == "POST"\n')
FORMS = ("POST %HOST%/echo?q=1%20x&r\n[BasicAuth]\nbob: wordpass\n[Cookies]\n"
         "mine: 1\n[Form]\na: b c\nHTTP 200\nPOST %HOST%/echo\n[Multipart]\n"
         "a: b\nHTTP 200\nPUT %HOST%/echo\nUser-Agent: me\n`it's`\nHTTP 200\n")
COOKIES = "GET %HOST%/set\nHTTP 200\nGET %HOST%/echo\nHTTP 200\n"
THREE = "".join(f"GET %HOST%/echo/{i}\nHTTP 200\n" for i in (1, 2, 3))
FAILING = ("GET %HOST%/echo/1\nHTTP 500\nGET %HOST%/echo/{{nowhere}}\n"
           "HTTP 200\nGET %HOST%/echo/3\nHTTP 200\n[Captures]\n"
           'x: jsonpath "$.none"\nGET %HOST%/echo/4\nHTTP 200\n')
RETRY = "GET %HOST%/counter/a/3\nHTTP 200\n"
NETRC = "machine 127.0.0.1 login bob password secret\n"
LOGIN = "GET %HOST%/login\nHTTP 200\n"
PINNED = "sha256//g1RX17UkvOdHsiHd286phiJGLMwU9HtSYgQ/O7QOrHM="
JAR = ("# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tgiven\tv\n"
       "#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t0\thidden\th\n"
       "elsewhere.example\tFALSE\t/\tFALSE\t0\tother\to\n")
V = "GET %HOST%/echo\n[Query]\nv: {{v}}\nHTTP 200\n"
TYPED = ('GET %HOST%/text\nHTTP 200\n[Asserts]\nvariable "i" isInteger\n'
         'variable "f" isFloat\nvariable "b" == true\nvariable "n" == null\n'
         'variable "s" == "7"\nvariable "t" == "a b"\nvariable "e" isEmpty\n')
LAST = "GET %HOST%/echo/1\nHTTP 200\nGET %HOST%/text\nHTTP 200\n"


class Case:
    """apart: the facts that differ on purpose, each with its reason."""

    def __init__(self, name, argv, files=None, env=None, stdin=None,
                 apart=None, least_s=0):
        self.name, self.argv, self.env = name, argv, env or {}
        self.files = {"f.hurl": files} if isinstance(files, str) else \
            dict(files if files is not None else {"f.hurl": OK})
        self.stdin, self.apart, self.least_s = stdin, apart or {}, least_s
        flows = [w for w in argv.split() if w.endswith(".hurl")]
        at_once = self.shows("--test", "HURL_TEST", "--parallel", "--jobs")
        self.is_ordered = len(flows) < 2 or not at_once
        self.is_shown = "verbos" in str(self.files) or self.shows(
            "-v", "--verbose", "--very-verbose", "--verbosity", "-vk",
            "HURL_VERBOSE", "HURL_VERY_VERBOSE", "HURL_VERBOSITY")

    def shows(self, *names):
        """Whether one of these is among its options and variables."""
        return any(name in self.argv.replace("=", " ").split() or
                   name in self.env for name in names)


EARLY = "every flow is parsed before anything is sent"
DASH = "- is the standard input, and may stand beside files"
MASKS = "secrets are masked wherever they are shown"
PASSWORD = "the password behind the colon is no part of the file's name"
ASKED = "what is asked for is written"

CASES = [
    # What is run, and the exit code.
    Case("one", "f.hurl"),
    Case("last-answer", "f.hurl", LAST),
    Case("several-answers", "a.hurl b.hurl", {"a.hurl": OK, "b.hurl": JSON}),
    Case("several-one-fails", "a.hurl b.hurl c.hurl",
         {"a.hurl": OK, "b.hurl": BAD, "c.hurl": OK}),
    Case("assert", "f.hurl", ASSERT),
    Case("nobody-there", "f.hurl", GONE),
    Case("wrong-flow", "f.hurl", WRONG),
    Case("wrong-flow-second", "a.hurl f.hurl",
         {"a.hurl": OK, "f.hurl": WRONG},
         apart=dict.fromkeys(("answer", "requests"), EARLY)),
    Case("runtime-then-assert", "a.hurl b.hurl", {"a.hurl": GONE,
                                                  "b.hurl": BAD}),
    Case("assert-then-runtime", "a.hurl b.hurl", {"a.hurl": BAD,
                                                  "b.hurl": GONE}),
    Case("no-such-file", "none.hurl"),
    Case("no-such-file-second", "f.hurl none.hurl"),
    Case("no-such-option", "--nosuch f.hurl"),
    Case("option-without-argument", "f.hurl --retry"),
    Case("flag-with-argument", "--test=1 f.hurl"),
    Case("number-wanted", "--retry x f.hurl"),
    Case("empty-flow", "f.hurl", ""),
    Case("stdin", "-", {}, stdin=OK, apart=dict.fromkeys(
        ("answer", "exit", "requests"), DASH)),
    Case("stdin-and-file", "f.hurl -", JSON, stdin=OK, apart=dict.fromkeys(
        ("answer", "exit", "requests"), DASH)),
    Case("stdin-unnamed", "", {}, stdin=OK),
    Case("stdin-test", "--test -", {}, stdin=OK, apart=dict.fromkeys(
        ("exit", "requests", "test"), DASH)),
    Case("stdin-json", "--json -", {}, stdin=OK, apart=dict.fromkeys(
        ("documents", "exit", "requests"), DASH)),
    Case("stdin-wrong", "-", {}, stdin=WRONG, apart=dict.fromkeys(
        ("exit", "failed"), DASH)),
    Case("folder", "--test d", {"d/a.hurl": OK, "d/e/b.hurl": OK,
                                "d/c.txt": "no"}),
    Case("folder-and-file", "--test d f.hurl", {"d/a.hurl": OK,
                                                "f.hurl": OK}),
    Case("no-extension", "flow", {"flow": OK}),
    Case("twice", "f.hurl f.hurl"),
    Case("end-of-options", "-- f.hurl"),
    Case("options-behind", "f.hurl -L", MOVED),
    Case("letters-together", "-Lk f.hurl", MOVED),
    Case("letter-glued", "-m10 -HX-A:b f.hurl"),
    Case("letter-equals", "-m=10 -H=X-A:b f.hurl"),
    Case("long-equals", "--max-time=10 --header=X-A:b f.hurl"),
    Case("glob", "--test --glob *.hurl", {"a.hurl": OK, "b.hurl": OK,
                                          "c.txt": OK}),
    Case("glob-equals", "--test --glob=d/*.hurl", {"d/a.hurl": OK,
                                                   "b.hurl": OK}),
    Case("glob-folders", "--glob d/**/*.hurl", {
        "d/a.hurl": OK, "d/e/b.hurl": OK, "d/e/f/c.hurl": JSON}),
    Case("glob-several", "--glob d/*.hurl --glob ?.hurl g.hurl", {
        "d/a.hurl": OK, "b.hurl": OK, "g.hurl": JSON}),
    Case("glob-class", "--test --glob [!a-b].hurl", {
        "a.hurl": OK, "b.hurl": OK, "c.hurl": OK}),
    Case("glob-nothing", "--glob *.none f.hurl"),
    Case("glob-wrong", "--glob d/**.hurl f.hurl"),
    Case("from-entry", "--from-entry 2 f.hurl", THREE),
    Case("to-entry", "--to-entry 2 f.hurl", THREE),
    Case("from-to-entry", "--from-entry 2 --to-entry 2 f.hurl", THREE),
    Case("from-entry-behind", "--from-entry 4 f.hurl", THREE),
    Case("from-entry-zero", "--from-entry 0 f.hurl", THREE),
    Case("from-entry-capture", "--from-entry 2 --variable v=1 f.hurl",
         CAPTURE + V),
    Case("repeat", "--repeat 3 f.hurl"),
    Case("repeat-two", "--repeat 2 a.hurl b.hurl",
         {"a.hurl": OK, "b.hurl": JSON}),
    Case("repeat-test", "--test --repeat 3 --jobs 1 f.hurl"),
    Case("repeat-zero", "--repeat 0 f.hurl", apart={
        k: "a run of nothing is refused" for k in
        ("exit", "answer", "requests")}),
    Case("continue-on-error", "--continue-on-error f.hurl", FAILING),
    Case("continue-json", "--continue-on-error --json f.hurl", FAILING),
    Case("continue-retry", "--continue-on-error --retry 1 --retry-interval 1 "
         "f.hurl", FAILING),
    Case("no-assert", "--no-assert f.hurl", ASSERT),
    Case("no-assert-status", "--no-assert f.hurl", BAD),
    Case("no-assert-capture", "--no-assert --continue-on-error f.hurl",
         FAILING),

    # Variables.
    Case("variable", "--variable v=1 f.hurl", V),
    Case("variable-last", "--variable v=1 --variable v=2 f.hurl", V),
    Case("variable-equals", "--variable v=a=b f.hurl", V),
    Case("variable-types", "--variable i=7 --variable f=1.5 --variable b=true "
         "--variable n=null --variable 's=\"7\"' --variable 't=a b' "
         "--variable 'e=\"\"' f.hurl", TYPED),
    Case("variable-no-value", "--variable v f.hurl", V),
    Case("variable-unclosed", "--variable 'v=\"abc' f.hurl", V),
    Case("variable-one-quote", "--variable 'v=\"' f.hurl", V),
    Case("variable-quote-behind", "--variable 'v=abc\"' f.hurl", V),
    Case("variable-function", "--variable newDate=1 f.hurl", V),
    Case("variable-undefined", "f.hurl", V),
    Case("variables-file", "--variables-file v f.hurl", {
        "f.hurl": V, "v": "# comment\n\nv=from file\nw=2\n"}),
    Case("variables-files", "--variables-file v --variables-file w f.hurl", {
        "f.hurl": V, "v": "v=1\n", "w": "v=2\n"}),
    Case("variables-file-and-option", "--variable v=1 --variables-file v "
         "f.hurl", {"f.hurl": V, "v": "v=2\n"}),
    Case("variables-file-crlf", "--variables-file v f.hurl", {
        "f.hurl": V, "v": "v=1\r\n"}),
    Case("variables-file-gone", "--variables-file none f.hurl", V),
    Case("variables-file-wrong", "--variables-file v f.hurl", {
        "f.hurl": V, "v": "v\n"}),
    Case("variables-file-unclosed", "--variables-file v f.hurl", {
        "f.hurl": V, "v": 'v="abc\n'}),
    Case("variable-environment", "f.hurl", V, {"HURL_VARIABLE_v": "env"}),
    Case("variable-environment-typed", "f.hurl", TYPED, {
        "HURL_VARIABLE_i": "7", "HURL_VARIABLE_f": "1.5",
        "HURL_VARIABLE_b": "true", "HURL_VARIABLE_n": "null",
        "HURL_VARIABLE_s": '"7"', "HURL_VARIABLE_t": "a b",
        "HURL_VARIABLE_e": '""'}),
    Case("variable-environment-unclosed", "f.hurl", V,
         {"HURL_VARIABLE_v": '"abc'}),
    Case("variable-over-environment", "--variable v=cli f.hurl", V,
         {"HURL_VARIABLE_v": "env"}),
    Case("variables-file-over-environment", "--variables-file v f.hurl",
         {"f.hurl": V, "v": "v=file\n"}, {"HURL_VARIABLE_v": "env"}),
    Case("variable-option-of-entry", "--variable v=1 f.hurl",
         V.replace("[Query]", "[Options]\nvariable: v=2\n[Query]") + V),
    Case("secret", "--secret v=hidden -v f.hurl", V, apart={
        "answer": MASKS}),
    Case("secret-json", "--secret v=hidden --report-json r f.hurl", V,
         apart={"files": MASKS, "answer": MASKS}),
    Case("secret-quote", "--secret 'v=\"a' f.hurl", V, apart={
        "answer": MASKS}),
    Case("secret-no-value", "--secret v f.hurl", V),
    Case("secret-twice", "--secret v=1 --secret v=2 f.hurl", V, apart={
        k: "the later wins, as with variables" for k in
        ("exit", "answer", "requests")}),
    Case("secrets-file", "--secrets-file s f.hurl", {
        "f.hurl": V, "s": "# comment\nv=hidden\n"}, apart={
        "answer": MASKS}),
    Case("secrets-file-gone", "--secrets-file none f.hurl", V),
    Case("secret-environment", "f.hurl", V, {"HURL_SECRET_v": "env"}, apart={
        "answer": MASKS}),
    Case("file-root", "--file-root d f.hurl", {
        "f.hurl": "POST %HOST%/echo\nfile,a.txt;\nHTTP 200\n",
        "d/a.txt": "below d"}),
    Case("file-root-not", "f.hurl", {
        "f.hurl": "POST %HOST%/echo\nfile,d/../../a.txt;\nHTTP 200\n"}),
    Case("file-beside-flow", "d/f.hurl", {
        "d/f.hurl": "POST %HOST%/echo\nfile,a.txt;\nHTTP 200\n",
        "d/a.txt": "beside"}),

    # Requests.
    Case("header", "-H X-A:b -H 'X-B: c d' --header X-C: f.hurl"),
    Case("header-and-own", "-H X-A:cli f.hurl",
         "GET %HOST%/text\nX-A: own\nHTTP 200\n"),
    Case("header-of-entry", "-H X-A:cli f.hurl",
         "GET %HOST%/text\n[Options]\nheader: X-A: entry\nHTTP 200\n"),
    Case("header-without-colon", "-H X-A f.hurl"),
    Case("user", "-u bob:secret f.hurl", LOGIN),
    Case("user-long", "--user bob:secret f.hurl", LOGIN),
    Case("user-of-entry", "-u a:b f.hurl",
         LOGIN.replace("HTTP", "[Options]\nuser: bob:secret\nHTTP")),
    Case("user-and-basic", "-u a:b f.hurl",
         LOGIN.replace("HTTP", "[BasicAuth]\nbob: secret\nHTTP")),
    Case("user-agent", "-A tester/1 f.hurl"),
    Case("user-agent-and-own", "--user-agent tester/1 f.hurl",
         "GET %HOST%/text\nUser-Agent: own\nHTTP 200\n"),
    Case("user-agent-and-header", "-A tester/1 -H 'User-Agent: two' f.hurl"),
    Case("digest", "--digest -u bob:secret f.hurl",
         "GET %HOST%/challenge/digest\nHTTP 200\n"),
    Case("digest-not-asked", "--digest -u bob:secret f.hurl", LOGIN),
    Case("ntlm", "--ntlm -u bob:secret f.hurl"),
    Case("ntlm-refused", "--ntlm -u bob:secret f.hurl",
         "GET %HOST%/login\nHTTP 401\n"),
    Case("negotiate", "--negotiate -u : f.hurl"),
    Case("negotiate-refused", "--negotiate -u : f.hurl",
         "GET %HOST%/challenge/negotiate\nHTTP 401\n"),
    Case("compressed", "--compressed f.hurl",
         "GET %HOST%/gzip\nHTTP 200\n"),
    Case("gzip-not-asked-for", "f.hurl", "GET %HOST%/empty\nHTTP 204\n"),
    Case("path-as-is", "--path-as-is f.hurl",
         "GET %HOST%/a/../text\nHTTP 404\n"),
    Case("path-is-not", "f.hurl", "GET %HOST%/a/../text\nHTTP 200\n"),
    Case("http1.0", "--http1.0 f.hurl"), Case("http1.0-letter", "-0 f.hurl"),
    Case("http1.1", "--http1.1 f.hurl"),
    Case("http2", "--http2 f.hurl", apart={
        "requests": "no upgrade is asked for on a plain connection"}),
    Case("http2-secure", "--http2 -k f.hurl", SECURE),
    Case("http3", "--http3 f.hurl", apart={
        k: "refused before anything is run: 1" for k in ("exit", "failed")}),
    Case("aws-sigv4", "--aws-sigv4 aws:amz:eu:s3 -u a:b f.hurl", apart={
        "requests": "no header that is not sent is signed; the body's hash "
        "is, as S3 wants it"}),
    Case("ipv4", "-4 f.hurl",
         "GET http://localhost:%HOST.PORT%/text\nHTTP 200\n"),
    Case("ipv6", "-6 f.hurl",
         "GET http://localhost:%HOST.PORT%/text\nHTTP 200\n"),
    Case("ipv4-long", "--ipv4 f.hurl",
         "GET http://localhost:%HOST.PORT%/text\nHTTP 200\n"),
    Case("ipv6-long", "--ipv6 f.hurl",
         "GET http://localhost:%HOST.PORT%/text\nHTTP 200\n"),

    # Where to.
    Case("location-not", "f.hurl", MOVED),
    Case("location", "-L f.hurl", MOVED),
    Case("location-long", "--location f.hurl", MOVED),
    Case("location-away", "-L -u bob:secret -H X-A:b f.hurl", AWAY),
    Case("location-trusted", "--location-trusted -u bob:secret -H X-A:b "
         "f.hurl", AWAY),
    Case("location-post", "-L f.hurl",
         "POST %HOST%/redirect/1/307\n`x`\nHTTP 200\n"),
    Case("max-redirs", "-L --max-redirs 1 f.hurl", MOVED),
    Case("max-redirs-enough", "-L --max-redirs 2 f.hurl", MOVED),
    Case("max-redirs-zero", "-L --max-redirs 0 f.hurl", MOVED),
    Case("max-redirs-none", "-L --max-redirs -1 f.hurl", MOVED),
    Case("max-redirs-default", "-L f.hurl",
         "GET %HOST%/redirect/50\nHTTP 200\n"),
    Case("max-redirs-over", "-L f.hurl",
         "GET %HOST%/redirect/51\nHTTP 200\n"),
    Case("resolve", "--resolve example.test:%HOST.PORT%:127.0.0.1 f.hurl",
         "GET http://example.test:%HOST.PORT%/text\nHTTP 200\n"),
    Case("resolve-two", "--resolve a.test:%HOST.PORT%:127.0.0.1 --resolve "
         "b.test:%OTHER.PORT%:127.0.0.1 f.hurl",
         "GET http://a.test:%HOST.PORT%/text\nHTTP 200\n"
         "GET http://b.test:%OTHER.PORT%/text\nHTTP 200\n"),
    Case("connect-to", "--connect-to a.test:80:127.0.0.1:%OTHER.PORT% f.hurl",
         "GET http://a.test/text\nHTTP 200\n"),
    Case("connect-to-any", "--connect-to ::127.0.0.1:%OTHER.PORT% f.hurl"),
    Case("proxy", "-x 127.0.0.1:%OTHER.PORT% f.hurl"),
    Case("proxy-long", "--proxy http://127.0.0.1:%OTHER.PORT% f.hurl"),
    Case("proxy-user", "-x http://a:b@127.0.0.1:%OTHER.PORT% f.hurl"),
    Case("proxy-gone", "-x 127.0.0.1:%CLOSED.PORT% f.hurl"),
    Case("proxy-environment", "f.hurl", env={
        "http_proxy": "http://127.0.0.1:%OTHER.PORT%"}),
    Case("no-proxy", "-x 127.0.0.1:%OTHER.PORT% --no-proxy 127.0.0.1 f.hurl"),
    Case("no-proxy-other", "-x 127.0.0.1:%OTHER.PORT% --no-proxy a.test "
         "f.hurl"),
    Case("no-proxy-all", "-x 127.0.0.1:%OTHER.PORT% --no-proxy '*' f.hurl"),
    Case("no-proxy-environment", "f.hurl", env={
        "http_proxy": "http://127.0.0.1:%OTHER.PORT%",
        "no_proxy": "127.0.0.1"}),
    Case("noproxy", "-x 127.0.0.1:%OTHER.PORT% --noproxy 127.0.0.1 f.hurl"),
    Case("unix-socket", "--unix-socket %SOCKET% f.hurl"),
    Case("unix-socket-gone", "--unix-socket %DIR%/none f.hurl"),
    Case("netrc", "-n f.hurl", {"f.hurl": LOGIN, ".netrc": NETRC}),
    Case("netrc-long", "--netrc f.hurl", {"f.hurl": LOGIN, ".netrc": NETRC}),
    Case("netrc-gone", "-n f.hurl", LOGIN),
    Case("netrc-optional", "--netrc-optional f.hurl",
         {"f.hurl": LOGIN, ".netrc": NETRC}),
    Case("netrc-optional-gone", "--netrc-optional f.hurl", LOGIN),
    Case("netrc-file", "--netrc-file rc f.hurl", {"f.hurl": LOGIN,
                                                  "rc": NETRC}),
    Case("netrc-file-optional", "--netrc-optional --netrc-file rc f.hurl",
         {"f.hurl": LOGIN, "rc": NETRC}),
    Case("netrc-file-gone", "--netrc-file none f.hurl", LOGIN),

    # TLS.
    Case("untrusted", "f.hurl", SECURE),
    Case("insecure", "-k f.hurl", SECURE),
    Case("insecure-long", "--insecure f.hurl", SECURE),
    Case("cacert", "--cacert %FILES%/tls-cert.pem f.hurl", SECURE),
    Case("cacert-other", "--cacert %FILES%/tls-other.pem f.hurl", SECURE),
    Case("cacert-gone", "--cacert none.pem f.hurl", SECURE),
    Case("cert", "-k -E %FILES%/tls-cert.pem --key %FILES%/tls-key.pem "
         "f.hurl", SECURE),
    Case("cert-password", "-k --cert %FILES%/tls-cert.pem:letmein --key "
         "%FILES%/tls-locked-key.pem f.hurl", SECURE, apart=dict.fromkeys(
        ("answer", "exit", "requests"), PASSWORD)),
    Case("cert-wrong-password", "-k --cert %FILES%/tls-cert.pem:no --key "
         "%FILES%/tls-locked-key.pem f.hurl", SECURE, apart=dict.fromkeys(
        ("exit", "failed"), PASSWORD)),
    Case("cert-gone", "-k --cert none.pem f.hurl", SECURE),
    Case("pinnedpubkey", f"-k --pinnedpubkey {PINNED} f.hurl", SECURE),
    Case("pinnedpubkey-wrong", "-k --pinnedpubkey sha256//AAAA f.hurl",
         SECURE),
    Case("ssl-no-revoke", "--ssl-no-revoke f.hurl"),

    # Time and size.
    Case("max-time", "-m 2500ms f.hurl",
         "GET %HOST%/slow/20000\nHTTP 200\n"),
    Case("max-time-seconds", "--max-time 3 f.hurl",
         "GET %HOST%/slow/20000\nHTTP 200\n", least_s=3),
    Case("max-time-enough", "--max-time 100s f.hurl"),
    Case("max-time-unit", "--max-time 1w f.hurl"),
    Case("connect-timeout", "--connect-timeout 10 f.hurl"),
    Case("connect-timeout-unit", "--connect-timeout 2000ms f.hurl"),
    Case("delay", "--delay 300 f.hurl", LAST, least_s=0.6),
    Case("delay-unit", "--delay 1s f.hurl", least_s=1),
    Case("retry", "--retry 3 --retry-interval 1 f.hurl", RETRY),
    Case("retry-not-enough", "--retry 1 --retry-interval 1 f.hurl", RETRY),
    Case("retry-zero", "--retry 0 f.hurl", RETRY),
    Case("retry-endless", "--retry -1 --retry-interval 1ms f.hurl", RETRY),
    Case("retry-interval", "--retry 2 --retry-interval 400 f.hurl", RETRY,
         least_s=0.8),
    Case("retry-interval-unit", "--retry 2 --retry-interval 1s f.hurl",
         RETRY, least_s=2),
    Case("retry-of-entry", "--retry 1 --retry-interval 1 f.hurl",
         RETRY.replace("HTTP", "[Options]\nretry: 3\nHTTP")),
    Case("limit-rate", "--limit-rate 4000 f.hurl",
         "GET %HOST%/large/8000\nHTTP 200\n", least_s=0.9),
    Case("max-filesize", "--max-filesize 1000 f.hurl",
         "GET %HOST%/large/8000\nHTTP 200\n"),
    Case("max-filesize-enough", "--max-filesize 8000 f.hurl",
         "GET %HOST%/large/8000\nHTTP 200\n"),
    Case("max-filesize-unknown", "--max-filesize 5 f.hurl",
         "GET %HOST%/chunked\nHTTP 200\n"),

    # Cookies.
    Case("cookies-kept", "f.hurl", COOKIES),
    Case("no-cookie-store", "--no-cookie-store f.hurl", COOKIES),
    Case("cookie", "-b jar f.hurl", {"f.hurl": OK, "jar": JAR}),
    Case("cookie-two-flows", "--cookie jar a.hurl b.hurl", {
        "a.hurl": COOKIES, "b.hurl": COOKIES, "jar": JAR}),
    Case("cookie-gone", "-b none f.hurl", apart=dict.fromkeys(
        ("answer", "exit", "requests"), "a file that is not there is a "
        "mistake")),
    Case("cookie-headers", "-b jar f.hurl", {
        "f.hurl": OK, "jar": "Set-Cookie: a=b; Path=/; Domain=127.0.0.1\n"}),
    Case("cookie-jar", "-c out.jar f.hurl", COOKIES),
    Case("cookie-jar-long", "--cookie-jar out.jar f.hurl", COOKIES),
    Case("cookie-jar-failed", "-c out.jar f.hurl", COOKIES + BAD),
    Case("cookie-jar-both", "-b jar -c out.jar f.hurl", {
        "f.hurl": COOKIES, "jar": JAR}),
    Case("cookie-jar-two-flows", "-c out.jar a.hurl b.hurl", {
        "a.hurl": COOKIES, "b.hurl": "GET %HOST%/reply?h=Set-Cookie:z%3D1\n"
        "HTTP 200\n"}),
    Case("cookie-jar-replaced", "-c out.jar f.hurl", {
        "f.hurl": COOKIES, "out.jar": "old\n"}),

    # What is shown.
    Case("include", "-i f.hurl", JSON),
    Case("include-long", "--include f.hurl", LAST),
    Case("include-output", "-i -o out f.hurl"),
    Case("output", "-o out f.hurl", LAST),
    Case("output-long", "--output out f.hurl", JSON),
    Case("output-dash", "-o - f.hurl"),
    Case("output-failed", "-o out f.hurl", BAD),
    Case("output-two", "-o out a.hurl b.hurl", {"a.hurl": OK,
                                                "b.hurl": JSON}),
    Case("output-no-folder", "-o none/out f.hurl"),
    Case("output-binary", "-o out f.hurl", "GET %HOST%/reply?body=%01x\n"
         "HTTP 200\n"),
    Case("output-of-entry", "f.hurl", "GET %HOST%/text\n[Options]\noutput: o\n"
         "HTTP 200\nGET %HOST%/json\nHTTP 200\n"),
    Case("output-test", "--test -o out f.hurl", apart={
        "files": ASKED}),
    Case("no-output", "--no-output f.hurl"),
    Case("no-output-failed", "--no-output f.hurl", ASSERT),
    Case("no-output-and-output", "--no-output -o out f.hurl", apart={
        "files": ASKED}),
    Case("pretty", "--pretty f.hurl", JSON),
    Case("pretty-text", "--pretty f.hurl", OK),
    Case("pretty-include", "--pretty -i f.hurl", JSON),
    Case("no-pretty", "--no-pretty f.hurl", JSON),
    Case("json", "--json --variable v=1 f.hurl", CAPTURE),
    Case("json-forms", "--json f.hurl", FORMS),
    Case("json-redirects", "--json -L f.hurl", MOVED),
    Case("json-failed", "--json f.hurl", ASSERT),
    Case("json-status", "--json f.hurl", BAD),
    Case("json-gone", "--json f.hurl", GONE),
    Case("json-retry", "--json --retry 3 --retry-interval 1 f.hurl", RETRY),
    Case("json-cookies", "--json f.hurl", COOKIES),
    Case("json-two", "--json a.hurl b.hurl", {"a.hurl": OK, "b.hurl": BAD}),
    Case("json-secure", "--json -k f.hurl", SECURE),
    Case("json-no-output", "--json --no-output f.hurl", apart=dict.fromkeys(
        ("documents", "exit", "requests"), "both may be asked for")),
    Case("verbose", "-v f.hurl", FORMS),
    Case("verbose-long", "--verbose -L f.hurl", MOVED),
    Case("verbose-failed", "-v f.hurl", ASSERT),
    Case("verbose-test", "--test -v f.hurl"),
    Case("very-verbose", "--very-verbose f.hurl"),
    Case("verbosity", "--verbosity verbose f.hurl"),
    Case("verbosity-debug", "--verbosity debug f.hurl"),
    Case("verbosity-brief", "--verbosity brief f.hurl"),
    Case("verbosity-wrong", "--verbosity x f.hurl"),
    *(Case(f"verbose-of-entry-{i}", f"{cli} f.hurl", OK + OK.replace(
        "HTTP", f"[Options]\n{entry}\nHTTP"))
      for i, (cli, entry) in enumerate((
          ("", "verbose: true"), ("", "very-verbose: true"),
          ("", "verbosity: brief"), ("--verbosity brief", "verbose: true"),
          ("-v", "verbose: false"), ("--very-verbose", "verbose: true"),
          ("-v", "very-verbose: false"), ("--test", "verbosity: debug"),
          ("", "verbose: true\nvery-verbose: true"),
          ("", "very-verbose: true\nverbose: false"),
          ("", "verbosity: debug\nverbosity: brief"),
          ("--variable yes=true", "verbose: {{yes}}")))),
    Case("error-format", "--error-format long f.hurl", ASSERT),
    Case("error-format-short", "--error-format short f.hurl", ASSERT),
    Case("error-format-wrong", "--error-format x f.hurl", ASSERT),
    Case("color", "--color f.hurl"), Case("no-color", "--no-color f.hurl"),
    Case("progress-bar", "--progress-bar --test f.hurl"),

    Case("output-nothing-run", "-o out --from-entry 2 f.hurl"),
    Case("pretty-no-newline", "--pretty f.hurl",
         "GET %HOST%/echo\nHTTP 200\n"),
    Case("pretty-several", "--pretty a.hurl b.hurl", {
        "a.hurl": "GET %HOST%/echo\nHTTP 200\n", "b.hurl": JSON}),
    Case("json-undefined", "--json f.hurl", V),
    Case("json-undefined-second", "--json f.hurl", OK + V + OK),
    Case("json-undefined-last", "--continue-on-error --json f.hurl",
         FAILING + V),
    Case("json-repeat-fails", "--json --continue-on-error f.hurl",
         "GET %HOST%/counter/a/2\n[Options]\nrepeat: 2\nHTTP 200\n",
         apart=dict.fromkeys(("exit", "documents"), "a round that failed "
                             "fails the run, whatever came after it")),

    # Many.
    Case("test", "--test f.hurl"),
    Case("test-three", "--test a.hurl b.hurl c.hurl",
         {"a.hurl": OK, "b.hurl": ASSERT, "c.hurl": THREE}),
    Case("test-redirects", "--test -L f.hurl", MOVED),
    Case("test-retry", "--test --retry 3 --retry-interval 1 f.hurl", RETRY),
    Case("test-gone", "--test f.hurl", GONE, apart={
        "test": "a request without an answer counts, too"}),
    Case("test-wrong", "--test f.hurl", WRONG),
    Case("test-output", "--test --json f.hurl"),
    Case("jobs", "--test --jobs 2 a.hurl b.hurl c.hurl",
         {"a.hurl": OK, "b.hurl": OK, "c.hurl": OK}),
    Case("jobs-one", "--test --jobs 1 a.hurl b.hurl",
         {"a.hurl": OK, "b.hurl": JSON}),
    Case("jobs-zero", "--test --jobs 0 f.hurl"),
    Case("parallel", "--parallel --no-output a.hurl b.hurl",
         {"a.hurl": OK, "b.hurl": JSON}),
    Case("jobs-not-parallel", "--jobs 2 --no-output a.hurl b.hurl",
         {"a.hurl": OK, "b.hurl": JSON}),

    # Reports.
    Case("curl", "--curl out.curl f.hurl", FORMS),
    Case("curl-options", "--curl out.curl -L --compressed -u bob:secret -k "
         "-H X-A:b --max-time 10 f.hurl", MOVED),
    Case("curl-binary", "--curl out.curl f.hurl",
         "POST %HOST%/echo\nhex,00ff41;\nHTTP 200\n", apart={
             "files": "curl's own type is switched off, as none was sent"}),
    Case("curl-undefined", "--curl out.curl f.hurl", V, apart={
        "files": "a request that could not be made has no line"}),
    Case("test-undefined", "--test --continue-on-error f.hurl", FAILING),
    Case("curl-retry", "--curl out.curl --retry 3 --retry-interval 1 f.hurl",
         RETRY),
    Case("report-junit", "--report-junit out.xml a.hurl b.hurl c.hurl",
         {"a.hurl": OK, "b.hurl": ASSERT, "c.hurl": OK}, apart={
        "files": "readers of JUnit know one failure for each case"}),
    Case("report-junit-gone", "--report-junit out.xml f.hurl", GONE),
    Case("report-tap", "--report-tap out.tap a.hurl b.hurl",
         {"a.hurl": OK, "b.hurl": BAD}),
    Case("report-json", "--report-json r a.hurl b.hurl",
         {"a.hurl": OK, "b.hurl": ASSERT}),
    Case("report-json-forms", "--report-json r --test f.hurl", FORMS),
    Case("report-html", "--report-html r a.hurl b.hurl",
         {"a.hurl": OK, "b.hurl": ASSERT}),
    Case("report-all", "--test --report-junit out.xml --report-tap out.tap "
         "--report-json r --report-html r --curl out.curl f.hurl"),
    Case("report-repeat", "--test --jobs 1 --repeat 2 --report-junit out.xml "
         "--report-tap out.tap f.hurl"),

    # Variables of the environment.
    *(Case(f"environment-{name.lower()}", "f.hurl", flow, {name: value})
      for name, value, flow in (
          ("HURL_COMPRESSED", "1", OK), ("HURL_COMPRESSED", "false", OK),
          ("HURL_HTTP10", "1", OK), ("HURL_HTTP11", "true", OK),
          ("HURL_IPV4", "1", OK), ("HURL_INSECURE", "1", SECURE),
          ("HURL_INSECURE", "0", SECURE), ("HURL_LOCATION", "1", MOVED),
          ("HURL_NO_ASSERT", "1", ASSERT),
          ("HURL_NO_COOKIE_STORE", "1", COOKIES),
          ("HURL_CONTINUE_ON_ERROR", "1", FAILING),
          ("HURL_USER", "bob:secret", LOGIN),
          ("HURL_USER_AGENT", "tester/1", OK),
          ("HURL_HEADER", "X-A:b|X-B: c", OK), ("HURL_HEADER", "X-A", OK),
          ("HURL_PRETTY", "1", JSON), ("HURL_NO_PRETTY", "1", JSON),
          ("HURL_MAX_FILESIZE", "5", OK), ("HURL_MAX_TIME", "10", OK),
          ("HURL_MAX_TIME", "x", OK), ("HURL_CONNECT_TIMEOUT", "10", OK),
          ("HURL_RETRY", "x", OK), ("HURL_JOBS", "x", OK),
          ("HURL_NO_OUTPUT", "1", OK), ("HURL_COLOR", "0", OK),
          ("HURL_ERROR_FORMAT", "long", ASSERT),
          ("HURL_ERROR_FORMAT", "x", ASSERT), ("HURL_NO_COLOR", "1", ASSERT),
          ("HURL_VERBOSE", "1", OK), ("HURL_VERY_VERBOSE", "1", OK),
          ("HURL_VERBOSITY", "debug", OK), ("HURL_VERBOSITY", "x", OK),
          ("HURL_TEST", "1", OK), ("HURL_TEST", "0", JSON))),
    Case("environment-ipv6", "f.hurl",
         "GET http://localhost:%HOST.PORT%/text\nHTTP 200\n",
         {"HURL_IPV6": "1"}),
    Case("environment-http2", "f.hurl", SECURE,
         {"HURL_HTTP2": "1", "HURL_INSECURE": "1"}),
    Case("environment-http3", "f.hurl", OK, {"HURL_HTTP3": "1"}, apart={
        k: "refused before anything is run: 1" for k in ("exit", "failed")}),
    Case("environment-location-trusted", "-u bob:secret f.hurl", AWAY,
         {"HURL_LOCATION_TRUSTED": "1"}),
    Case("environment-max-redirs", "-L f.hurl", MOVED,
         {"HURL_MAX_REDIRS": "1"}),
    Case("environment-retry", "f.hurl", RETRY,
         {"HURL_RETRY": "3", "HURL_RETRY_INTERVAL": "200"}, least_s=0.4),
    Case("environment-delay", "f.hurl", LAST, {"HURL_DELAY": "300"},
         least_s=0.6),
    Case("environment-limit-rate", "f.hurl",
         "GET %HOST%/large/8000\nHTTP 200\n", {"HURL_LIMIT_RATE": "4000"},
         least_s=0.9),
    Case("environment-jobs", "--test a.hurl b.hurl",
         {"a.hurl": OK, "b.hurl": OK}, {"HURL_JOBS": "1"}),
    Case("environment-and-option", "--retry 3 f.hurl", RETRY,
         {"HURL_RETRY": "0", "HURL_RETRY_INTERVAL": "1"}),
    Case("environment-and-header", "-H X-A:cli f.hurl", OK,
         {"HURL_HEADER": "X-A:env|X-B:env"}),
    *[Case(f"config-{name}", argv, {"f.hurl": flow, "x/hurl/config": text},
           {"XDG_CONFIG_HOME": "%DIR%/x"} | env, apart={
               "failed": "told where the value begins"}
           if name in ("no-header", "no-quote") else {})
      for name, argv, flow, text, env in [
          ("all", "-L f.hurl", MOVED, "# ours\n\n --header X-A: b # c\n"
           "--user-agent=\"tester 1\"\n--max-redirs 5\n", {}),
          ("max-redirs", "-L f.hurl", MOVED, "--max-redirs=1\n", {}),
          ("verbose", "f.hurl", OK, "--verbose\n--header\tX-A:b\n", {}),
          ("and-others", "-H X-A:cli -A cli/1 -L --max-redirs 9 f.hurl",
           MOVED, "--header X-A:file\n--user-agent file/1\n--max-redirs 1\n",
           {"HURL_HEADER": "X-A:env"}),
          ("and-environment", "-L f.hurl", MOVED,
           "--user-agent file/1\n--max-redirs 1\n",
           {"HURL_USER_AGENT": "env/1", "HURL_MAX_REDIRS": "5"}),
          ("and-flow", "f.hurl", "GET %HOST%/redirect/2\nUser-Agent: flow/1\n"
           "[Options]\nlocation: true\nmax-redirs: 4\nheader: X-A:flow\n"
           "HTTP *\n", "--user-agent file/1\n--max-redirs 1\n"
           "--header X-A:file\n", {}),
          ("one-line", "f.hurl", OK, "--header \"X-A: b\" --header X-B: c",
           {}),
          ("unknown", "f.hurl", OK, "--location\n", {}),
          ("no-option", "f.hurl", OK, "verbose\n", {}),
          ("flag-value", "f.hurl", OK, "--verbose=1\n", {}),
          ("no-value", "f.hurl", OK, "--user-agent\n", {}),
          ("no-header", "f.hurl", OK, "--header X-A\n", {}),
          ("no-number", "f.hurl", OK, "--max-redirs=-2\n", {}),
          ("no-quote", "f.hurl", OK, "--user-agent \"a\n", {}),
          ("empty", "f.hurl", OK, "", {})]],
    Case("config-missing", "f.hurl", OK, {"XDG_CONFIG_HOME": "/dev/null"}),
    Case("config-home", "f.hurl",
         {"f.hurl": OK, "config/hurl/config": "--header X-A:home\n"}),
    Case("config-home-dot", "f.hurl",
         {"f.hurl": OK, ".config/hurl/config": "--header X-A:home\n"}),
]

# What goes together in any way; for random command lines.
TOGETHER = ["-L", "-k", "--compressed", "-H X-A:b", "-u bob:secret",
            "-A tester/1", "--retry 2 --retry-interval 1",
            "--continue-on-error", "--no-assert", "--from-entry 2",
            "--repeat 2", "--json", "-i", "--pretty", "-v",
            "--verbosity brief", "--report-tap out.tap", "--report-json r",
            "--report-html h", "-c out.jar", "--max-redirs 1",
            "--location-trusted", "--variable v=1", "--secret w=hidden7",
            "--delay 1", "--path-as-is", "--ipv4", "--netrc-optional",
            "--max-time 50"]
FLOWS = [OK, JSON, BAD, ASSERT, GONE, MOVED, AWAY, CAPTURE, FORMS, COOKIES,
         THREE, RETRY, LOGIN, V, LAST, SECURE]


def random_cases(chance, count):
    """Some of those options with some of the flows."""
    for i in range(count):
        names = [f"{c}.hurl" for c in "abc"[:chance.randint(1, 3)]]
        options = chance.sample(TOGETHER, chance.randint(1, 5))
        yield Case(f"random-{i}", " ".join(options + names), {
            ".netrc": NETRC, **{n: chance.choice(FLOWS) for n in names}},
            {"HURL_VARIABLE_v": "2"})


names = [case.name for case in CASES]
for i, case in enumerate(CASES):  # a variable with several values
    if names[:i].count(case.name):
        case.name += f"-{names[:i].count(case.name) + 1}"
