/* SPDX-License-Identifier: ISC */
/* The page's style sheet. Sizes in SVG are attributes, never style="": the
 * policy allows no style but this sheet. */
#include "web/style.h"

#include <string.h>

#include "base/chart.h"
#include "base/crypto.h"
#include "base/html.h"

static const char sheet[] =
":root{color-scheme:light dark;--bg:#f4f6f8;--panel:#fff;--ink:#16202c;"
"--dim:#5a6675;--line:#dfe4ea;--soft:#eef1f5;--link:#1f56c3;"
"--passed:#177a48;--failed:#c2272d;--unreachable:#b0530a;--unknown:#8b2fc9;"
"--ours:#667080;--mark:#fde3e1;--dns:#7a8ca3;--connect:#c98a1b;--tls:#8f63c8;"
"--wait:#2f74d0;--transfer:#1f9a6a}"
"@media (prefers-color-scheme:dark){:root{--bg:#0e1218;--panel:#161c25;"
"--ink:#e4e9f0;--dim:#96a3b4;--line:#29323f;--soft:#1e2631;--link:#8db4ff;"
"--passed:#4fc285;--failed:#ff7a75;--unreachable:#f0a45a;--unknown:#cf9bff;"
"--ours:#97a3b3;--mark:#4a2328;--dns:#8fa1b8;--connect:#e0ae55;--tls:#b592e6;"
"--wait:#6ea6f0;--transfer:#4fc594}}"
"*{box-sizing:border-box}"
"body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.5 "
"system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans',sans-serif}"
"a{color:var(--link);text-decoration:none}"
"a:hover,a:focus-visible{text-decoration:underline}"
":focus-visible{outline:2px solid var(--link);outline-offset:2px}"
".skip{position:absolute;left:-99em}.skip:focus{left:1em;top:.5em}"
"header{background:var(--panel);border-bottom:1px solid var(--line)}"
"header div,main,footer{max-width:78rem;margin:0 auto;padding:0 1.25rem}"
"header div{display:flex;align-items:center;gap:1.75rem;height:3.4rem}"
"header .brand{font-weight:700;font-size:1.15rem;color:var(--ink);"
"letter-spacing:-.02em}"
"header .brand span{color:var(--passed)}"
"main{padding-top:1.5rem;padding-bottom:2rem}"
"h1{font-size:1.45rem;line-height:1.25;letter-spacing:-.015em;"
"margin:0 0 .25rem;overflow-wrap:anywhere}"
"h1 a{color:inherit}"
"h2{font-size:1.05rem;margin:2rem 0 .6rem;letter-spacing:-.01em}"
"p{margin:.4rem 0}"
".dim,footer{color:var(--dim)}footer{font-size:.85rem;padding-bottom:2rem}"
".panel{background:var(--panel);border:1px solid var(--line);"
"border-radius:10px;overflow-x:auto}"
".pad{padding:1rem 1.15rem}"
".tiles{display:grid;gap:.8rem;"
"grid-template-columns:repeat(auto-fit,minmax(10.5rem,1fr));"
"margin:1.1rem 0 0;padding:0}"
".tiles>div{background:var(--panel);border:1px solid var(--line);"
"border-radius:10px;padding:.75rem 1rem}"
".tiles dt{color:var(--dim);font-size:.82rem}"
".tiles dd{margin:.1rem 0 0;font-size:1.4rem;font-weight:650;"
"letter-spacing:-.02em;font-variant-numeric:tabular-nums}"
".tiles dd.small{font-size:1rem;font-weight:500;letter-spacing:0;"
"line-height:1.9}"
"dd.bad{color:var(--failed)}dd.good{color:var(--passed)}"
"table{border-collapse:collapse;width:100%;font-size:.92rem}"
"th,td{padding:.5rem .8rem;text-align:left;vertical-align:middle;"
"border-bottom:1px solid var(--line)}"
"tbody tr:last-child td{border-bottom:0}"
"tbody tr:hover{background:var(--soft)}"
"th{color:var(--dim);font-size:.8rem;font-weight:550;white-space:nowrap}"
".n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
".w{white-space:nowrap}"
".o{display:inline-flex;align-items:center;gap:.4em;font-weight:600;"
"font-size:.85rem;white-space:nowrap}"
".o::before{content:'';width:.62em;height:.62em;border-radius:50%;"
"background:currentColor}"
".o.failed::before,.o.unreachable::before,.o.unknown::before{"
"border-radius:1px;transform:rotate(45deg)}"
".o.invalid::before,.o.lost::before,.o.skipped::before{background:none;"
"border:2px solid currentColor}"
".passed{color:var(--passed)}.failed{color:var(--failed)}"
".unreachable{color:var(--unreachable)}.unknown{color:var(--unknown)}"
".invalid,.lost,.skipped,.none{color:var(--ours)}"
"svg{display:block}svg rect{fill:currentColor}"
"svg.strip{height:26px;width:200px}"
".tag{color:var(--dim);font-size:.82rem}"
".why{color:var(--dim);max-width:30rem;overflow:hidden;"
"text-overflow:ellipsis;white-space:nowrap}"
"code,pre,.mono{font-family:ui-monospace,'SF Mono',Menlo,Consolas,"
"'DejaVu Sans Mono',monospace;font-size:.86em}"
"pre{margin:0;padding:.9rem 1.1rem;white-space:pre-wrap;"
"overflow-wrap:anywhere;line-height:1.45}"
".alarm{border-left:4px solid var(--failed);padding:.8rem 1.1rem;"
"margin:1rem 0 0}"
".alarm.ours{border-left-color:var(--ours)}"
".fall td{padding:.38rem .8rem}.fall .bar{width:44%;min-width:16rem}"
".fall .url{max-width:24rem;overflow:hidden;text-overflow:ellipsis;"
"white-space:nowrap}"
".fall svg{width:100%;height:18px;overflow:visible}"
"svg .rail{fill:var(--soft)}"
".dns{color:var(--dns)}.connect{color:var(--connect)}.tls{color:var(--tls)}"
".wait{color:var(--wait)}.transfer{color:var(--transfer)}"
".fall tr.fault td{border-bottom:0}"
".fall tr.why-row td{padding:0 .8rem .8rem}"
".fall tr.why-row:hover{background:none}"
".fault-box{background:var(--soft);border-left:3px solid var(--failed);"
"border-radius:0 6px 6px 0;padding:.5rem .8rem;margin-top:.3rem}"
".fault-box dl{margin:.3rem 0 0;display:grid;"
"grid-template-columns:max-content 1fr;gap:.1rem .9rem}"
".fault-box dt{color:var(--dim)}"
".fault-box dd{margin:0;overflow-wrap:anywhere}"
".legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;padding:.6rem .8rem;"
"border-top:1px solid var(--line);font-size:.82rem}"
".legend span{display:inline-flex;align-items:center;gap:.45em}"
".legend span::before{content:'';width:.8em;height:.8em;border-radius:2px;"
"background:currentColor}.legend b{color:var(--dim);font-weight:400}"
"svg.strip+.facts{margin-top:.9rem}"
".facts{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1.2rem;"
"margin:0}.facts dt{color:var(--dim)}"
".facts dd{margin:0;overflow-wrap:anywhere}"
"details>summary{cursor:pointer;padding:.6rem 1.1rem;font-weight:550}"
"details+details{border-top:1px solid var(--line)}"
"details pre{border-top:1px solid var(--line);max-height:32rem;"
"overflow:auto}"
"form.filter{display:flex;flex-wrap:wrap;gap:.6rem;align-items:end;"
"margin:1rem 0}"
"form.filter label{display:grid;gap:.15rem;font-size:.82rem;"
"color:var(--dim)}"
"input,select,button{font:inherit;color:var(--ink);background:var(--panel);"
"border:1px solid var(--line);border-radius:7px;padding:.3rem .6rem;"
"height:2.25rem}"
"button{background:var(--link);border-color:var(--link);color:var(--panel);"
"font-weight:600;cursor:pointer;padding:.3rem 1rem}"
".more{margin-top:.9rem;display:flex;gap:1.2rem}"
".two{display:grid;grid-template-columns:1fr 1fr;gap:.8rem;margin-top:"
".8rem}.two>div{min-width:0}h4{margin:0 0 .3rem;font-size:.85rem;"
"color:var(--dim);font-weight:550}.two pre{background:var(--panel);"
"border:1px solid var(--line);border-radius:10px;max-height:34rem;"
"overflow:auto}mark{background:var(--mark);color:inherit}"
".alarm .facts{margin-top:.5rem}"
"@media (max-width:46rem){.two{grid-template-columns:1fr}"
".wide{display:none}.fall .bar{min-width:9rem}}";

