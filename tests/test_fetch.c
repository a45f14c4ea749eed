/* Downloads, from a server on localhost: whole, cut and taken up again, wrong, slow, several at once, killed. */
#include "data/fetch.h"

#include "base/file.h"
#include "base/sha256.h"
#include "data_files.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- The server ---- */

static struct {
    int port;
    FILE *input; /* it ends when this is closed */
    pid_t process;
} server;

static void run_server(const int input[2], const int output[2], const char *folder)
{
    dup2(input[0], STDIN_FILENO);
    dup2(output[1], STDOUT_FILENO);
    close(input[1]);
    close(output[0]);
    execlp("python3", "python3", "tests/fetch_server.py", folder, (char *)NULL);
    _exit(127);
}

/* The folder of a test has files/ (what the server serves) and cache/. Without python3 the port stays 0. */
static int set_up(void **state)
{
    int input[2], output[2];
    if (folder_set_up(state) || pipe(input) || pipe(output)) return -1;
    const char *files = in_folder("files");
    if (folder_make(files, NULL)) return -1;
    setenv("XDG_CACHE_HOME", in_folder("cache"), 1);
    setenv("no_proxy", "*", 1);
    server.process = fork();
    if (server.process == 0) run_server(input, output, files);
    close(input[0]);
    close(output[1]);
    server.input = fdopen(input[1], "w");
    FILE *answer = fdopen(output[0], "r");
    if (fscanf(answer, "%d", &server.port) != 1) server.port = 0;
    fclose(answer);
    return 0;
}

static int tear_down(void **state)
{
    fclose(server.input);
    waitpid(server.process, NULL, 0);
    return folder_tear_down(state);
}

static char *log_of_server(void)
{
    buffer log = {0};
    file_read(in_folder("files/log"), 0, &log, NULL);
    return buffer_take_text(&log);
}

static size_t count_requests(void)
{
    char *log = log_of_server();
    size_t count = 0;
    for (const char *c = log; *c; c++) count += *c == '\n';
    free(log);
    return count;
}

static void check_log(const char *text)
{
    char *log = log_of_server();
    if (!strstr(log, text)) fail_msg("'%s' is not in '%s'", text, log);
    free(log);
}

/* ---- A data set to fetch: an archive of set/numbers, 40,000 bytes ---- */

static char digest[65];

static origin serve_archive(const char *name)
{
    unsigned char bytes[40000];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)((random = random * 1664525 + 1013904223) >> 24);
    write_file(in_folder("numbers"), bytes, sizeof bytes);
    write_archive(in_folder("files/a.tar.gz"),
                  (packed_file[]){{.name = name, .bytes = bytes, .size = sizeof bytes}, {.name = NULL}});
    buffer file = {0};
    sha256 hash;
    assert_int_equal(file_read(in_folder("files/a.tar.gz"), 0, &file, NULL), CEPA_OK);
    assert_int_equal(sha256_begin(&hash, NULL), CEPA_OK);
    sha256_add(&hash, file.bytes, file.size);
    sha256_end(&hash, digest);
    buffer_free(&file);
    return (origin){.name = "thing",
                    .base_url = "http://127.0.0.1:1/",
                    .downloads = {{"a.tar.gz", digest}},
                    .unpack = true,
                    .folder = "set"};
}

static const char *url(const char *way)
{
    static char text[100];
    snprintf(text, sizeof text, "http://127.0.0.1:%d/%s/a.tar.gz", server.port, way);
    return text;
}

static const cepa_dataset_options quick = {.connect_seconds = 2, .total_seconds = 20};

static void fetch_well(const origin *o, const char *from)
{
    char *path;
    cepa_error error;
    if (fetch(o, from, &quick, &path, &error)) fail_msg("%s", error.message);
    assert_string_equal(path, in_folder("cache/cepa/set"));
    assert_true(same_files(in_folder("cache/cepa/set/numbers"), in_folder("numbers")));
    assert_false(file_exists(in_folder("cache/cepa/a.tar.gz.part")));
    assert_false(file_exists(in_folder("cache/cepa/thing.unpacking")));
    free(path);
}

static void fetch_badly(const origin *o, const char *from, cepa_status status, const char *message)
{
    char *path;
    cepa_error error;
    assert_int_equal(fetch(o, from, &quick, &path, &error), status);
    assert_null(path);
    if (!strstr(error.message, message)) fail_msg("'%s' is not in '%s'", message, error.message);
    assert_null(strchr(error.message, '\n'));
    assert_false(file_exists(in_folder("cache/cepa/set")));
    assert_false(file_exists(in_folder("cache/cepa/thing.unpacking")));
}

