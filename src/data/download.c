/* Downloads through libcurl. */
#include "data/download.h"

#if defined(CEPA_HAVE_FETCH)

#include <curl/curl.h>
#include <errno.h>
#include <string.h>

typedef struct transfer {
    CURL *curl;
    FILE *file;
    curl_off_t start; /* bytes that were there before */
    const cepa_dataset_options *options;
    int write_error;
    bool stopped;
    char message[CURL_ERROR_SIZE];
} transfer;

static size_t write_piece(char *bytes, size_t size, size_t count, void *context)
{
    transfer *t = context;
    size_t written = fwrite(bytes, size, count, t->file);
    if (written < count) t->write_error = errno;
    return written * size;
}

static int show_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up_now)
{
    (void)up_total, (void)up_now;
    transfer *t = context;
    size_t done = (size_t)(t->start + now), all = total ? (size_t)(t->start + total) : 0;
    t->stopped = t->options->progress && !t->options->progress(t->options->context, done, all);
    return t->stopped;
}

static void set_up(transfer *t, const char *url)
{
    enum { CONNECT_SECONDS = 30, STALLED_SECONDS = 60, MOST_REDIRECTIONS = 5 };
    CURL *c = t->curl;
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https,http");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, (long)MOST_REDIRECTIONS);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(c, CURLOPT_FAILONERROR, 1L);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "cepa/" CEPA_VERSION);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT,
                     (long)(t->options->connect_seconds ? t->options->connect_seconds : CONNECT_SECONDS));
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)t->options->total_seconds);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)STALLED_SECONDS);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, write_piece);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, show_progress);
    curl_easy_setopt(c, CURLOPT_XFERINFODATA, t);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->message);
    curl_easy_setopt(c, CURLOPT_RESUME_FROM_LARGE, t->start);
}

static cepa_status explain(const transfer *t, CURLcode result, cepa_error *error)
{
    if (t->stopped) return fail(error, CEPA_INTERRUPTED, "stopped by the caller");
    if (t->write_error) return fail(error, CEPA_FILE, "%s", strerror(t->write_error));
    return fail(error, CEPA_NETWORK, "%s", *t->message ? t->message : curl_easy_strerror(result));
}

/* Whether the server refused to go on in the middle of a file. */
static bool cannot_resume(const transfer *t, CURLcode result)
{
    enum { RANGE_NOT_SATISFIABLE = 416 };
    long code = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    return t->start > 0 && (result == CURLE_RANGE_ERROR || code == RANGE_NOT_SATISFIABLE);
}

/* One try; *again: from the start instead. */
static cepa_status transfer_once(const char *url, const char *path, bool from_start,
                                 const cepa_dataset_options *options, bool *again, cepa_error *error)
{
    transfer t = {.options = options, .file = fopen(path, from_start ? "wbe" : "abe")};
    if (!t.file) return fail(error, CEPA_FILE, "cannot write %s: %s", path, strerror(errno));
    cepa_status status = CEPA_OK;
    t.start = fseeko(t.file, 0, SEEK_END) == 0 ? (curl_off_t)ftello(t.file) : 0;
    t.curl = curl_easy_init();
    if (!t.curl)
        status = fail_memory(error);
    else {
        set_up(&t, url);
        CURLcode result = curl_easy_perform(t.curl);
        if (fflush(t.file) != 0 && !t.write_error) t.write_error = errno;
        *again = !from_start && cannot_resume(&t, result);
        if (result != CURLE_OK || t.write_error) status = explain(&t, result, error);
    }
    curl_easy_cleanup(t.curl);
    fclose(t.file);
    return status;
}

cepa_status download_file(const char *url, const char *path, const cepa_dataset_options *options, cepa_error *error)
{
    bool again = false;
    cepa_status status = transfer_once(url, path, false, options, &again, error);
    return again ? transfer_once(url, path, true, options, &again, error) : status;
}

#else

cepa_status download_file(const char *url, const char *path, const cepa_dataset_options *options, cepa_error *error)
{
    (void)url, (void)path, (void)options;
    return fail(error, CEPA_UNSUPPORTED, "it needs libcurl, which this build leaves out (-Dfetch=disabled)");
}

#endif
