/* The first bytes of files. */
#include "formats/file_kind.h"

#include <string.h>

file_kind file_kind_of(const void *bytes, size_t size)
{
    static const struct {
        const char *bytes;
        size_t size;
    } signatures[FILE_KINDS] = {
        [FILE_ARCHIVE] = {"PK\3\4", 4},
        [FILE_H5] = {"\x89HDF\r\n\x1a\n", 8},
        [FILE_JSON] = {"{", 1},
        [FILE_POINTER] = {"version https://git-lfs", 23},
    };
    for (file_kind kind = FILE_OTHER + 1; kind < FILE_KINDS; kind++)
        if (size >= signatures[kind].size && memcmp(bytes, signatures[kind].bytes, signatures[kind].size) == 0)
            return kind;
    return FILE_OTHER;
}
