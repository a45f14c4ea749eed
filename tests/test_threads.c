/* Teams: what they share out, and what a thread offers the others. */
#include "base/memory.h"
#include "base/threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void count_index(void *context, size_t index, int thread)
{
    assert_in_range(thread, 0, 4);
    atomic_fetch_add(&((_Atomic int *)context)[index], 1);
}

/* Each index once, whatever the number of threads and indices, in jobs that follow at once or after the team slept. */
static void a_team_does_each_index_once(void **state)
{
    (void)state;
    enum { MOST = 700 };
    static _Atomic int counts[MOST];
    static const int sizes[] = {1, 2, 5};
    for (size_t s = 0; s < ARRAY_COUNT(sizes); s++) {
        team *t = team_new(sizes[s]);
        assert_int_equal(team_size(t), sizes[s]);
        for (size_t count = 0; count < MOST; count++) {
            memset((void *)counts, 0, sizeof counts);
            team_for(t, count, count_index, (void *)counts);
            for (size_t i = 0; i < MOST; i++) assert_int_equal(atomic_load(&counts[i]), i < count);
            if (count % 100 == 0) nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
        }
        team_free(t);
    }
}

/* A job of stones, with a sequel of steps that each stand on the stones and on the step below. */
enum { STONES = 12, STEPS = 90 };

typedef struct stair {
    team *team;
    _Atomic int stones[STONES], steps[STEPS];
    int turn; /* how often each is laid by then */
} stair;

static void lay_stone(void *context, size_t index, int thread)
{
    stair *s = context;
    (void)thread;
    atomic_fetch_add(&s->stones[index], 1);
    team_advance(s->team);
}

static bool stands(const void *context, size_t step)
{
    const stair *s = context;
    for (size_t i = 0; i <= step * STONES / STEPS; i++)
        if (atomic_load(&s->stones[i]) < s->turn) return false;
    return step % 10 == 0 || atomic_load(&s->steps[step - 1]) == s->turn;
}

static void lay_step(void *context, size_t index, int thread)
{
    stair *s = context;
    assert_in_range(thread, 0, team_size(s->team) - 1);
    assert_true(stands(s, index));
    atomic_fetch_add(&s->steps[index], 1);
    team_advance(s->team);
}

/* Each piece of a sequel once, none before it is ready, after jobs of some pieces, one and none. */
static void a_sequel_follows_piece_by_piece(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 5};
    static const team_sequel steps = {STEPS, lay_step, stands}, stones = {STONES, lay_stone, NULL};
    for (size_t n = 0; n < ARRAY_COUNT(sizes); n++) {
        static stair s;
        memset((void *)&s, 0, sizeof s);
        s.team = team_new(sizes[n]);
        for (s.turn = 1; s.turn <= 300; s.turn++) {
            if (s.turn % 3 == 0) {
                team_for_then(s.team, 0, NULL, &stones, &s);
                team_for_then(s.team, 0, NULL, &steps, &s);
            } else {
                team_for_then(s.team, STONES, lay_stone, &steps, &s);
            }
            for (size_t i = 0; i < STONES; i++) assert_int_equal(atomic_load(&s.stones[i]), s.turn);
            for (size_t i = 0; i < STEPS; i++) assert_int_equal(atomic_load(&s.steps[i]), s.turn);
        }
        team_free(s.team);
    }
    team_advance(NULL);
}

/* A piece of work that offers pieces of its own. */
typedef struct offering {
    team *team;
    _Atomic int counts[4][64];
} offering;

typedef struct offered_piece {
    offering *all;
    size_t index;
} offered_piece;

static void count_piece(void *context, size_t piece, int thread)
{
    const offered_piece *p = context;
    assert_in_range(thread, 0, team_size(p->all->team) - 1);
    atomic_fetch_add(&p->all->counts[p->index][piece], 1);
}

static void offer_pieces(void *context, size_t index, int thread)
{
    offering *o = context;
    assert_in_range(team_hands(o->team), 1, team_size(o->team));
    team_offer(o->team, 1 + index * 21, count_piece, &(offered_piece){o, index}, thread);
}

/* Each piece once, while other threads offer too. */
static void offered_work_is_done_once(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 5};
    for (size_t s = 0; s < ARRAY_COUNT(sizes); s++) {
        static offering o;
        memset((void *)&o, 0, sizeof o);
        o.team = team_new(sizes[s]);
        enum { TURNS = 500 };
        for (int turn = 0; turn < TURNS; turn++) team_for(o.team, ARRAY_COUNT(o.counts), offer_pieces, &o);
        for (size_t i = 0; i < ARRAY_COUNT(o.counts); i++)
            for (size_t k = 0; k < ARRAY_COUNT(*o.counts); k++)
                assert_int_equal(atomic_load(&o.counts[i][k]), k < 1 + i * 21 ? TURNS : 0);
        team_free(o.team);
    }
}

static void keep_hands(void *context, size_t index, int thread)
{
    offering *o = context;
    atomic_store(&o->counts[index][thread], (int)team_hands(o->team));
}

/* A team's threads are without work from the moment that they have started, until there is some for them. */
static void threads_without_work_are_hands(void **state)
{
    (void)state;
    enum { SIZE = 4, MOST_WAITS = 10000 };
    offering o = {.team = team_new(SIZE)};
    for (int i = 0; i < MOST_WAITS && team_hands(o.team) < SIZE; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    team_for(o.team, 1, keep_hands, &o);
    assert_int_equal(atomic_load(&o.counts[0][0]), SIZE);
    team_free(o.team);
    assert_int_equal(team_hands(NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_team_does_each_index_once),
        cmocka_unit_test(a_sequel_follows_piece_by_piece),
        cmocka_unit_test(offered_work_is_done_once),
        cmocka_unit_test(threads_without_work_are_hands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
