/* Text through cairo's simple font interface: the figures' words are short and in one font. */
#include "figures/text.h"

#include "figures/plain.h"

#include <stdio.h>
#include <string.h>

#define ELLIPSIS "\u2026"

static void use_font(cairo_t *cr, double size)
{
    cairo_select_font_face(cr, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cr, size);
}

/* Bytes of the character at text: 1 to 4; 0 where they are not valid UTF-8. */
static size_t character_length(const char *text)
{
    const unsigned char *byte = (const unsigned char *)text;
    if (byte[0] < 0x80) return 1;
    size_t length = byte[0] >= 0xc2 && byte[0] < 0xe0 ? 2 : (byte[0] & 0xf0) == 0xe0 ? 3 : 4;
    if (byte[0] < 0xc2 || byte[0] > 0xf4) return 0;
    for (size_t i = 1; i < length; i++)
        if ((byte[i] & 0xc0) != 0x80) return 0;
    bool overlong = (byte[0] == 0xe0 && byte[1] < 0xa0) || (byte[0] == 0xf0 && byte[1] < 0x90);
    bool surrogate = byte[0] == 0xed && byte[1] > 0x9f, beyond = byte[0] == 0xf4 && byte[1] > 0x8f;
    return overlong || surrogate || beyond ? 0 : length;
}

bool text_clean(char *clean, size_t size, const char *text)
{
    size_t used = 0;
    while (*text) {
        size_t length = character_length(text);
        if (used + (length ? length : 1) >= size) break;
        bool control = (unsigned char)*text < 0x20 || *text == 0x7f;
        if (length && !control)
            memcpy(clean + used, text, length);
        else
            clean[used] = control ? ' ' : '?';
        used += length ? length : 1;
        text += length ? length : 1;
    }
    clean[used] = 0;
    return *text != 0;
}

/* Takes the last character away. */
static void shorten(char *text)
{
    size_t length = strlen(text);
    while (length && ((unsigned char)text[--length] & 0xc0) == 0x80) continue;
    text[length] = 0;
}

static double measure(cairo_t *cr, const char *text)
{
    cairo_text_extents_t extents;
    cairo_text_extents(cr, text, &extents);
    return extents.x_advance;
}

label label_fit(cairo_t *cr, const char *text, double size, double most)
{
    label l = {.size = size};
    cairo_font_extents_t font;
    use_font(cr, size);
    cairo_font_extents(cr, &font);
    bool cut = text_clean(l.text, sizeof l.text - sizeof ELLIPSIS, text ? text : "");
    double limit = most > 0 ? most : 1e9, ellipsis = measure(cr, ELLIPSIS);
    l.width = measure(cr, l.text);
    if (cut || l.width > limit) {
        while (*l.text && measure(cr, l.text) + ellipsis > limit) shorten(l.text);
        strcat(l.text, ELLIPSIS);
        l.width = measure(cr, l.text);
    }
    l.ascent = 0.73 * size; /* height of DejaVu's capitals */
    return l;
}

label label_fit_line(cairo_t *cr, const char *text, size_t number, double size, double most)
{
    char line[200];
    size_t length;
    const char *start = plain_line(text, number, &length);
    snprintf(line, sizeof line, "%.*s", (int)length, start);
    return label_fit(cr, line, size, most);
}

cairo_t *measuring_context(void)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, 1);
    cairo_t *cr = cairo_create(surface);
    cairo_surface_destroy(surface);
    return cr;
}

void label_draw(cairo_t *cr, const label *l, double x, double y, double anchor)
{
    use_font(cr, l->size);
    cairo_move_to(cr, x - anchor * l->width, y);
    cairo_show_text(cr, l->text);
}

void label_draw_upwards(cairo_t *cr, const label *l, double x, double y)
{
    cairo_save(cr);
    cairo_translate(cr, x, y);
    cairo_rotate(cr, -1.5707963267948966);
    label_draw(cr, l, 0, 0, 0.5);
    cairo_restore(cr);
}
