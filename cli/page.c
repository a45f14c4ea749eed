#include "page.h"

void page_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '&')
            fputs("&amp;", out);
        else if (*text == '<')
            fputs("&lt;", out);
        else if (*text == '>')
            fputs("&gt;", out);
        else if (*text == '"')
            fputs("&quot;", out);
        else
            putc(*text, out);
    }
}

static const char style[] =
    ":root{color-scheme:light dark;--ground:#fff;--text:#1b1b1f;--soft:#5c5c66;--line:#d8d8de;--card:#f6f6f8;"
    "--a:#1f77b4;--b:#d95f02;--heat:31 119 180;--good:#1a7f37;--bad:#b3261e}\n"
    "@media(prefers-color-scheme:dark){:root{--ground:#16161a;--text:#e8e8ec;--soft:#a0a0ab;--line:#3a3a42;"
    "--card:#1f1f25;--a:#6cb6f0;--b:#ff9d57;--heat:38 102 158;--good:#5ec97b;--bad:#ff8a80}}\n"
    "*{box-sizing:border-box}\n"
    "body{margin:0 auto;max-width:60rem;padding:1rem;background:var(--ground);color:var(--text);"
    "font:1rem/1.55 system-ui,sans-serif}\n"
    "h1{font-size:1.6rem;line-height:1.2;overflow-wrap:anywhere}h2{font-size:1.25rem;margin-top:2.2rem}\n"
    ".words{background:var(--card);border-left:.3rem solid var(--a);padding:.8rem 1rem}\n"
    ".scroll{overflow-x:auto}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums}\n"
    ".note{color:var(--soft);margin-bottom:.4rem}h3{font-size:1rem;margin-bottom:.3rem}\n"
    "th,td{padding:.25rem .6rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}\n"
    "th{font-weight:600}th:first-child,td:first-child{text-align:left}\n"
    ".facts th{text-align:left;color:var(--soft);font-weight:400}.facts td{text-align:left;white-space:normal;"
    "overflow-wrap:anywhere}\n"
    ".matrix td{text-align:center;background:rgb(var(--heat)/calc(var(--p)*.75))}"
    ".matrix td.right{outline:1px solid var(--soft);outline-offset:-2px}.matrix th{font-size:.85rem}\n"
    ".rows :is(th,td):is(:nth-child(2),:nth-child(3)),.pairs :is(th,td):nth-child(2){text-align:left}\n"
    ".curves{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr));gap:1rem}\n"
    "figure{margin:0}figcaption{color:var(--soft);font-size:.9rem}\n"
    "svg{width:100%;height:auto;display:block}svg text{fill:var(--text);font:12px system-ui,sans-serif}"
    "svg .frame{stroke:var(--soft);fill:none}svg .grid{stroke:var(--line)}"
    "svg .a,svg .b{fill:none;stroke-width:2}svg .a{stroke:var(--a)}svg .b{stroke:var(--b);stroke-dasharray:6 4}"
    "svg .point{fill:var(--a);fill-opacity:.5}svg .dot{fill:transparent}svg .dot:hover{fill:var(--soft)}\n"
    ".samples{display:flex;flex-wrap:wrap;gap:.8rem;padding:0;list-style:none}"
    ".samples li{width:6.5rem;font-size:.85rem;line-height:1.3;overflow-wrap:anywhere}"
    ".samples img{width:100%;image-rendering:pixelated;border:1px solid var(--line);display:block}\n"
    ".good{color:var(--good)}.bad{color:var(--bad)}code{overflow-wrap:anywhere;background:var(--card);"
    "padding:.1rem .3rem}footer{color:var(--soft);font-size:.9rem;margin-top:2rem}\n";

void page_begin(FILE *out, const char *title)
{
    fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<link rel=\"icon\" href=\"data:,\">\n<title>",
          out);
    page_text(out, title);
    fprintf(out, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>", style);
    page_text(out, title);
    fputs("</h1>\n", out);
}

void page_end(FILE *out) { fputs("</main>\n</body>\n</html>\n", out); }
