/* What a user's program sees of the installed library: header, version and a graph that reports its shape. */
#include <cepa.h>

#include <string.h>

int main(void)
{
    cepa_graph *graph = cepa_graph_new();
    cepa_tensor input = cepa_input(graph, .shape = {28, 28, 1});
    cepa_tensor output = cepa_dense(cepa_flatten(input), .units = 10);
    int shape[CEPA_MAX_RANK];
    size_t rank = cepa_tensor_shape(output, shape);
    int right = rank == 1 && shape[0] == 10 && strcmp(cepa_version(), CEPA_VERSION) == 0;
    if (!right) fprintf(stderr, "%s\n", cepa_graph_error(graph)->message);
    cepa_graph_free(graph);
    return right ? 0 : 1;
}
