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

static void print_rendered(const quiz *q, const char *format, const char *text)
{
    char rendered[QUIZ_TEXT];
    quiz_render(q->numbers, text, rendered);
    printf(format, rendered);
}

/* ---- On the terminal ---- */

static void print_question(const quiz *q, size_t index)
{
    const quiz_question *question = &quiz_questions[index];
    printf("%zu/%zu %s\n", index + 1, quiz_question_count, question->name);
    print_rendered(q, "  %s\n", question->text);
    for (size_t i = 0; i < choices_of(question); i++) {
        printf("  %c  ", letter_of(i));
        print_rendered(q, "%s\n", question->choices[i].text);
    }
}

/* Says whether an answer is right and, where it is not, what led to it and what is. */
static void mark(quiz *q, const quiz_question *question, const quiz_choice *given)
{
    q->answered++;
    q->right += given->right;
    print_rendered(q, given->right ? "  Right. %s\n" : "  Not so. %s\n", given->why);
    for (size_t i = 0; i < choices_of(question) && !given->right; i++) {
        const quiz_choice *choice = &question->choices[i];
        if (!choice->right) continue;
        printf("  It is %c, ", letter_of(i));
        print_rendered(q, "%s. ", choice->text);
        print_rendered(q, "%s\n", choice->why);
    }
    printf("  See: %s\n\n", question->see);
}

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
    printf("\n%zu right of %zu answered\n", q->right, q->answered);
    return DONE;
}

/* ---- As data ---- */

static void json_rendered(const quiz *q, json *j, const char *name, const char *text)
{
    char rendered[QUIZ_TEXT];
    quiz_render(q->numbers, text, rendered);
    json_text(j, name, rendered);
}

static void print_choice(const quiz *q, json *j, const quiz_choice *choice, size_t index)
{
    char letter[] = {letter_of(index), 0};
    json_open(j, NULL, '{');
    json_text(j, "letter", letter);
    json_rendered(q, j, "text", choice->text);
    json_flag(j, "right", choice->right);
    json_rendered(q, j, "why", choice->why);
    json_close(j, '}');
}

static void print_data(quiz *q, json *j, const quiz_question *question, const quiz_choice *given)
{
    json_open(j, NULL, '{');
    json_text(j, "name", question->name);
    json_text(j, "title", question->title);
    json_rendered(q, j, "question", question->text);
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

/* ---- Answers on the command line ---- */

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
    const quiz_question *questions[100] = {NULL};
    const quiz_choice *given[100];
    size_t count = q->settings->operand_count;
    for (size_t i = 0; i < count; i++)
        if (!read_answer(q->settings->operands[i], &questions[i], &given[i])) return MISUSED;
    json j = {.out = stdout};
    if (q->settings->json) {
        json_open(&j, NULL, '{');
        json_open(&j, "questions", '[');
        if (count == 0)
            for (size_t i = 0; i < quiz_question_count; i++) print_data(q, &j, &quiz_questions[i], NULL);
        for (size_t i = 0; i < count; i++) print_data(q, &j, questions[i], given[i]);
        json_close(&j, ']');
        json_whole(&j, "answered", q->answered);
        json_whole(&j, "right", q->right);
        json_close(&j, '}');
        return DONE;
    }
    for (size_t i = 0; i < count; i++) {
        printf("%s\n", questions[i]->name);
        mark(q, questions[i], given[i]);
    }
    printf("%zu right of %zu answered\n", q->right, q->answered);
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
    .most = 100,
    .run = quiz_main,
};
