#include "progress.h"
#include "clock.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A line being made, and how many columns of it a terminal shows. */
typedef struct line {
    char text[8000];
    size_t length, columns;
} line;

static void append(line *line, const char *format, ...) CEPA_FORMAT(2, 3);
static void append(line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line->text + line->length, sizeof line->text - line->length, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof line->text - line->length) return;
    line->columns += cepa_text_columns(line->text + line->length);
    line->length += (size_t)length;
}

/* Escapes take no column. */
static void append_escape(line *line, const char *escape)
{
    size_t columns = line->columns;
    append(line, "%s", escape);
    line->columns = columns;
}

static void append_times(line *line, size_t times, const char *text)
{
    while (times--) append(line, "%s", text);
}

/* ---- What Keras 3 and Keras 2 write ---- */

/* One state to draw. */
typedef struct moment {
    size_t step, steps;
    double elapsed, per_step;
    const cepa_log *logs;
    size_t log_count;
    bool final;
} moment;

typedef struct look {
    const char *style;
    void (*bar)(line *line, const moment *m);
    void (*text)(line *line, const moment *m);
} look;

static int digits(size_t number)
{
    int count = 1;
    while (number /= 10) count++;
    return count;
}

static void append_count(line *line, const moment *m) { append(line, "%*zu/%zu", digits(m->steps), m->step, m->steps); }

static void append_eta(line *line, const moment *m)
{
    double left = m->per_step * (double)(m->steps - m->step);
    long seconds = (long)left;
    if (left > 3600)
        append(line, "%ld:%02ld:%02ld", seconds / 3600, seconds % 3600 / 60, seconds % 60);
    else if (left > 60)
        append(line, "%ld:%02ld", seconds / 60, seconds % 60);
    else
        append(line, "%lds", seconds);
}

static void append_time(line *line, double seconds, const char *unit)
{
    if (seconds >= 1 || seconds == 0)
        append(line, "%.0fs/%s", seconds, unit);
    else if (seconds >= 1e-3)
        append(line, "%.0fms/%s", 1e3 * seconds, unit);
    else
        append(line, "%.0fus/%s", 1e6 * seconds, unit);
}

static void append_log(line *line, const cepa_log *log, double size)
{
    if (size != size)
        append(line, " - %s: nan", log->name);
    else if (size > 1e-3)
        append(line, " - %s: %.4f", log->name, log->value);
    else
        append(line, " - %s: %.4e", log->name, log->value);
}

/* The line compares the value itself, the bar its size. */
static double value_of(double value) { return value; }
static double size_of(double value) { return value < 0 ? -value : value; }

static void append_logs(line *line, const moment *m, double (*measure)(double))
{
    for (size_t i = 0; i < m->log_count; i++) append_log(line, &m->logs[i], measure(m->logs[i].value));
}

/* Keras 2 has losses before metrics, and the validation's after the training's. */
static int keras2_rank(const char *name)
{
    bool validation = strncmp(name, "val_", 4) == 0;
    return 2 * validation + (strcmp(name + (validation ? 4 : 0), "loss") != 0);
}

static void append_logs_keras2(line *line, const moment *m, double (*measure)(double))
{
    for (int rank = 0; rank < 4; rank++)
        for (size_t i = 0; i < m->log_count; i++)
            if (keras2_rank(m->logs[i].name) == rank) append_log(line, &m->logs[i], measure(m->logs[i].value));
}

static void keras3_bar(line *line, const moment *m)
{
    enum { WIDTH = 20 };
    size_t full = WIDTH * m->step / m->steps;
    append_escape(line, "\033[1m");
    append_count(line, m);
    append_escape(line, "\033[0m");
    append(line, " ");
    if (full) {
        append_escape(line, "\033[32m");
        append_times(line, full, "━");
        append_escape(line, "\033[0m");
    }
    append_escape(line, "\033[37m");
    append_times(line, WIDTH - full, "━");
    append_escape(line, "\033[0m");
    append(line, " ");
    append_escape(line, "\033[1m");
    if (m->final)
        append(line, "%.0fs", m->elapsed);
    else
        append_eta(line, m);
    append_escape(line, "\033[0m");
    append(line, " ");
    append_time(line, m->per_step, "step");
    append_logs(line, m, size_of);
}

static void keras3_text(line *line, const moment *m)
{
    append_count(line, m);
    append(line, " - %.0fs - ", m->elapsed);
    append_time(line, m->per_step, "step");
    append_logs(line, m, value_of);
}

static void keras2_bar(line *line, const moment *m)
{
    enum { WIDTH = 30 };
    size_t full = WIDTH * m->step / m->steps;
    append_count(line, m);
    append(line, " [");
    if (full) append_times(line, full - 1, "=");
    if (full) append(line, m->step < m->steps ? ">" : "=");
    append_times(line, WIDTH - full, ".");
    append(line, "] - ");
    if (m->final) {
        append(line, "%.0fs ", m->elapsed);
        append_time(line, m->per_step, "step");
    } else {
        append(line, "ETA: ");
        append_eta(line, m);
    }
    append_logs_keras2(line, m, size_of);
}

