#include "search_folder.h"
#include "files.h"
#include "json.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MOST_TEXT = 1 << 19 }; /* bytes of a model's text */

static const char plan_name[] = "plan.json";

/* ---- Plans ---- */

/* Files that are no text add nothing. */
static void write_text(json *plan, const char *path)
{
    const char *colon = strstr(path, ".py:");
    char *file = strndup(path, colon ? (size_t)(colon - path) + 3 : strlen(path)), *text = NULL;
    cepa_error ignored;
    size_t size;
    struct stat about;
    bool small = file && stat(file, &about) == 0 && S_ISREG(about.st_mode) && about.st_size < MOST_TEXT;
    bool read = small && read_file(file, &text, &size, &ignored) == CEPA_OK;
    if (read && strlen(text) == size) json_text(plan, "text", text);
    free(text);
    free(file);
}

static void write_arguments(json *plan, texts *arguments)
{
    json_open(plan, "options", '[');
    for (size_t i = 0; i < arguments->count; i++) {
        json_text(plan, NULL, arguments->items[i]);
        free((char *)arguments->items[i]);
    }
    free(arguments->items);
    json_close(plan, ']');
}

cepa_status plan_write(const command *command, const settings *s, char **text, cepa_error *error)
{
    size_t size;
    texts arguments = {NULL, 0};
    settings same = *s;
    same.seeds = same.jobs = same.threads = 0;
    same.trials = s->trials ? 1 : 0;
    same.output = same.verbose = same.epoch = same.objective = NULL;
    same.overwrite = same.json = false;
    json j = {.out = open_memstream(text, &size)};
    if (!j.out) return fails_memory(error);
    bool written = options_write(command->options, &same, &arguments);
    json_open(&j, NULL, '{');
    json_text(&j, "cepa", cepa_version());
    json_text(&j, "command", command->name);
    write_arguments(&j, &arguments);
    json_open(&j, "models", '[');
    for (size_t i = 0; i < s->operand_count; i++) {
        json_open(&j, NULL, '{');
        json_text(&j, "model", s->operands[i]);
        write_text(&j, s->operands[i]);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    return fclose(j.out) == 0 && written ? CEPA_OK : fails_memory(error);
}

/* The first line that differs, without its indent and comma; *there gets the other plan's. */
static void find_difference(const char *plan, const char *other, char here[200], char there[200])
{
    for (;;) {
        size_t a = strcspn(plan, "\n"), b = strcspn(other, "\n");
        if (a != b || strncmp(plan, other, a) != 0 || !plan[a]) {
            plan += strspn(plan, " ");
            other += strspn(other, " ");
            snprintf(here, 200, "%.*s", (int)strcspn(plan, "\n"), plan);
            snprintf(there, 200, "%.*s", (int)strcspn(other, "\n"), other);
            return;
        }
        plan += a + (plan[a] != 0);
        other += b + (other[b] != 0);
    }
}

static cepa_status compare_plans(const char *path, const char *plan, const char *other, cepa_error *error)
{
    char here[200], there[200];
    if (strcmp(plan, other) == 0) return CEPA_OK;
    find_difference(plan, other, here, there);
    if (strncmp(here, "\"text\"", 6) == 0 && strncmp(there, "\"text\"", 6) == 0)
        return fails(error, CEPA_ARGUMENT,
                     "%s holds runs of the model as it was: its text has changed; choose another "
                     "folder, or --overwrite to remove them",
                     path);
    return fails(
        error, CEPA_ARGUMENT,
        "%s holds runs of another kind: there %s, here %s; choose another folder, or --overwrite to remove them", path,
        there, here);
}

/* ---- Folders ---- */

static int remove_entry(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about, (void)kind, (void)place;
    return remove(path);
}

/* Removes the runs that were made there: folders called run-... */
static void remove_runs(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char *inner = strncmp(entry->d_name, "run-", 4) == 0 ? join(path, entry->d_name) : NULL;
        if (inner && is_folder(inner)) nftw(inner, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
        free(inner);
    }
    if (folder) closedir(folder);
}

/* The fits of a command share its lock: where it was killed, they are waited for, who end after their step. */
static cepa_status lock_folder(const char *path, int *lock, cepa_error *error)
{
    const struct timespec moment = {.tv_nsec = 100000000};
    *lock = open(path, O_RDONLY | O_DIRECTORY);
    for (int tries = 0; *lock >= 0 && tries < 50; tries++) {
        if (flock(*lock, LOCK_EX | LOCK_NB) == 0) return CEPA_OK;
        if (errno != EWOULDBLOCK) break;
        nanosleep(&moment, NULL);
    }
    if (*lock >= 0 && errno == EWOULDBLOCK)
        return fails(error, CEPA_FILE, "%s: another command is at work there", path);
    return fails(error, CEPA_FILE, "cannot use the folder %s: %s", path, strerror(errno));
}

/* What a folder that exists may be used for. */
static cepa_status look_at(const char *path, const char *plan, bool overwrite, bool *resumed, cepa_error *error)
{
    char *file = join(path, plan_name), *other = NULL;
    if (!file) return fails_memory(error);
    cepa_status status = CEPA_OK;
    *resumed = exists(file);
    if (*resumed)
        status = read_file(file, &other, NULL, error);
    else if (!is_empty_folder(path))
        status = fails(error, CEPA_ARGUMENT, "%s exists and is not the folder of such runs: choose another", path);
    if (!status && *resumed && overwrite) {
        remove_runs(path);
        *resumed = false;
    } else if (!status && *resumed)
        status = compare_plans(path, plan, other, error);
    free(file);
    free(other);
    return status;
}

cepa_status search_folder_take(const char *path, const char *plan, bool overwrite, bool *resumed, int *lock,
                               cepa_error *error)
{
    *resumed = false;
    if (exists(path) && !is_folder(path)) return fails(error, CEPA_ARGUMENT, "%s is a file: -o names a folder", path);
    if (!make_folders(path)) return fails(error, CEPA_FILE, "cannot make the folder %s: %s", path, strerror(errno));
    cepa_status status = lock_folder(path, lock, error);
    if (!status) status = look_at(path, plan, overwrite, resumed, error);
    return status || *resumed ? status : write_in(path, plan_name, plan, strlen(plan), error);
}
