"""Read stac-geoparquet files with pyarrow, geopandas and stac-geoparquet.

    check.py dump FILE…           one JSON object a row, as zagg's reader is expected to understand it
    check.py same THEIRS OURS…    of each pair the second holds what the first does, in files that the three libraries read
    check.py write FILE           write a file as other tools do: zstd, row groups, seconds as text, null geometry, more columns
"""

import json
import sys

import pyarrow as pa
import pyarrow.parquet as pq


def moment(t):
    return t.isoformat().replace("+00:00", "Z") if t is not None else ""


def rows(path):
    for r in pq.read_table(path).to_pylist():
        assets = {k: v["href"] for k, v in r["assets"].items() if v is not None and v.get("href")}
        yield {
            "id": r["id"], "collection": r.get("collection") or "", "assets": assets, "wkb": r["geometry"].hex() if r["geometry"] else "",
            "bbox": r["bbox"], "datetime": moment(r["datetime"]), "start": moment(r["start_datetime"]), "end": moment(r["end_datetime"]),
        }


def dump(*paths):
    for path in paths:
        for r in rows(path):
            print(json.dumps(r))


def same(*paths):
    for theirs, ours in zip(paths[::2], paths[1::2]):
        pair(theirs, ours)


def pair(theirs, ours):
    import geopandas
    import pystac
    import shapely
    import stac_geoparquet.arrow

    a, b = list(rows(theirs)), list(rows(ours))
    assert [r["id"] for r in a] == [r["id"] for r in b]
    for x, y in zip(a, b):
        for key in x:
            assert x[key] == y[key], (x["id"], key, x[key], y[key])
    old, new = (pq.read_schema(p).metadata for p in (theirs, ours))
    want, have = json.loads(old[b"zagg:catalog_meta"]), json.loads(new[b"zagg:catalog_meta"])
    for key in want:
        if key not in ("total_granules", "bbox"):
            assert want[key] == have[key], (key, want[key], have[key])
    assert json.loads(new[b"stac-geoparquet"])["version"] == "1.0.0"
    geo = json.loads(new[b"geo"])
    assert geo["primary_column"] == "geometry" and geo["columns"]["geometry"]["geometry_types"] == ["Polygon"], geo
    table = pq.read_table(ours)
    kinds = {f.name: f.type for f in pq.read_schema(theirs)}
    for f in table.schema:
        if f.name in kinds and f.name not in ("links", "stac_extensions", "assets", "geometry"):
            assert f.type == kinds[f.name], f
    frame = geopandas.read_parquet(ours)
    assert frame.crs.to_epsg() == 4326 or frame.crs.to_authority() == ("OGC", "CRS84"), frame.crs
    assert [g.wkb.hex() for g in frame.geometry] == [r["wkb"] for r in a]
    items = list(stac_geoparquet.arrow.stac_table_to_items(table))
    assert len(items) == len(a)
    for item, r in zip(items, a):
        it = pystac.Item.from_dict(item)
        assert it.id == r["id"] and {k: v.href for k, v in it.assets.items()} == r["assets"]
        assert shapely.equals_exact(shapely.geometry.shape(it.geometry), shapely.from_wkb(bytes.fromhex(r["wkb"])), 0)
    print(len(items), "items are the same")


def write(path):
    import shapely

    shapes = [shapely.Polygon([(0, 0), (5, 1), (3, 4)]), shapely.MultiPolygon([shapely.box(170, 0, 180, 5), shapely.box(-180, 0, -170, 5)]), shapely.LineString([(0, 0, 9), (1, 1, 9)]), None]
    table = pa.table({
        "id": [f"g{i}.h5" for i in range(4)],
        "geometry": pa.array([shapely.to_wkb(g, output_dimension=3) if g else None for g in shapes], pa.binary()),
        "datetime": pa.array([f"2024-01-0{i + 1}T00:00:00.5Z" for i in range(4)]),
        "start_datetime": pa.array([1704067200000] * 4, pa.timestamp("ms", tz="UTC")),
        "end_datetime": pa.array([1704067200000000001] * 4, pa.timestamp("ns", tz="UTC")),
        "assets": [{"h5": {"href": f"https://h/g{i}.h5", "title": "x", "alternate": {"s3": {"href": f"s3://b/g{i}.h5"}}}, "thumb": {"href": "https://h/t.png", "title": None, "alternate": None}} for i in range(4)],
        "eo:cloud_cover": [1.5, None, 3.0, 4.0],
        "s2:datatake_id": ["A", "A", "B", None],
        "footprint_cells": pa.array([[12683825400535580678, 1], [], None, [5]], pa.large_list(pa.uint64())),
        "footprint_cells_order": pa.array([6, None, None, 6], pa.int32()),
        "odd": pa.array([[{"x": None, "y": [1, 2]}], [], None, [{"x": 1, "y": []}]]),
    })
    pq.write_table(table, path, compression="zstd", row_group_size=2, data_page_version="2.0")


if __name__ == "__main__":
    {"dump": dump, "same": same, "write": write}[sys.argv[1]](*sys.argv[2:])
