/* weather: a table of generated days. Highs and lows wander over Europe as a process of first order, each city has a
 * share of its own in them, and clouds, sun, rain and temperatures follow: simple arithmetic, no measurement. */
#include "data/weather.h"

#include "base/random.h"
#include "data/csv.h"
#include "data/table.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

const char weather_columns[] =
    "DATE,MONTH"
    ",BASEL_cloud_cover,BASEL_humidity,BASEL_pressure,BASEL_global_radiation,BASEL_precipitation"
    ",BASEL_sunshine,BASEL_temp_mean,BASEL_temp_min,BASEL_temp_max"
    ",BUDAPEST_cloud_cover,BUDAPEST_humidity,BUDAPEST_pressure,BUDAPEST_global_radiation"
    ",BUDAPEST_precipitation,BUDAPEST_sunshine,BUDAPEST_temp_mean,BUDAPEST_temp_max"
    ",DE_BILT_cloud_cover,DE_BILT_humidity,DE_BILT_pressure,DE_BILT_global_radiation,DE_BILT_precipitation"
    ",DE_BILT_sunshine,DE_BILT_temp_mean,DE_BILT_temp_min,DE_BILT_temp_max"
    ",DRESDEN_cloud_cover,DRESDEN_humidity,DRESDEN_global_radiation,DRESDEN_precipitation,DRESDEN_sunshine"
    ",DRESDEN_temp_mean,DRESDEN_temp_min,DRESDEN_temp_max"
    ",DUSSELDORF_cloud_cover,DUSSELDORF_humidity,DUSSELDORF_pressure,DUSSELDORF_global_radiation"
    ",DUSSELDORF_precipitation,DUSSELDORF_sunshine,DUSSELDORF_temp_mean,DUSSELDORF_temp_min"
    ",DUSSELDORF_temp_max"
    ",HEATHROW_cloud_cover,HEATHROW_humidity,HEATHROW_pressure,HEATHROW_global_radiation"
    ",HEATHROW_precipitation,HEATHROW_sunshine,HEATHROW_temp_mean,HEATHROW_temp_min,HEATHROW_temp_max"
    ",MAASTRICHT_cloud_cover,MAASTRICHT_humidity,MAASTRICHT_pressure,MAASTRICHT_global_radiation"
    ",MAASTRICHT_precipitation,MAASTRICHT_sunshine,MAASTRICHT_temp_mean,MAASTRICHT_temp_min"
    ",MAASTRICHT_temp_max"
    ",MALMO_precipitation,MALMO_temp_mean,MALMO_temp_min,MALMO_temp_max"
    ",OSLO_cloud_cover,OSLO_humidity,OSLO_pressure,OSLO_global_radiation,OSLO_precipitation,OSLO_sunshine"
    ",OSLO_temp_mean,OSLO_temp_min,OSLO_temp_max"
    ",SONNBLICK_cloud_cover,SONNBLICK_humidity,SONNBLICK_global_radiation,SONNBLICK_precipitation"
    ",SONNBLICK_sunshine,SONNBLICK_temp_mean,SONNBLICK_temp_min,SONNBLICK_temp_max"
    ",TOURS_humidity,TOURS_pressure,TOURS_global_radiation,TOURS_precipitation,TOURS_temp_mean,TOURS_temp_min"
    ",TOURS_temp_max";

enum { DAYS = 3654, FIRST_YEAR = 2000 };

/* What is measured in a city on a day, in the units of the real data. */
typedef struct sky {
    double cloud_cover;    /* eighths of the sky */
    double humidity;       /* share of 1 */
    double pressure;       /* 1000 hPa */
    double radiation;      /* 100 W/m2 */
    double precipitation;  /* 10 mm */
    double sunshine;       /* hours */
    double mean, min, max; /* degrees Celsius */
} sky;

static const struct {
    const char *ending;
    size_t offset;
    int decimals;
} variables[] = {
    {"_cloud_cover", offsetof(sky, cloud_cover), 0},
    {"_humidity", offsetof(sky, humidity), 2},
    {"_pressure", offsetof(sky, pressure), 4},
    {"_global_radiation", offsetof(sky, radiation), 2},
    {"_precipitation", offsetof(sky, precipitation), 2},
    {"_sunshine", offsetof(sky, sunshine), 1},
    {"_temp_mean", offsetof(sky, mean), 1},
    {"_temp_min", offsetof(sky, min), 1},
    {"_temp_max", offsetof(sky, max), 1},
};

static const struct {
    const char *name;
    double warmth, swing; /* the year's mean temperature, and how far summer and winter are from it */
    double daylight;      /* hours that the longest day has more than twelve */
    double clouds;        /* eighths more than elsewhere */
} cities[] = {
    {"BASEL", 10.9, 9.2, 3.9, 0},        {"BUDAPEST", 11.7, 11.4, 3.9, -0.6}, {"DE_BILT", 10.6, 7.4, 4.6, 0.3},
    {"DRESDEN", 9.8, 9.6, 4.4, 0.1},     {"DUSSELDORF", 11, 8, 4.5, 0.2},     {"HEATHROW", 11.8, 6.8, 4.5, 0.1},
    {"MAASTRICHT", 10.8, 7.8, 4.5, 0.2}, {"MALMO", 9.1, 8.6, 5.2, 0.2},       {"OSLO", 6.9, 10.6, 6.4, 0},
    {"SONNBLICK", -4.6, 7.6, 3.8, 0.7},  {"TOURS", 12, 7.4, 3.9, 0},
};

typedef struct world {
    random_stream stream;
    double europe; /* high pressure above, low below 0 */
    struct {
        double front, warmth;
        sky sky;
    } city[ARRAY_COUNT(cities)];
} world;

