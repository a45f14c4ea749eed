#include "graph/predictor.h"

#include <stdlib.h>
#include <unistd.h>

enum { MOST_WAITING = 4 };

static void predictor_free(predictor *p)
{
    if (p->process == getpid()) session_free(p->session);
    plan_free(p->plan);
    free(p);
}

void predictors_free(predictor *list)
{
    while (list) {
        predictor *next = list->next;
        predictor_free(list);
        list = next;
    }
}

static bool serves(const predictor *p, const predictor *wanted)
{
    return p->network == wanted->network && p->apart == wanted->apart && p->most_rows == wanted->most_rows &&
           p->threads == wanted->threads && p->process == wanted->process;
}

/* Takes the first that serves from those that wait. */
static predictor *take_waiting(cepa_graph *graph, const predictor *wanted)
{
    pthread_mutex_lock(&graph->packing);
    predictor **place = &graph->predictors;
    while (*place && !serves(*place, wanted)) place = &(*place)->next;
    predictor *found = *place;
    if (found) *place = found->next;
    pthread_mutex_unlock(&graph->packing);
    return found;
}

static cepa_status order_outputs(predictor *p, cepa_error *error)
{
    const network *n = p->network;
    p->output_order = arena_array(&p->plan->memory, n->outputs, sizeof *p->output_order);
    for (size_t i = 0; p->output_order && i < n->outputs; i++) {
        const shape *s = &graph_tensor(n->graph, n->output[i])->shape;
        p->output_order[i] = arena_array(&p->plan->memory, shape_count(s), sizeof **p->output_order);
        if (!p->output_order[i]) return fail_memory(error);
        shape_order(s, p->output_order[i]);
    }
    return p->output_order ? CEPA_OK : fail_memory(error);
}

static cepa_status make(const predictor *wanted, predictor **made, cepa_error *error)
{
    const network *n = wanted->network;
    predictor *p = *made = malloc(sizeof *p);
    if (!p) return fail_memory(error);
    *p = *wanted;
    plan_request request = {.network = n, .want = n->output, .wants = n->outputs, .apart = p->apart};
    pthread_mutex_lock(&n->graph->packing); /* another thread's sizes may add to the graph */
    cepa_status status = plan_new(&request, &p->plan, error);
    if (!status) status = order_outputs(p, error);
    pthread_mutex_unlock(&n->graph->packing);
    return status ? status : session_new(p->plan, p->most_rows, p->threads, &p->session, error);
}

cepa_status predictor_take(const network *network, bool apart, size_t most_rows, int threads, predictor **taken,
                           cepa_error *error)
{
    predictor wanted = {.network = network, .apart = apart, .most_rows = most_rows, .process = getpid()};
    wanted.threads = threads_wanted(threads);
    *taken = take_waiting(network->graph, &wanted);
    cepa_status status = *taken ? plan_pack((*taken)->plan, error) : make(&wanted, taken, error);
    if (status && *taken) {
        predictor_free(*taken);
        *taken = NULL;
    }
    return status;
}

void predictor_give_back(predictor *p)
{
    if (!p) return;
    cepa_graph *graph = p->network->graph;
    pthread_mutex_lock(&graph->packing);
    p->next = graph->predictors;
    graph->predictors = p;
    predictor **place = &graph->predictors;
    for (size_t i = 0; *place && i < MOST_WAITING; i++) place = &(*place)->next;
    predictor *oldest = *place;
    *place = NULL;
    pthread_mutex_unlock(&graph->packing);
    predictors_free(oldest);
}
