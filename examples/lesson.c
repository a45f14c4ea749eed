/* The lesson "Advanced layer types" in C: a convolutional network learns to tell ten kinds of pictures apart.
 *
 * Usage: lesson [DATA [ROWS [EPOCHS]]]   DATA: a data set's name or path, cifar10 unless given */
#include <cepa.h>

#include <stdlib.h>

static bool print_epoch(void *context, const cepa_progress *progress)
{
    (void)context;
    if (progress->event != CEPA_EPOCH_END) return true;
    printf("Epoch %d/%d", progress->epoch + 1, progress->epochs);
    for (size_t i = 0; i < progress->log_count; i++)
        printf(" - %s: %.4f", progress->logs[i].name, progress->logs[i].value);
    printf("\n");
    return true;
}

static cepa_model *create_nn(cepa_graph *g)
{
    cepa_tensor in = cepa_input(g, .shape = {32, 32, 3}), x = in;
    x = cepa_conv2d(x, .filters = 50, .kernel_size = {3, 3}, .activation = "relu");
    x = cepa_max_pooling2d(x, .pool_size = {2, 2});
    x = cepa_conv2d(x, .filters = 50, .kernel_size = {3, 3}, .activation = "relu");
    x = cepa_max_pooling2d(x, .pool_size = {2, 2});
    x = cepa_flatten(x);
    x = cepa_dense(x, .units = 50, .activation = "relu");
    x = cepa_dense(x, .units = 10);
    return cepa_model_new(.inputs = {in}, .outputs = {x}, .name = "cifar_model");
}

int main(int argc, char **argv)
{
    const char *data = argc > 1 ? argv[1] : "cifar10";
    size_t rows = argc > 2 ? strtoul(argv[2], NULL, 10) : 5000;
    int epochs = argc > 3 ? atoi(argv[3]) : 10;

    cepa_dataset *train, *test;
    cepa_error error = {CEPA_OK, ""};
    if (cepa_dataset_open(data, NULL, &train, &test, &error)) return cepa_die(&error);
    if (cepa_dataset_take(train, rows, &error)) return cepa_die(&error);
    cepa_dataset_scale(train, 1.0 / 255);
    cepa_dataset_scale(test, 1.0 / 255);

    cepa_graph *g = cepa_graph_new();
    cepa_model *model = create_nn(g);
    cepa_compile(model, .optimizer = cepa_adam(), .metrics = {{"accuracy"}},
                 .loss = cepa_sparse_categorical_crossentropy(.from_logits = true));
    cepa_fit(model, train, .epochs = epochs, .validation_data = test, .callback = print_epoch);
    cepa_save(model, "cnn_model");

    int status = cepa_model_status(model) ? cepa_die(cepa_model_error(model)) : 0;
    cepa_graph_free(g);
    cepa_dataset_free(train);
    cepa_dataset_free(test);
    return status;
}
