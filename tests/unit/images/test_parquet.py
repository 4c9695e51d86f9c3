from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from crosslight.core.errors import ImageError, InputError
from crosslight.images import open_images


@pytest.fixture
def data(encode, noise):
    return [encode(noise(seed=seed)) for seed in range(100)]


def write(path, data, paths=None, labels=None, image="image", label="label", metadata=None, group=1000):
    paths = paths if paths is not None else [f"{i}.png" for i in range(len(data))]
    cells = [{"bytes": b, "path": p} for b, p in zip(data, paths, strict=True)]
    type_ = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = {image: pa.array(cells, type_)}
    if labels is not None:
        columns[label] = labels
    table = pa.table(columns)
    if metadata:
        table = table.replace_schema_metadata({"huggingface": json.dumps(metadata)})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=group)
    return path


def test_rows_in_any_order(tmp_path, data, noise):
    path = write(tmp_path / "data.parquet", data, labels=[i % 3 for i in range(100)], group=37)
    images = open_images(path)
    assert [(r.name, r.label) for r in images[:3]] == [("0.png", "0"), ("1.png", "1"), ("2.png", "2")]
    for row in [0, 99, 98, 36, 37, 73, 74, 5, *np.random.default_rng(0).integers(0, 100, 40)]:
        assert images[int(row)].load().tobytes() == noise(seed=int(row)).tobytes()


def test_class_names(tmp_path, data):
    labels = [0, 1, -1, 5, None]
    features = {"info": {"features": {"label": {"names": ["ant", "bee"], "_type": "ClassLabel"}}}}
    path = write(tmp_path / "a.parquet", data[:5], labels=labels, metadata=features)
    assert [r.label for r in open_images(path)] == ["ant", "bee", None, "5", None]
    path = write(tmp_path / "b.parquet", data[:5], labels=labels)
    assert [r.label for r in open_images(path)] == ["0", "1", None, "5", None]
    (tmp_path / "classes.json").write_text('["asp", "boa"]')
    assert [r.label for r in open_images(path)] == ["asp", "boa", None, "5", None]
    path = write(tmp_path / "c.parquet", data[:2], labels=["x", ""])
    assert [r.label for r in open_images(path)] == ["x", None]
    (tmp_path / "classes.json").write_text('{"0": "asp"}')
    with pytest.raises(InputError, match="must be a list"):
        open_images(tmp_path / "b.parquet")


def test_other_column_names_and_plain_bytes(tmp_path, data):
    path = write(tmp_path / "a.parquet", data[:3], labels=[1, 0, 1], image="img", label="fine_label")
    assert [r.label for r in open_images(path)] == ["1", "0", "1"]
    path = write(tmp_path / "b.parquet", data[:3], labels=[1, 0, 1], image="thing", label="kind")
    assert [r.label for r in open_images(path)] == [None] * 3
    assert [r.label for r in open_images(path, columns={"image": "thing", "label": "kind"})] == [
        "1",
        "0",
        "1",
    ]
    pq.write_table(pa.table({"image": data[:3], "label": ["x", "y", "z"]}), tmp_path / "c.parquet")
    plain = open_images(tmp_path / "c.parquet")
    assert [r.name for r in plain] == ["c.parquet/0", "c.parquet/1", "c.parquet/2"]
    assert plain[1].bytes() == data[1]
    pq.write_table(pa.table({"image": data[:2]}), tmp_path / "d.parquet")
    assert [r.bytes() for r in open_images(tmp_path / "d.parquet")] == data[:2]


def test_names_that_repeat_or_lack_become_rows(tmp_path, data):
    for paths in (["x.png", "x.png"], ["x.png", None]):
        path = write(tmp_path / "a.parquet", data[:2], paths=paths)
        assert [r.name for r in open_images(path)] == ["a.parquet/0", "a.parquet/1"]


def test_images_beside_the_file_and_none_at_all(tmp_path, data):
    (tmp_path / "0.png").write_bytes(data[0])
    images = open_images(write(tmp_path / "a.parquet", [None, None], paths=["0.png", None]))
    assert images[0].bytes() == data[0]
    assert images[1].identity.startswith("missing-")
    with pytest.raises(ImageError, match="holds no image"):
        images[1].load()


def test_shards_are_one_set_and_splits_are_not(tmp_path, data):
    for shard in range(11):
        part = data[shard * 2 : shard * 2 + 2]
        write(tmp_path / f"set/data/train-{shard:05d}-of-00011.parquet", part, paths=[f"{shard}a", f"{shard}b"])
    images = open_images(tmp_path / "set")
    assert [r.bytes() for r in images] == data[:22]
    write(tmp_path / "set/data/test-00000-of-00001.parquet", data[:2])
    with pytest.raises(InputError, match=r"different splits \(test, train\)"):
        open_images(tmp_path / "set")
    assert len(open_images(f"{tmp_path}/set/data/train-*.parquet")) == 22


def test_what_is_no_parquet_of_images(tmp_path):
    (tmp_path / "a.parquet").write_text("hello")
    with pytest.raises(InputError, match=r"a\.parquet is not a readable Parquet file"):
        open_images(tmp_path / "a.parquet")
    pq.write_table(pa.table({"text": ["x"], "number": [1]}), tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"text \(string\), number \(int64\)"):
        open_images(tmp_path / "b.parquet")


def test_memory_is_flat_in_one_row_group(tmp_path):
    """A single row group of 80 MB is read without ever being in memory as a whole."""
    chunk = np.random.default_rng(0).bytes(20_000)
    cells = [{"bytes": i.to_bytes(4, "big") + chunk, "path": f"{i}"} for i in range(4_000)]
    type_ = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    table = pa.table({"image": pa.array(cells, type_)})
    pq.write_table(table, tmp_path / "a.parquet", compression="none", use_dictionary=False)
    assert pq.ParquetFile(tmp_path / "a.parquet").num_row_groups == 1
    del table, cells

    pool = pa.default_memory_pool()
    before = pool.bytes_allocated()
    peak = 0
    for record in open_images(tmp_path / "a.parquet"):
        record.bytes()
        peak = max(peak, pool.bytes_allocated() - before)
    assert 0 < peak < 30_000_000  # about 22 MB of page buffers, whatever the size of the file


def test_cifar10(shared_data):
    images = open_images(shared_data / "cifar10/test.parquet", limit=200, sample="stratified")
    assert images.label_counts() == dict.fromkeys(json.loads((shared_data / "cifar10/classes.json").read_text()), 20)
    assert all(record.name.startswith(f"{record.label}/") for record in images)
    assert {record.load().size for record in images} == {(32, 32)}