#define NEEDS_SERVER()                                                                                                 \
    if (!server.port) skip()

/* ---- Tests ---- */

static void archives_are_unpacked(void **state)
{
    (void)state;
    NEEDS_SERVER();
    origin o = serve_archive("set/numbers");
    fetch_well(&o, url("good"));
    fetch_well(&o, url("good")); /* it is there */
    assert_int_equal(count_requests(), 1);
}

static void archives_without_a_folder_get_one(void **state)
{
    (void)state;
    NEEDS_SERVER();
    origin o = serve_archive("numbers");
    fetch_well(&o, url("good"));
}

static void cut_downloads_are_taken_up(void **state)
{
    (void)state;
    NEEDS_SERVER();
    origin o = serve_archive("set/numbers");
    fetch_badly(&o, url("cut"), CEPA_NETWORK, "put it at");
    assert_true(file_exists(in_folder("cache/cepa/a.tar.gz.part")));
    fetch_well(&o, url("good"));
    check_log("/good/a.tar.gz bytes=20");
    assert_int_equal(count_requests(), 2);
}

static void servers_without_ranges_start_again(void **state)
{
    (void)state;
    NEEDS_SERVER();
    origin o = serve_archive("set/numbers");
    fetch_badly(&o, url("cut"), CEPA_NETWORK, "cannot download http://127.0.0.1");
    fetch_well(&o, url("whole"));
}

static void other_remains_are_thrown_away(void **state)
{
    (void)state;
    NEEDS_SERVER();
    origin o = serve_archive("set/numbers");
    write_text(in_folder("cache/cepa/a.tar.gz.part"), "something else");
    write_text(in_folder("cache/cepa/thing.unpacking/set/numbers"), "of a process that was killed");
    fetch_well(&o, url("good"));
    check_log("/good/a.tar.gz bytes=14-");
    check_log("/good/a.tar.gz \n");
}

static void remains_that_are_too_long_are_thrown_away(void **state)
{
    (void)state;
    NEEDS_SERVER();
    origin o = serve_archive("set/numbers");
    write_file(in_folder("cache/cepa/a.tar.gz.part"), (char[50000]){1}, 50000);
    fetch_well(&o, url("good"));
}

static void whole_remains_need_no_server(void **state)
{
    (void)state;
    NEEDS_SERVER();
    origin o = serve_archive("set/numbers");
    buffer file = {0};
    assert_int_equal(file_read(in_folder("files/a.tar.gz"), 0, &file, NULL), CEPA_OK);
    write_file(in_folder("cache/cepa/a.tar.gz.part"), file.bytes, file.size);
    buffer_free(&file);
    fetch_well(&o, NULL);
}

static void wrong_files_are_refused(void **state)
{
    (void)state;
    NEEDS_SERVER();
    origin o = serve_archive("set/numbers");
    fetch_badly(&o, url("other"), CEPA_NETWORK, digest);
    assert_false(file_exists(in_folder("cache/cepa/a.tar.gz.part")));
    fetch_badly(&o, url("nowhere"), CEPA_NETWORK, "404");
    fetch_badly(&o, NULL, CEPA_NETWORK, "http://127.0.0.1:1/a.tar.gz");
    fetch_badly(&o, "ftp://127.0.0.1/a.tar.gz", CEPA_NETWORK, "put it at");
    fetch_badly(&o, "nonsense", CEPA_NETWORK, "put it at");
}

static void harmful_archives_are_refused(void **state)
{
    (void)state;
    NEEDS_SERVER();
    origin o = serve_archive("set/../../numbers");
    fetch_badly(&o, url("good"), CEPA_FORMAT, "leads out");
    assert_false(file_exists(in_folder("cache/numbers")));
}

static void slow_servers_meet_the_limit(void **state)
{
    (void)state;
    NEEDS_SERVER();
    origin o = serve_archive("set/numbers");
    char *path;
    cepa_error error;
    time_t start = time(NULL);
    assert_int_equal(fetch(&o, url("slow"), &(cepa_dataset_options){.total_seconds = 2}, &path, &error), CEPA_NETWORK);
    assert_in_range(time(NULL) - start, 1, 5);
    assert_true(file_exists(in_folder("cache/cepa/a.tar.gz.part")));
    fetch_well(&o, url("good"));
}

static bool stop_soon(void *context, size_t done, size_t total)
{
    (void)total;
    *(size_t *)context += 1;
    return done == 0;
}

