/* How those layers are done that have several ways, as the plan of a training step has it. */
#include "model/model.h"

#include "graph/plan.h"

#include <stdlib.h>
#include <string.h>

static void note_step(const step *s, cepa_kernel_info *info)
{
    layer_ways ways = s->call->layer->class->ways(s->call->geometry);
    if (s->kind == PASS_FORWARD) {
        info->forward = ways.forward;
        info->fused = s->fusion ? s->fusion->adds : NULL;
    }
    if (s->kind == PASS_GRADIENT_INPUTS) info->gradient_inputs = ways.gradient_inputs;
    if (s->kind == PASS_GRADIENT_WEIGHTS) info->gradient_weights = ways.gradient_weights;
}

static void describe_call(const plan *p, const call *c, cepa_kernel_info *info)
{
    const shape *s = &graph_tensor(p->network->graph, c->output[0])->shape;
    *info = (cepa_kernel_info){.layer = c->layer->name, .rank = s->rank};
    memcpy(info->output_shape, s->size, sizeof info->output_shape);
    for (size_t i = 0; i < p->step_count; i++)
        if (p->steps[i].call == c) note_step(&p->steps[i], info);
}

/* The loss is left out: it has no ways, and the model need not be compiled. */
static cepa_status plan_training(const network *n, plan **made, cepa_error *error)
{
    return plan_new(&(plan_request){.network = n,
                                    .training = true,
                                    .want = n->output,
                                    .wants = n->outputs,
                                    .entry = n->output,
                                    .entries = n->outputs},
                    made, error);
}

cepa_status cepa_model_kernels(const cepa_model *model, cepa_kernel_info **kernels, size_t *count, cepa_error *error)
{
    plan *plan;
    *kernels = NULL;
    *count = 0;
    cepa_status status = model_need_network(model, error);
    if (!status) status = plan_training(model->network, &plan, error);
    if (status) return status;
    *kernels = calloc(plan->step_count, sizeof **kernels);
    if (!*kernels) status = fail_memory(error);
    for (size_t i = 0; i < plan->step_count && *kernels; i++) {
        const call *c = plan->steps[i].call;
        if (c && c->layer->class->ways && plan->steps[i].kind == PASS_FORWARD)
            describe_call(plan, c, &(*kernels)[(*count)++]);
    }
    plan_free(plan);
    return status;
}
