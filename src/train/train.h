/* Training, measuring and predicting: what the public calls of these names do for a compiled network. */
#ifndef TRAIN_TRAIN_H
#define TRAIN_TRAIN_H

#include "train/callback.h"

/* Trains on the data as cepa_fit_with documents it, and leaves the history in t. CEPA_INTERRUPTED where the callback
 * ended it. saver: for the callbacks that save. */
cepa_status training_fit(training *t, const cepa_dataset *data, const cepa_fit_options *options,
                         const model_saver *saver, cepa_error *error);

/* Measures as cepa_evaluate_with documents it. The numbers stand in t until the next call. */
cepa_status training_evaluate(training *t, const cepa_dataset *data, const cepa_evaluate_options *options,
                              const cepa_log **logs, size_t *count, cepa_error *error);

/* Predicts as cepa_predict documents it; changes nothing but packed forms of weights that are out of date
 * and the graph's list of networks for sizes that the model leaves open. */
cepa_status network_predict(const network *network, const cepa_dataset *data, float *const *outputs, size_t count,
                            int threads, cepa_error *error);

/* The shape of an output for these data. */
cepa_status network_output_shape(const network *network, const cepa_dataset *data, size_t index, shape *found,
                                 cepa_error *error);

#endif
