#include "base/memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool multiply_size(size_t a, size_t b, size_t *product)
{
    size_t result;
    if (__builtin_mul_overflow(a, b, &result)) return false;
    *product = result;
    return true;
}

bool add_size(size_t a, size_t b, size_t *sum)
{
    size_t result;
    if (__builtin_add_overflow(a, b, &result)) return false;
    *sum = result;
    return true;
}

size_t machine_memory(void)
{
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    size_t bytes;
    return pages > 0 && size > 0 && multiply_size((size_t)pages, (size_t)size, &bytes) ? bytes : SIZE_MAX;
}

void *allocate_aligned(size_t size)
{
    if (size == 0 || size > SIZE_MAX - 63) return NULL;
    size_t whole = (size + 63) & ~(size_t)63;
    void *memory = aligned_alloc(64, whole);
    if (memory) memset(memory, 0, whole);
    return memory;
}

bool grow(void *items, size_t *capacity, size_t needed, size_t item_size)
{
    if (needed <= *capacity) return true;
    size_t wanted = *capacity < 8 ? 8 : *capacity;
    while (wanted < needed)
        if (!multiply_size(wanted, 2, &wanted)) return false;
    size_t bytes;
    if (!multiply_size(wanted, item_size, &bytes)) return false;
    void *old;
    memcpy(&old, items, sizeof old);
    void *grown = realloc(old, bytes);
    if (!grown) return false;
    memcpy(items, &grown, sizeof grown);
    *capacity = wanted;
    return true;
}

typedef struct arena_chunk {
    struct arena_chunk *previous;
    size_t used, size;
    _Alignas(max_align_t) unsigned char bytes[];
} arena_chunk;

void *arena_allocate(arena *arena, size_t size)
{
    enum { ORDINARY_CHUNK = 8192, ALIGNMENT = _Alignof(max_align_t) };
    if (size > SIZE_MAX / 2) return NULL;
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    arena_chunk *chunk = arena->last;
    if (!chunk || chunk->size - chunk->used < rounded) {
        size_t capacity = rounded > ORDINARY_CHUNK ? rounded : ORDINARY_CHUNK;
        arena_chunk *fresh = calloc(1, sizeof *fresh + capacity);
        if (!fresh) return NULL;
        fresh->size = capacity;
        fresh->previous = chunk;
        arena->size += capacity;
        arena->last = chunk = fresh;
    }
    void *memory = chunk->bytes + chunk->used;
    chunk->used += rounded;
    return memory;
}

void *arena_array(arena *arena, size_t count, size_t size)
{
    size_t bytes;
    return multiply_size(count, size, &bytes) ? arena_allocate(arena, bytes) : NULL;
}

bool arena_grow(arena *arena, void *items, size_t *capacity, size_t needed, size_t item_size)
{
    size_t wanted = *capacity < 8 ? 8 : *capacity;
    if (needed <= *capacity) return true;
    while (wanted < needed)
        if (!multiply_size(wanted, 2, &wanted)) return false;
    void *old, *grown = arena_array(arena, wanted, item_size);
    if (!grown) return false;
    memcpy(&old, items, sizeof old);
    if (*capacity) memcpy(grown, old, *capacity * item_size);
    memcpy(items, &grown, sizeof grown);
    *capacity = wanted;
    return true;
}

char *arena_text_n(arena *arena, const char *text, size_t length)
{
    char *copy = text ? arena_allocate(arena, length + 1) : NULL;
    if (copy) memcpy(copy, text, length);
    return copy;
}

char *arena_text(arena *arena, const char *text) { return text ? arena_text_n(arena, text, strlen(text)) : NULL; }

char *arena_format(arena *arena, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *text = length < 0 ? NULL : arena_allocate(arena, (size_t)length + 1);
    if (text) vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

void arena_free(arena *arena)
{
    for (arena_chunk *chunk = arena->last; chunk;) {
        arena_chunk *previous = chunk->previous;
        free(chunk);
        chunk = previous;
    }
    *arena = (struct arena){0};
}
