/* Files and folders, and errors as the library writes them. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include "cepa.h"

bool is_folder(const char *path);
bool exists(const char *path);
bool is_empty_folder(const char *path);
/* Makes a folder and those above it; true where it is there already. */
bool make_folders(const char *path);
/* The extension with its dot, or "" where there is none. */
const char *extension(const char *path);
/* folder/name, to be freed; NULL where memory is exhausted. */
char *join(const char *folder, const char *name);
/* A whole file, ended by a 0, to be freed; size (may be NULL) gets its bytes. */
cepa_status read_file(const char *path, char **text, size_t *size, cepa_error *error);
/* Writes folder/name. */
cepa_status write_in(const char *folder, const char *name, const char *text, size_t size, cepa_error *error);

/* Writes status and message as the library does, and gives the status: return fails(error, CEPA_DATA, ...). */
cepa_status fails(cepa_error *error, cepa_status status, const char *format, ...) CEPA_FORMAT(3, 4);
cepa_status fails_memory(cepa_error *error);
#ifdef __clang_analyzer__ /* tells static analysis that it is not CEPA_OK */
#define fails_memory(error)       (fails_memory(error), CEPA_MEMORY)
#define fails(error, status, ...) (fails((error), (status), __VA_ARGS__), (status))
#endif

#endif
