/* weather: days of weather in European cities, generated. */
#ifndef DATA_WEATHER_H
#define DATA_WEATHER_H

#include "data/dataset.h"

/* The names of its columns, as a line of CSV: those of the weather prediction dataset's smaller file. */
extern const char weather_columns[];

/* Makes the days from 2000-01-01 on that options->table asks for (all: 3,654) as a table. Every day depends on those
 * before it alone: the same numbers on every machine. */
cepa_status weather_generate(const cepa_dataset_options *options, parts *made, cepa_error *error);

#endif