static void
write_sheet(struct buf *out)
{
	buf_append_str(out, chart_style);
	buf_append(out, sheet, sizeof(sheet) - 1);
}

const char *
style_policy(void)
{
	static char policy[300];
	uint8_t hash[SHA256_SIZE];
	struct buf b, whole;

	if (policy[0] != '\0')
		return (policy);
	buf_init(&whole, 1 << 16);
	write_sheet(&whole);
	crypto_sha256(whole.data, whole.len, hash);
	buf_fini(&whole);
	buf_init(&b, sizeof(policy) - 1);
	buf_append_str(&b, "default-src 'none'; style-src 'sha256-");
	crypto_base64_encode(hash, sizeof(hash), 0, &b);
	buf_append_str(&b, "'; img-src data:; form-action 'self'; base-uri "
	    "'none'; frame-ancestors 'none'");
	memcpy(policy, b.data, b.len + 1);
	buf_fini(&b);
	return (policy);
}

void
style_begin(struct buf *out, const char *title, int refresh_s)
{
	buf_append_str(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width,initial-scale=1\">\n");
	if (refresh_s > 0)
		buf_printf(out, "<meta http-equiv=\"refresh\" "
		    "content=\"%d\">\n", refresh_s);
	buf_append_str(out, "<title>");
	html_escape(out, title);
	buf_append_str(out, " &middot; e2e</title>\n"
	    "<link rel=\"icon\" href=\"data:,\">\n<style>");
	write_sheet(out);
	buf_append_str(out, "</style>\n</head>\n<body>\n"
	    "<a class=\"skip\" href=\"#main\">Skip to the content</a>\n"
	    "<header><div><a class=\"brand\" href=\"/\">e2e<span>.</span></a>"
	    "<nav aria-label=\"Pages\"><a href=\"/\">Checks</a> &nbsp; "
	    "<a href=\"/runs\">Runs</a> &nbsp; "
	    "<a href=\"/runs?outcome=bad\">Failures</a> &nbsp; "
	    "<a href=\"/gates\">Gates</a></nav></div></header>\n"
	    "<main id=\"main\">\n");
}

void
style_end(struct buf *out)
{
	buf_append_str(out, "</main>\n<footer>Times are UTC. Also as JSON: "
	    "<a href=\"/api/v1/checks\">checks</a>, "
	    "<a href=\"/api/v1/runs\">runs</a>, "
	    "<a href=\"/api/v1/gates\">gates</a>; for Prometheus: "
	    "<a href=\"/metrics\">metrics</a>.</footer>\n</body>\n</html>\n");
}
