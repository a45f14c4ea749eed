/* Whole files: read at once, and written so that they appear complete or not at all. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buffer.h"
#include "base/error.h"

/* Reads a file of at most limit bytes (0: none) behind what the buffer holds. Names the path in its message. */
cepa_status file_read(const char *path, size_t limit, buffer *contents, cepa_error *error);

/* Writes beside the path, flushes to the disk and renames: a crash, a full disk or a kill leaves the old file or the
 * new one, never a part. */
cepa_status file_write(const char *path, const void *bytes, size_t size, cepa_error *error);

/* Adds to the end of a file, which is made where it is missing. */
cepa_status file_append(const char *path, const void *bytes, size_t size, cepa_error *error);

/* The same as file_write for what only a library can write: file_stage gives a name beside path to write to,
 * file_commit puts the written file in place, file_discard removes it. */
cepa_status file_stage(const char *path, char **staged, cepa_error *error);
cepa_status file_commit(char *staged, const char *path, cepa_error *error); /* frees staged */
void file_discard(char *staged);                                            /* frees staged */

bool file_is_folder(const char *path);
bool file_exists(const char *path);

/* Makes a folder and its parents. */
cepa_status folder_make(const char *path, cepa_error *error);
/* Makes those that a file's path names. */
cepa_status folder_make_for(const char *path, cepa_error *error);

/* folder/name as text, to be freed; NULL where memory is exhausted. */
char *path_join(const char *folder, const char *name);
/* What follows the last / of a path. */
const char *path_name(const char *path);
/* The extension with its dot, in lower case as compared: path_has_extension("A.PNG", ".png"). */
bool path_has_extension(const char *path, const char *extension);
/* Whether it ends so, letter by letter: ".weights.h5". */
bool path_ends(const char *path, const char *end);

#endif
