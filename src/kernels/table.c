/* Compiled once for each instruction set: its kernels as a table. */
#include "kernels/kernels.h"

#define TEXT_(name) #name
#define TEXT(name)  TEXT_(name)

const kernel_table KERNEL(table) = {.name = TEXT(KERNEL_SUFFIX),
#define ENTRY(type, name, arguments) .name = KERNEL(name),
                                    EVERY_KERNEL(ENTRY)
#undef ENTRY
};