/* A number around 0 with the variance 1: four uniform ones added. */
static double noise(const world *w, size_t day, size_t place)
{
    double sum = -2;
    for (uint64_t i = 0; i < 4; i++) sum += random_uniform24(random_word(&w->stream, (uint32_t)day, 4 * place + i));
    return 1.7320508075688772 * sum;
}

static double between(double low, double number, double high)
{
    return number < low ? low : number > high ? high : number;
}

/* -1 in the middle of January, 1 in the middle of July, smooth between them. */
static double season(size_t day)
{
    double turns = ((double)day - 15) / 365.25, phase = turns - floor(turns);
    double rise = phase < 0.5 ? 4 * phase - 1 : 3 - 4 * phase;
    return rise * (1.5 - 0.5 * rise * rise);
}

static void live_city(world *w, size_t day, size_t c)
{
    enum { FRONT, WARMTH, CLOUDS, SUN, DAMP, AIR, RAIN, RANGE, KINDS };
    double n[KINDS], summer = season(day);
    for (size_t i = 0; i < KINDS; i++) n[i] = noise(w, day, 1 + c * KINDS + i);
    w->city[c].front = 0.6 * w->city[c].front + 0.8 * n[FRONT];
    w->city[c].warmth = 0.8 * w->city[c].warmth + 0.6 * n[WARMTH];
    double high = 0.8 * w->europe + 0.6 * w->city[c].front, light = 12 + cities[c].daylight * summer;
    sky *s = &w->city[c].sky;
    s->cloud_cover = between(0, floor(5.3 + cities[c].clouds - 0.8 * summer - 2.1 * high + 1.2 * n[CLOUDS]), 8);
    s->sunshine = between(0, light * (0.96 - 0.12 * s->cloud_cover + 0.07 * n[SUN]), light);
    s->radiation = between(0.05, (1.25 + 0.95 * summer) * (0.3 + 0.75 * s->sunshine / light), 4);
    s->humidity = between(0.3, 0.76 - 0.08 * summer + 0.022 * (s->cloud_cover - 4) + 0.05 * n[DAMP], 1);
    s->pressure = 1.0165 + 0.007 * high + 0.0015 * n[AIR];
    s->precipitation = s->cloud_cover < 5 ? 0 : between(0, 0.11 * (s->cloud_cover - 5.5) + 0.35 * n[RAIN], 9);
    double range = between(1, 4 + 0.6 * s->sunshine + n[RANGE], 20);
    s->mean = cities[c].warmth + cities[c].swing * summer + 3 * w->city[c].warmth + 0.25 * (s->sunshine - 5);
    s->min = s->mean - 0.5 * range;
    s->max = s->mean + 0.5 * range;
}

static void live_day(world *w, size_t day)
{
    w->europe = 0.6 * w->europe + 0.8 * noise(w, day, 0);
    for (size_t c = 0; c < ARRAY_COUNT(cities); c++) live_city(w, day, c);
}

/* ---- The table's text */

static bool is_leap(unsigned year) { return year % 4 == 0; } /* 2000 to 2010 */

/* The date of a day as 20000101. */
static unsigned date_of(size_t day)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = FIRST_YEAR, month = 0;
    for (; day >= 365U + is_leap(year); year++) day -= 365U + is_leap(year);
    for (; day >= days[month] + (size_t)(month == 1 && is_leap(year)); month++)
        day -= days[month] + (size_t)(month == 1 && is_leap(year));
    return year * 10000 + (month + 1) * 100 + (unsigned)day + 1;
}

static void write_number(const world *w, const char *column, buffer *text)
{
    for (size_t c = 0; c < ARRAY_COUNT(cities); c++) {
        size_t length = strlen(cities[c].name);
        for (size_t v = 0; v < ARRAY_COUNT(variables); v++) {
            if (strncmp(column, cities[c].name, length) != 0 || strcmp(column + length, variables[v].ending) != 0)
                continue;
            const char *sky = (const char *)&w->city[c].sky;
            buffer_text(text, ",");
            buffer_fixed(text, *(const double *)(const void *)(sky + variables[v].offset), variables[v].decimals);
        }
    }
}

static void write_days(const csv_fields *columns, size_t days, buffer *text)
{
    world w = {.stream = random_stream_of(0, "weather", "days", 0)};
    buffer_format(text, "%s\n", weather_columns);
    for (size_t day = 0; day < days; day++) {
        live_day(&w, day);
        buffer_format(text, "%u,%u", date_of(day), date_of(day) / 100 % 100);
        for (size_t i = 2; i < columns->count; i++) write_number(&w, columns->fields[i], text);
        buffer_text(text, "\n");
    }
}

cepa_status weather_generate(const cepa_dataset_options *options, parts *made, cepa_error *error)
{
    const cepa_table *how = &options->table;
    bool some = how->first && how->first < DAYS && how->ahead < DAYS - how->first;
    size_t days = some ? how->first + how->ahead : DAYS;
    buffer written = {0};
    csv_fields columns = {0}, text = {0};
    cepa_status status = csv_read_list("weather", weather_columns, &columns, error);
    if (!status) write_days(&columns, days, &written);
    if (!status && written.failed) status = fail_memory(error);
    if (!status) status = csv_read_table("weather", written.bytes, written.size, &text, error);
    if (!status) status = table_read("weather", &text, how, &made->train, error);
    if (!status) made->train->storage->source = made->train->info.source = "generated";
    csv_fields_free(&text);
    csv_fields_free(&columns);
    buffer_free(&written);
    return status;
}
