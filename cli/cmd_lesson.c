/* cepa lesson quiz: the lesson's exercises, to predict and then check. */
#include "commands.h"
#include "json.h"
#include "quiz.h"
#include "report.h"
#include "subject.h"

#include <ctype.h>
#include <string.h>

typedef struct quiz {
    quiz_number numbers[QUIZ_NUMBERS];
    const settings *settings;
    size_t answered, right;
} quiz;

static size_t choices_of(const quiz_question *question)
{
    size_t count = 0;
    while (count < QUIZ_CHOICES && question->choices[count].text) count++;
    return count;
}

static char letter_of(size_t choice) { return (char)('a' + choice); }

/* The choice that a text of one letter means; NULL: none. */
static const quiz_choice *choice_of(const quiz_question *question, const char *answer)
{
    size_t choice = (size_t)(tolower((unsigned char)answer[0]) - 'a');
    bool alone = answer[0] && (answer[1] == 0 || isspace((unsigned char)answer[1]));
    return alone && choice < choices_of(question) ? &question->choices[choice] : NULL;
}

static const quiz_question *question_of(const char *name, size_t length)
{
    for (size_t i = 0; i < quiz_question_count; i++)
        if (strlen(quiz_questions[i].name) == length && strncmp(quiz_questions[i].name, name, length) == 0)
            return &quiz_questions[i];
    return NULL;
}

/* Gives out, with the text and its numbers in it. */
static const char *rendered(const quiz *q, const char *text, char out[QUIZ_TEXT])
{
    quiz_render(q->numbers, text, out);
    return out;
}

/* ---- On the terminal ---- */

static void print_question(const quiz *q, size_t index)
{
    char text[QUIZ_TEXT];
    const quiz_question *question = &quiz_questions[index];
    printf("%zu/%zu %s\n  %s\n", index + 1, quiz_question_count, question->name, rendered(q, question->text, text));
    for (size_t i = 0; i < choices_of(question); i++)
        printf("  %c  %s\n", letter_of(i), rendered(q, question->choices[i].text, text));
}

/* Says whether an answer is right and, where it is not, what led to it and what is. */
static void mark(quiz *q, const quiz_question *question, const quiz_choice *given)
{
    char text[QUIZ_TEXT], why[QUIZ_TEXT];
    q->answered++;
    q->right += given->right;
    printf("  %s %s\n", given->right ? "Right." : "Not so.", rendered(q, given->why, why));
    for (size_t i = 0; i < choices_of(question) && !given->right; i++) {
        const quiz_choice *choice = &question->choices[i];
        if (choice->right)
            printf("  It is %c, %s. %s\n", letter_of(i), rendered(q, choice->text, text),
                   rendered(q, choice->why, why));
    }
    printf("  See: %s\n\n", question->see);
}

static void print_sum(const quiz *q) { printf("%zu right of %zu answered\n", q->right, q->answered); }

static int ask(quiz *q)
{
    char answer[100];
    for (size_t i = 0; i < quiz_question_count; i++) {
        const quiz_choice *given = NULL;
        print_question(q, i);
        while (!given) {
            printf("  your answer: ");
            fflush(stdout);
            if (!fgets(answer, sizeof answer, stdin)) break;
            given = choice_of(&quiz_questions[i], answer);
        }
        if (!given) break;
        mark(q, &quiz_questions[i], given);
    }
    putchar('\n');
    print_sum(q);
    return DONE;
}

/* ---- As data ---- */

static void print_choice(const quiz *q, json *j, const quiz_choice *choice, size_t index)
{
    char letter[] = {letter_of(index), 0}, text[QUIZ_TEXT];
    json_open(j, NULL, '{');
    json_text(j, "letter", letter);
    json_text(j, "text", rendered(q, choice->text, text));
    json_flag(j, "right", choice->right);
    json_text(j, "why", rendered(q, choice->why, text));
    json_close(j, '}');
}

static void print_data(quiz *q, json *j, const quiz_question *question, const quiz_choice *given)
{
    char text[QUIZ_TEXT];
    json_open(j, NULL, '{');
    json_text(j, "name", question->name);
    json_text(j, "title", question->title);
    json_text(j, "question", rendered(q, question->text, text));
    json_open(j, "choices", '[');
    for (size_t i = 0; i < choices_of(question); i++) print_choice(q, j, &question->choices[i], i);
    json_close(j, ']');
    if (given) {
        char letter[] = {letter_of((size_t)(given - question->choices)), 0};
        json_text(j, "given", letter);
        json_flag(j, "right", given->right);
        q->answered++;
        q->right += given->right;
    }
    json_text(j, "see", question->see);
    json_close(j, '}');
}

/* The questions, with how an answer was marked where there is one. */
static void print_marks(quiz *q, const quiz_question *const *questions, const quiz_choice *const *given, size_t count)
{
    json j = {.out = stdout};
    json_open(&j, NULL, '{');
    json_open(&j, "questions", '[');
    for (size_t i = 0; i < count; i++) print_data(q, &j, questions[i], given[i]);
    json_close(&j, ']');
    json_whole(&j, "answered", q->answered);
    json_whole(&j, "right", q->right);
    json_close(&j, '}');
}

/* ---- Answers on the command line ---- */

enum { MOST_ANSWERS = 100 };

/* Finds what "dense=b" names. False where it names nothing. */
static bool read_answer(const char *text, const quiz_question **question, const quiz_choice **given)
{
    size_t length = strcspn(text, "=");
    *question = question_of(text, length);
    if (!*question) {
        misused("%s: there is no question %.*s (cepa lesson quiz shows them)", text, (int)length, text);
        return false;
    }
    *given = text[length] ? choice_of(*question, text + length + 1) : NULL;
    if (!*given) misused("%s: the answer is a letter from a to %c", text, letter_of(choices_of(*question) - 1));
    return *given;
}

static int mark_answers(quiz *q)
{
    const quiz_question *questions[MOST_ANSWERS];
    const quiz_choice *given[MOST_ANSWERS] = {NULL};
    size_t count = q->settings->operand_count;
    for (size_t i = 0; i < count; i++)
        if (!read_answer(q->settings->operands[i], &questions[i], &given[i])) return MISUSED;
    if (count == 0) /* JSON of all questions */
        for (; count < quiz_question_count; count++) questions[count] = &quiz_questions[count];
    if (q->settings->json) {
        print_marks(q, questions, given, count);
        return DONE;
    }
    for (size_t i = 0; i < count; i++) {
        printf("%s\n", questions[i]->name);
        mark(q, questions[i], given[i]);
    }
    print_sum(q);
    return DONE;
}

static int quiz_main(const settings *settings)
{
    quiz q = {.settings = settings};
    cepa_error error;
    if (quiz_count(q.numbers, &error) != CEPA_OK) return failed(&error);
    return settings->operand_count || settings->json ? mark_answers(&q) : ask(&q);
}

const command lesson_quiz_command = {
    .name = "lesson quiz",
    .operands = "[QUESTION=ANSWER...]",
    .purpose = "Asks the lesson's exercises, or marks answers such as dense=b",
    .options = (const option[]){JSON_OPTION, END_OF_OPTIONS},
    .most = MOST_ANSWERS,
    .run = quiz_main,
};
