/* The lesson's exercises as questions with choices: what is right, and what thought leads to each wrong answer. */
#ifndef CLI_QUIZ_H
#define CLI_QUIZ_H

#include "cepa.h"

enum { QUIZ_CHOICES = 4, QUIZ_TEXT = 600 };

/* Texts may name numbers in braces, such as {features}: they are computed from the lesson's networks. */
typedef struct quiz_choice {
    const char *text; /* NULL: no more choices */
    const char *why;  /* why it is right, or the misconception behind it */
    bool right;
} quiz_choice;

typedef struct quiz_question {
    const char *name, *title, *text;
    quiz_choice choices[QUIZ_CHOICES];
    const char *see; /* the command that shows it */
} quiz_question;

extern const quiz_question quiz_questions[];
extern const size_t quiz_question_count;

typedef struct quiz_number {
    const char *name;
    size_t value;
} quiz_number;

enum { QUIZ_NUMBERS = 15 };

/* Counts the parameters and sizes of the lesson's networks. */
cepa_status quiz_count(quiz_number numbers[QUIZ_NUMBERS], cepa_error *error);

/* A text with its numbers put in ("3,072"). */
void quiz_render(const quiz_number numbers[QUIZ_NUMBERS], const char *text, char rendered[QUIZ_TEXT]);

#endif