static void keras2_6_text(line *line, const moment *m)
{
    append_count(line, m);
    append(line, " - %.0fs", m->elapsed);
    append_logs_keras2(line, m, value_of);
}

static void keras2_text(line *line, const moment *m)
{
    keras2_6_text(line, m);
    append(line, " - ");
    append_time(line, m->elapsed, "epoch");
    append(line, " - ");
    append_time(line, m->elapsed / (double)m->steps, "step");
}

/* The first is the default. */
static const look looks[] = {
    {"keras3", keras3_bar, keras3_text},
    {"keras2.14", keras2_bar, keras2_text},
    {"keras2.12", keras2_bar, keras2_text},
    {"keras2.6", keras2_bar, keras2_6_text},
};

/* ---- When it is drawn ---- */

progress progress_new(const settings *settings)
{
    const char *verbose = settings->verbose ? settings->verbose : "auto";
    bool automatic = strcmp(verbose, "auto") == 0, terminal = isatty(STDOUT_FILENO);
    progress made = {.look = looks,
                     .bar = strcmp(verbose, "1") == 0 || (automatic && terminal),
                     .headed = automatic && !terminal,
                     .start = seconds_now()};
    for (size_t i = 0; settings->style && i < sizeof looks / sizeof *looks; i++)
        if (strcmp(looks[i].style, settings->style) == 0) made.look = &looks[i];
    if (strcmp(verbose, "0") == 0) made.look = NULL;
    return made;
}

static void begin_epoch(progress *p, const cepa_progress *event)
{
    *p = (progress){.look = p->look,
                    .bar = p->bar,
                    .headed = p->headed,
                    .start = seconds_now(),
                    .epoch = event->epoch,
                    .epochs = event->epochs,
                    .steps = event->steps};
    if (p->epochs > 1 && !p->headed) printf("Epoch %d/%d\n", p->epoch + 1, p->epochs);
    fflush(stdout);
}

/* From the second step on without the first, which is slower. */
static double seconds_per_step(progress *p, size_t step, double time)
{
    double each = 0;
    if (step)
        each = p->after_first != 0 && step > 1 ? (time - p->after_first) / (double)(step - 1)
                                               : (time - p->start) / (double)step;
    if (step == 1) p->after_first = time;
    return each;
}

static void draw(progress *p, moment m)
{
    double time = seconds_now();
    m.elapsed = time - p->start;
    m.per_step = p->bar ? seconds_per_step(p, m.step, time) : m.elapsed / (double)m.step;
    if (p->bar ? !m.final && time - p->last < 0.05 : !m.final) return;
    line line = {.length = 0};
    if (p->bar) append_times(&line, p->width, "\b");
    if (p->bar) append(&line, "\r");
    line.columns = 0;
    if (p->headed && p->epochs > 1) append(&line, "Epoch %d/%d - ", p->epoch + 1, p->epochs);
    (p->bar ? p->look->bar : p->look->text)(&line, &m);
    size_t columns = line.columns;
    if (p->bar && p->width > columns) append_times(&line, p->width - columns, " ");
    printf("%s%s", line.text, m.final ? "\n" : "");
    fflush(stdout);
    p->width = columns;
    p->last = time;
    p->drawn = !m.final;
}

/* What a callback says stands on a line of its own; a bar is drawn anew below it. */
static void print_message(progress *p, const char *message)
{
    progress_leave(p);
    p->width = 0;
    puts(message);
    fflush(stdout);
}

void progress_follow(progress *p, const cepa_progress *event)
{
    if (event->event == CEPA_MESSAGE) print_message(p, event->message);
    if (!p->look || event->event == CEPA_MESSAGE) return;
    if (event->event == CEPA_EPOCH_BEGIN) {
        begin_epoch(p, event);
        return;
    }
    p->steps = event->steps;
    bool final = event->event == CEPA_EPOCH_END;
    if (event->steps) draw(p, (moment){event->step, event->steps, 0, 0, event->logs, event->log_count, final});
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const cepa_log *)a)->name, ((const cepa_log *)b)->name);
}

void progress_finish(progress *p, const cepa_log *logs, size_t count)
{
    cepa_log *sorted = malloc((count + 1) * sizeof *sorted);
    if (!p->look || !sorted || !p->steps) {
        free(sorted);
        return;
    }
    memcpy(sorted, logs, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_name);
    draw(p, (moment){p->steps, p->steps, 0, 0, sorted, count, true});
    free(sorted);
}

void progress_leave(progress *p)
{
    if (p->drawn) putchar('\n');
    fflush(stdout);
    p->drawn = false;
}
