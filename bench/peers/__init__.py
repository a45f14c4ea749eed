"""The programs that bench/run measures, one file each.

A peer is a class Peer(threads) with two methods, given a Network (network.py) and NumPy arrays:

    trainer(network, x, y, batch)  x bytes; gives a function of a number of epochs that trains for so many: rows in a
                                   new order each epoch, bytes to numbers, loss, accuracy and Adam are all inside
    predictor(network, x)          x scaled float32, one batch; gives a function that returns the outputs

Both may build and compile as they like: that is not timed. worker.py runs a peer in a process of its own; cepa.py,
which is a command and needs no such process, answers the same requests."""
