/* What the files of callbacks share: watching a number, and words for the user. */
#ifndef TRAIN_CALLBACK_CLASSES_H
#define TRAIN_CALLBACK_CLASSES_H

#include "train/callback.h"

#include <limits.h>
#include <math.h>

extern const char *const monitor_modes[];

#define MONITOR(o)                FIELD(FIELD_TEXT, o, monitor, .preset_text = "val_loss")
#define MODE(o)                   CHOICE(o, mode, .preset_text = "auto", .choices = monitor_modes)
#define COUNT(o, member, preset_) INT(o, member, .preset = (preset_), .min = 0, .max = INT_MAX)

/* A log's place by its name; logs->count: there is none. */
size_t find_log(const log_list *logs, const char *name);

/* Watches the epoch's number of this name. Fails where it is not measured, or where its name does not say which way is
 * better and mode neither. */
cepa_status watch(callback *c, const fit_state *f, const char *name, const char *mode, double min_delta,
                  cepa_error *error);
cepa_status refuse_monitor(const callback *c, const char *name, const log_list *logs, cepa_error *error);

/* Takes value for the best where it is better; the first one always is, even where it is no number. */
bool improve(monitor *m, double value);

/* Tells the user. */
void say(const fit_state *f, const char *format, ...) CEPA_FORMAT(2, 3);

/* callback_files.c */
extern const callback_class csv_logger, model_checkpoint;

#endif
