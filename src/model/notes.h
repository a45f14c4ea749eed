/* What a saved model remembers besides Keras' own contents: cepa.json in the archive, which Keras passes over. */
#ifndef MODEL_NOTES_H
#define MODEL_NOTES_H

#include "base/value.h"
#include "model/model.h"

/* The model's notes and how far its training has come, as a DICT in the arena; NULL without memory. */
const value *notes_write(arena *memory, const cepa_model *model);

/* Takes over scale and class names from a DICT; NULL or unknown members leave the model as it is. */
cepa_status notes_read(cepa_model *model, const value *notes, cepa_error *error);

/* Takes over the epochs trained so far, so that random numbers go on where they stopped. The model is compiled. */
void notes_resume(cepa_model *model, const value *notes);

#endif