static void callers_can_stop(void **state)
{
    (void)state;
    NEEDS_SERVER();
    origin o = serve_archive("set/numbers");
    char *path;
    cepa_error error;
    size_t calls = 0;
    cepa_dataset_options options = {.progress = stop_soon, .context = &calls};
    assert_int_equal(fetch(&o, url("slow"), &options, &path, &error), CEPA_INTERRUPTED);
    assert_true(calls > 0);
    assert_null(path);
}

static pid_t fetch_in_child(const origin *o, const char *from)
{
    pid_t child = fork();
    if (child == 0) {
        char *path;
        _exit(fetch(o, from, &quick, &path, NULL) == CEPA_OK ? 0 : 1);
    }
    return child;
}

static void several_processes_share_one_download(void **state)
{
    (void)state;
    NEEDS_SERVER();
    origin o = serve_archive("set/numbers");
    pid_t children[4];
    for (size_t i = 0; i < 4; i++) children[i] = fetch_in_child(&o, url("good"));
    for (size_t i = 0; i < 4; i++) {
        int status;
        waitpid(children[i], &status, 0);
        assert_int_equal(status, 0);
    }
    fetch_well(&o, NULL);
    assert_int_equal(count_requests(), 1);
}

static void a_kill_leaves_nothing_half_done(void **state)
{
    (void)state;
    NEEDS_SERVER();
    origin o = serve_archive("set/numbers");
    pid_t child = fetch_in_child(&o, url("slow"));
    while (!file_exists(in_folder("cache/cepa/a.tar.gz.part"))) usleep(10000);
    usleep(200000);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    assert_false(file_exists(in_folder("cache/cepa/set")));
    fetch_well(&o, url("good"));
}

static void several_files_share_a_folder(void **state)
{
    (void)state;
    NEEDS_SERVER();
    /* SHA-256 of "abc" and of the empty text */
    origin o = {.name = "two",
                .base_url = "http://127.0.0.1:1/",
                .downloads = {{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
                              {"def", "cb8379ac2098aa165029e3938a51da0bcecfc008fd6795f401178647f96c5b34"}},
                .folder = "pair"};
    char from[100], *path;
    cepa_error error;
    snprintf(from, sizeof from, "http://127.0.0.1:%d/good", server.port);
    write_text(in_folder("files/abc"), "abc");
    assert_int_equal(fetch(&o, from, &quick, &path, &error), CEPA_NETWORK);
    assert_non_null(strstr(error.message, "good/def"));
    assert_non_null(strstr(error.message, in_folder("cache/cepa/pair/def")));
    assert_false(file_exists(in_folder("cache/cepa/pair")));
    write_text(in_folder("files/def"), "def");
    assert_int_equal(fetch(&o, from, &quick, &path, &error), CEPA_OK);
    free(path);
    assert_true(same_files(in_folder("cache/cepa/pair/abc"), in_folder("files/abc")));
    assert_true(same_files(in_folder("cache/cepa/pair/def"), in_folder("files/def")));
}

static void names_are_fetched(void **state)
{
    (void)state;
    NEEDS_SERVER();
    char path[300];
    cepa_error error;
    serve_archive("set/numbers");
    assert_int_equal(cepa_dataset_fetch("nothing", NULL, &quick, path, sizeof path, &error), CEPA_NOT_FOUND);
    assert_int_equal(cepa_dataset_fetch("shapes10", NULL, &quick, path, sizeof path, &error), CEPA_ARGUMENT);
    assert_int_equal(cepa_dataset_fetch("mnist", url("good"), &quick, path, sizeof path, &error), CEPA_NETWORK);
    assert_string_equal(path, "");
    assert_non_null(strstr(error.message, in_folder("cache/cepa/mnist.npz")));
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(archives_are_unpacked),
        WITH_SERVER(archives_without_a_folder_get_one),
        WITH_SERVER(cut_downloads_are_taken_up),
        WITH_SERVER(servers_without_ranges_start_again),
        WITH_SERVER(other_remains_are_thrown_away),
        WITH_SERVER(remains_that_are_too_long_are_thrown_away),
        WITH_SERVER(whole_remains_need_no_server),
        WITH_SERVER(wrong_files_are_refused),
        WITH_SERVER(harmful_archives_are_refused),
        WITH_SERVER(slow_servers_meet_the_limit),
        WITH_SERVER(callers_can_stop),
        WITH_SERVER(several_processes_share_one_download),
        WITH_SERVER(a_kill_leaves_nothing_half_done),
        WITH_SERVER(several_files_share_a_folder),
        WITH_SERVER(names_are_fetched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
