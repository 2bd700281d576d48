from paddock.fleet.dimensions import GIB, ModelDimensions, cache_bytes, in_gib, model_bytes

DIMENSIONS = ModelDimensions(weights=1000, layers=2, kv_length=64, embedding_length=8, vocabulary=100)


def test_a_cell_takes_the_keys_and_values_of_every_layer() -> None:
    assert cache_bytes(DIMENSIONS, 10, "f16") == 2 * 64 * 10 * 2
    assert cache_bytes(DIMENSIONS, 10, "q8_0") == 2 * 64 * 10 * 34 // 32
    assert cache_bytes(DIMENSIONS, 10, "q4_0") == 2 * 64 * 10 * 18 // 32


def test_a_model_takes_its_weights_its_cache_and_the_buffers_of_a_batch() -> None:
    assert model_bytes(DIMENSIONS, 0, 0, "f16") == 1000
    assert model_bytes(DIMENSIONS, 10, 4, "f16") == 1000 + cache_bytes(DIMENSIONS, 10, "f16") + 4 * (8 * 16 + 100 * 4)


def test_sizes_are_written_in_gib_with_one_digit() -> None:
    assert in_gib(GIB * 5 + GIB * 6 // 10) == "5.6 GiB"
