/* cepa data fetch: getting a data set that has a name. */
#include "commands.h"
#include "report.h"
#include "subject.h"

#include <string.h>
#include <unistd.h>

static bool show_download(void *context, size_t done, size_t total)
{
    if (!isatty(STDERR_FILENO)) return true;
    size_t *shown = context, part = done >> 20;
    if (part == *shown) return true;
    *shown = part;
    if (total)
        fprintf(stderr, "\r%zu of %zu MB", part, total >> 20);
    else
        fprintf(stderr, "\r%zu MB", part);
    return true;
}

static int fetch_main(const settings *settings)
{
    cepa_error error;
    char path[1000] = "";
    size_t shown = 0;
    cepa_parts parts = {NULL};
    cepa_dataset_options how = {.rows = settings->rows,
                                .connect_seconds = (int)settings->connect_timeout,
                                .total_seconds = (int)settings->max_time,
                                .progress = show_download,
                                .context = &shown};
    cepa_status status;
    if (settings->url)
        status = cepa_dataset_fetch(settings->operands[0], settings->url, &how, path, sizeof path, &error);
    else {
        status = subject_open(settings->operands[0], &how, &parts, &error);
        if (!status) snprintf(path, sizeof path, "%s", cepa_dataset_describe(parts.train)->source);
    }
    if (shown) fputc('\n', stderr);
    if (!status) printf("%s: %s\n", settings->operands[0], path);
    cepa_parts_free(&parts);
    return status ? failed(&error) : DONE;
}

const command data_fetch_command = {
    .name = "data fetch",
    .operands = "NAME",
    .purpose = "Finds a data set by name, downloading and checking it where this machine does not have it",
    .options =
        (const option[]){
            OPTION("url", url, TAKES_TEXT, .value = "URL", .help = "download the same file from here"),
            OPTION("rows", rows, TAKES_COUNT, .value = "N", .min = 1,
                   .help = "it must have at least N rows to learn from"),
            OPTION("connect-timeout", connect_timeout, TAKES_COUNT, .value = "S", .min = 1, .max = 86400,
                   .help = "seconds to connect; default: 30"),
            OPTION("max-time", max_time, TAKES_COUNT, .value = "S", .min = 1, .max = 86400,
                   .help = "seconds for the download; default: no limit"),
            END_OF_OPTIONS,
        },
    .least = 1,
    .most = 1,
    .run = fetch_main,
};
