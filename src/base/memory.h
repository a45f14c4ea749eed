/* Sizes that cannot overflow, and arenas: blocks that are freed together. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_COUNT(array) (sizeof(array) / sizeof *(array))

/* *product = a * b, or false (and *product untouched) where it does not fit. */
bool multiply_size(size_t a, size_t b, size_t *product);
bool add_size(size_t a, size_t b, size_t *sum);

/* Bytes of memory this machine has; SIZE_MAX where it cannot be told. */
size_t machine_memory(void);

/* Memory aligned to 64 bytes and cleared; NULL where it is exhausted or size is 0. Freed with free(). */
void *allocate_aligned(size_t size);

/* Grows *items (elements of item_size) to hold at least needed; doubles. False, and nothing changed, without memory. */
bool grow(void *items, size_t *capacity, size_t needed, size_t item_size);

/* A growing set of allocations with one lifetime. Zero-initialise; arena_free at the end. */
typedef struct arena {
    struct arena_chunk *last;
    size_t size; /* bytes it has taken */
} arena;

/* Cleared memory, aligned for any type; NULL where exhausted, not for 0 bytes. */
void *arena_allocate(arena *arena, size_t size);
/* The same for count elements, with a checked product. */
void *arena_array(arena *arena, size_t count, size_t size);
/* grow for items in an arena; the smaller array stays in it until the end. */
bool arena_grow(arena *arena, void *items, size_t *capacity, size_t needed, size_t item_size);
/* A copy of text, or of its first length bytes; NULL where memory is exhausted or text is NULL. */
char *arena_text(arena *arena, const char *text);
char *arena_text_n(arena *arena, const char *text, size_t length);
char *arena_format(arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_free(arena *arena);

#endif
