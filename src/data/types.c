/* The types of numbers that arrays come in. */
#include "data/types.h"

#include "base/memory.h"

#define READER(name, type)                                                                                             \
    static double read_##name(const void *numbers, size_t index) { return (double)((const type *)numbers)[index]; }
READER(float32, float)
READER(uint8, uint8_t)
READER(int32, int32_t)
READER(int64, int64_t)
READER(float64, double)

static const number_type types[] = {
    [CEPA_FLOAT32] = {"float32", "f4", 4, false, read_float32}, [CEPA_UINT8] = {"uint8", "u1", 1, true, read_uint8},
    [CEPA_INT32] = {"int32", "i4", 4, true, read_int32},        [CEPA_INT64] = {"int64", "i8", 8, true, read_int64},
    [CEPA_FLOAT64] = {"float64", "f8", 8, false, read_float64},
};

const number_type *number_type_of(cepa_type type) { return (size_t)type < ARRAY_COUNT(types) ? &types[type] : NULL; }
