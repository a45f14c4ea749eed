/* cepa lesson quiz: the lesson's exercises, to predict and then check. */
#include "commands.h"
#include "json.h"
#include "quiz.h"
#include "report.h"
#include "subject.h"

#include <ctype.h>
#include <string.h>
#include <unistd.h>

enum { MOST_ASKED = 100 };

/* A question to go through, with its answer where the command line gives one. */
typedef struct asked {
    const quiz_question *question;
    const quiz_choice *given;
} asked;

typedef struct quiz {
    quiz_number numbers[QUIZ_NUMBERS];
    asked asked[MOST_ASKED];
    size_t count, answered, right;
} quiz;

static size_t choices_of(const quiz_question *question)
{
    size_t count = 0;
    while (count < QUIZ_CHOICES && question->choices[count].text) count++;
    return count;
}

static char letter_of(size_t choice) { return (char)('a' + choice); }

static char last_letter(const quiz_question *question) { return letter_of(choices_of(question) - 1); }

/* The choice that a text of one letter means; NULL: none. */
static const quiz_choice *choice_of(const quiz_question *question, const char *answer)
{
    while (isspace((unsigned char)*answer)) answer++;
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

static void count_answer(quiz *q, const quiz_choice *given)
{
    q->answered++;
    q->right += given->right;
}

/* ---- On the terminal ---- */

static void print_question(const quiz *q, size_t index)
{
    char text[QUIZ_TEXT];
    const quiz_question *question = q->asked[index].question;
    printf("%zu/%zu %s\n  %s\n", index + 1, q->count, question->name, rendered(q, question->text, text));
    for (size_t i = 0; i < choices_of(question); i++)
        printf("  %c  %s\n", letter_of(i), rendered(q, question->choices[i].text, text));
}

/* Asks until a choice is named; NULL at the end of the input. */
static const quiz_choice *ask(const quiz_question *question)
{
    char answer[100];
    const quiz_choice *given = NULL;
    while (!given) {
        printf("  your answer, a to %c: ", last_letter(question));
        fflush(stdout);
        bool typed = fgets(answer, sizeof answer, stdin);
        if (!typed) putchar('\n');
        if (!typed) return NULL;
        if (!isatty(STDIN_FILENO)) printf("%.*s\n", (int)strcspn(answer, "\n"), answer);
        given = choice_of(question, answer);
    }
    return given;
}

/* Says whether an answer is right and, where it is not, what led to it and what is. */
static void mark(quiz *q, const quiz_question *question, const quiz_choice *given)
{
    char text[QUIZ_TEXT], why[QUIZ_TEXT];
    count_answer(q, given);
    printf("  %s %s\n", given->right ? "Right." : "Not so.", rendered(q, given->why, why));
    for (size_t i = 0; i < choices_of(question) && !given->right; i++) {
        const quiz_choice *choice = &question->choices[i];
        if (choice->right)
            printf("  It is %c, %s. %s\n", letter_of(i), rendered(q, choice->text, text),
                   rendered(q, choice->why, why));
    }
    printf("  See: %s\n\n", question->see);
}

static void go_through(quiz *q)
{
    for (size_t i = 0; i < q->count; i++) {
        asked *a = &q->asked[i];
        if (a->given)
            printf("%s\n", a->question->name);
        else
            print_question(q, i);
        if (!a->given) a->given = ask(a->question);
        if (!a->given) break;
        mark(q, a->question, a->given);
    }
    printf("%zu right of %zu answered\n", q->right, q->answered);
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
        count_answer(q, given);
    }
    json_text(j, "see", question->see);
    json_close(j, '}');
}

/* The questions, with how an answer was marked where there is one. */
static void print_marks(quiz *q)
{
    json j = {.out = stdout};
    json_open(&j, NULL, '{');
    json_open(&j, "questions", '[');
    for (size_t i = 0; i < q->count; i++) print_data(q, &j, q->asked[i].question, q->asked[i].given);
    json_close(&j, ']');
    json_whole(&j, "answered", q->answered);
    json_whole(&j, "right", q->right);
    json_close(&j, '}');
}

/* ---- What is asked ---- */

/* Reads "dense", a question, or "dense=b", one with its answer. */
static bool read_asked(const char *text, asked *a)
{
    size_t length = strcspn(text, "=");
    *a = (asked){.question = question_of(text, length)};
    if (!a->question) {
        misused("%s: there is no question %.*s (cepa lesson quiz shows them)", text, (int)length, text);
        return false;
    }
    if (!text[length]) return true;
    a->given = choice_of(a->question, text + length + 1);
    if (!a->given) misused("%s: the answer is a letter from a to %c", text, last_letter(a->question));
    return a->given;
}

static int quiz_main(const settings *settings)
{
    quiz q = {.count = settings->operand_count};
    cepa_error error;
    if (quiz_count(q.numbers, &error) != CEPA_OK) return failed(&error);
    for (size_t i = 0; i < q.count; i++)
        if (!read_asked(settings->operands[i], &q.asked[i])) return MISUSED;
    if (!q.count)
        for (; q.count < quiz_question_count; q.count++) q.asked[q.count].question = &quiz_questions[q.count];
    if (settings->json)
        print_marks(&q);
    else
        go_through(&q);
    return DONE;
}

const command lesson_quiz_command = {
    .name = "lesson quiz",
    .operands = "[QUESTION|QUESTION=ANSWER...]",
    .purpose = "Asks the lesson's exercises, all or some, or marks answers such as dense=b",
    .options = (const option[]){JSON_OPTION, END_OF_OPTIONS},
    .most = MOST_ASKED,
    .run = quiz_main,
};
